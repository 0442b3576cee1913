//! What is alarming about what ssh-keygen makes.

use super::{NOW, certificate, key, ordinary, verified};
use crate::certificate::VerifyError;
use crate::certificate::alarm::{Alarm, Owner, alarms};
use crate::wire::RawCertificate;
use crate::wire::verify::SignatureError;

#[test]
fn is_not_alarmed_by_an_ordinary_certificate() {
    for (name, raw) in ordinary() {
        let found = alarms(&raw, NOW, &[key(raw.ca_key())]);
        let expected = match name.as_str() {
            "options" => vec![
                Alarm::UnknownCriticalOption {
                    name: "a@example.org".to_owned(),
                },
                Alarm::NoTouchRequired,
            ],
            _ if name.starts_with("rsa2048") => vec![Alarm::ShortKey {
                owner: Owner::Subject,
                key: "RSA 2048".to_owned(),
            }],
            _ => Vec::new(),
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn says_what_is_odd_about_a_certificate() {
    let words = |name: &str| {
        let raw = certificate(name);
        let known = key(raw.ca_key());
        let found = alarms(&raw, NOW, &[known]);
        found
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    for (name, expected) in [
        ("odd-254-principals", ""),
        ("odd-dsa", "the certified key is weak (DSA)"),
        ("odd-empty-key-id", ""),
        (
            "odd-empty-values",
            "OpenSSH does not know critical option a@example.org, and refuses it",
        ),
        (
            "odd-forever",
            "serial 0 cannot be revoked by serial; it never expires",
        ),
        (
            "odd-host-critical",
            "critical option force-command makes clients refuse a host certificate",
        ),
        (
            "odd-key-id",
            "its key ID is not printable text; principal \"\\xff\\xfe\" is no plain name; principal \"a b\" is no plain name",
        ),
        (
            "odd-known-options",
            "critical option force-command has a value that OpenSSH cannot read; OpenSSH does not know critical option permit-pty, and refuses it; critical option source-address has a value that OpenSSH cannot read; extension force-command is ignored, it should be a critical option; extension permit-pty has a value that OpenSSH cannot read; its extensions come twice or out of order",
        ),
        ("odd-long-principal", "principal \"AAA\" is no plain name"),
        (
            "odd-nobody",
            "it names nobody, which old servers read as anybody",
        ),
        ("odd-own-ca", "it certifies the key that signed it"),
        ("odd-rsa1024", "the certified key is weak (RSA 1024)"),
        ("odd-serial-0", "serial 0 cannot be revoked by serial"),
        ("odd-sha1", "it is signed with SHA-1, which servers refuse"),
        ("odd-sk-ca", "the CA's signature was not checked"),
        (
            "odd-weak-ca",
            "the CA's signature was not checked; the CA key is weak (RSA 1024)",
        ),
        (
            "odd-wildcard",
            "principal p* of a user certificate has a wildcard",
        ),
    ] {
        assert_eq!(
            words(name).replace(&"a".repeat(80), "AAA"),
            expected,
            "{name}"
        );
    }
}

#[test]
fn says_when_a_certificate_is_not_valid_and_when_its_ca_is_not_known() {
    let raw = certificate("ed25519-by-ed25519");
    let known = [key(raw.ca_key())];
    assert_eq!(
        alarms(&raw, raw.valid_after() - 1, &known),
        [Alarm::NotYetValid]
    );
    assert_eq!(alarms(&raw, raw.valid_before(), &known), [Alarm::Expired]);
    assert_eq!(alarms(&raw, NOW, &[]), [Alarm::UnknownCa]);
}

#[test]
fn says_when_the_signature_is_not_of_the_certificate() {
    let raw = certificate("ed25519-by-ed25519");
    let mut blob = raw.blob().to_vec();
    let at = blob.windows(6).position(|part| part == b"laptop").unwrap();
    blob[at] = b'L';
    let forged = RawCertificate::from_blob(&blob).unwrap();
    assert_eq!(
        alarms(&forged, NOW, &[key(raw.ca_key())]),
        [Alarm::BadSignature]
    );
    assert_eq!(
        verified(&forged),
        Err(VerifyError::Signature(SignatureError::Mismatch))
    );
}
