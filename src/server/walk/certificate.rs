//! What sshd asks of the certificate itself.

use ssh_key::public::KeyData;

use super::attempt::Attempt;
use super::step::Step;
use crate::certificate::explain::utc;
use crate::certificate::subject::{describe, fingerprint, rsa_bits};
use crate::request::glob::list_lets_through;
use crate::server::doctor::trusted;
use crate::wire::{Cursor, PublicKey, verify};

pub(super) fn public_keys(attempt: &Attempt<'_>) -> Step {
    let name = "public-keys";
    if attempt.settings.is_yes("pubkeyauthentication") {
        return Step::passed(name, "sshd takes public keys");
    }
    let step = Step::refused(name, "PubkeyAuthentication no: sshd takes no key at all");
    step.mend("PubkeyAuthentication yes")
        .by(attempt, "pubkeyauthentication")
}

/// A client may sign by each algorithm of the key's type; RSA has two.
pub(super) fn algorithm(attempt: &Attempt<'_>) -> Step {
    let name = "algorithm";
    let keyword = "pubkeyacceptedalgorithms";
    let own = attempt.certificate.algorithm();
    let ways: Vec<&str> = match own {
        "ssh-rsa-cert-v01@openssh.com" => vec![
            "rsa-sha2-512-cert-v01@openssh.com",
            "rsa-sha2-256-cert-v01@openssh.com",
            own,
        ],
        own => vec![own],
    };
    let taken = attempt.settings.value(keyword).unwrap_or_default();
    if !ways
        .iter()
        .any(|way| list_lets_through(taken.as_bytes(), way.as_bytes()))
    {
        let step = Step::refused(name, format!("PubkeyAcceptedAlgorithms has no {own}"));
        return step
            .mend(format!("PubkeyAcceptedAlgorithms +{own}"))
            .by(attempt, keyword);
    }
    let least = attempt.settings.value("requiredrsasize");
    let least: u32 = least.and_then(|size| size.parse().ok()).unwrap_or(0);
    match attempt.certificate.subject_key() {
        Some(KeyData::Rsa(key)) if rsa_bits(&key) < least => {
            let words = format!(
                "RequiredRSASize {least}: the key has {} bits",
                rsa_bits(&key)
            );
            let step = Step::refused(name, words).mend("take a longer key, or Ed25519");
            step.by(attempt, "requiredrsasize")
        }
        _ => Step::passed(name, format!("sshd takes {own}")),
    }
}

pub(super) fn signature(attempt: &Attempt<'_>) -> Step {
    let name = "signature";
    let certificate = attempt.certificate;
    let checked = PublicKey::from_blob(certificate.ca_key())
        .map_err(|error| error.to_string())
        .and_then(|ca| {
            let signature = certificate.signature();
            let verified = verify::verify_by_any(certificate.signed(), signature, &ca);
            verified.map_err(|error| error.to_string())
        });
    match checked {
        Ok(()) => Step::passed(name, "the signature is its CA's"),
        Err(error) => Step::refused(name, format!("the signature is not its CA's: {error}"))
            .mend("take the certificate from where it was signed once more"),
    }
}

pub(super) fn ca_signature(attempt: &Attempt<'_>) -> Step {
    let name = "ca-algorithm";
    let keyword = "casignaturealgorithms";
    let algorithm = Cursor::new(attempt.certificate.signature()).string();
    let algorithm = algorithm.map(String::from_utf8_lossy).unwrap_or_default();
    let taken = attempt.settings.value(keyword).unwrap_or_default();
    if list_lets_through(taken.as_bytes(), algorithm.as_bytes()) {
        return Step::passed(name, format!("sshd takes a CA's signature by {algorithm}"));
    }
    let words = format!("CASignatureAlgorithms has no {algorithm}, which the CA signed by");
    let step = Step::refused(name, words);
    step.mend(format!("CASignatureAlgorithms +{algorithm}"))
        .by(attempt, keyword)
}

pub(super) fn trusted_ca(attempt: &Attempt<'_>) -> Step {
    let name = "trusted-ca";
    let keyword = "trustedusercakeys";
    let ca = attempt.certificate.signing_key();
    let Some(ca) = ca else {
        return Step::refused(name, "the CA's key is in no form that sshd knows");
    };
    let (kind, print) = (describe(&ca), fingerprint(&ca));
    match trusted(attempt.settings) {
        Err(error) => {
            let words = format!("TrustedUserCAKeys can't be read: {error}");
            Step::refused(name, words).by(attempt, keyword)
        }
        Ok(keys) => match keys.iter().find(|key| key.key == ca) {
            Some(key) => Step::passed(name, format!("sshd trusts its CA, {kind} {print}"))
                .at(&key.file, key.line),
            None => {
                let words = format!("TrustedUserCAKeys has not its CA, {kind} {print}");
                let step = Step::refused(name, words);
                step.mend("put the CA's public key there, a line")
                    .by(attempt, keyword)
            }
        },
    }
}

/// sshkey.c, `sshkey_cert_check_authority`: type, dates, then principals.
pub(super) fn validity(attempt: &Attempt<'_>) -> Step {
    let name = "certificate";
    let (certificate, now) = (attempt.certificate, attempt.now);
    let (after, before) = (certificate.valid_after(), certificate.valid_before());
    if certificate.kind() != USER {
        let step = Step::refused(name, "it is a host certificate");
        return step.mend("sign the key without -h, by a user CA");
    }
    if now < after {
        let words = format!("it is valid from {} on, and it is {}", utc(after), utc(now));
        return Step::refused(name, words).mend("set the clock here, or wait");
    }
    if now >= before {
        let words = format!("it was valid until {}, and it is {}", utc(before), utc(now));
        return Step::refused(name, words).mend("ask for a new certificate, or set the clock here");
    }
    if certificate.principals().is_empty() {
        let step = Step::refused(name, "it has no principals, and so is nobody's");
        return step.mend("sign it with -n");
    }
    Step::passed(name, "it is a user's, and valid now")
}

/// PROTOCOL.certkeys, "type".
const USER: u32 = 1;
