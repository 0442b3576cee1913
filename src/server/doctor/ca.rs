//! Whose certificates count: TrustedUserCAKeys, and which algorithms sshd takes.

use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use super::finding::{Finding, Severity};
use crate::certificate::key_line::read_public_key_line;
use crate::certificate::subject::{describe, fingerprint};
use crate::file::read_limited;
use crate::server::safe_path;
use crate::server::sshd::Settings;

/// A key of TrustedUserCAKeys.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// The file.
    pub file: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
    /// The key.
    pub key: KeyData,
    /// What stands behind it.
    pub comment: String,
}

impl TrustedKey {
    /// `SHA256:…`, as ssh-keygen prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.key)
    }
}

/// The keys of TrustedUserCAKeys; none where it says `none`.
///
/// # Errors
/// What the system says of the file.
pub fn trusted(settings: &Settings) -> std::io::Result<Vec<TrustedKey>> {
    match settings.path("trustedusercakeys") {
        Some(file) => read(&file),
        None => Ok(Vec::new()),
    }
}

/// authfile.c, `sshkey_in_file`: a key a line, and lines that are none are passed over.
fn read(file: &Path) -> std::io::Result<Vec<TrustedKey>> {
    let text = read_limited(file, BYTES_MAX)?;
    let keys = (1..).zip(text.lines()).filter_map(|(line, text)| {
        let text = text.trim_start_matches([' ', '\t']);
        let (key, comment) = read_public_key_line(text).ok()?;
        let file = file.to_path_buf();
        (!text.starts_with('#')).then_some(TrustedKey {
            file,
            line,
            key,
            comment,
        })
    });
    Ok(keys.collect())
}

pub(super) fn findings(settings: &Settings, expected: &[String], is_bound: bool) -> Vec<Finding> {
    let mut found: Vec<_> = algorithms(settings).into_iter().collect();
    let value = settings.value("trustedusercakeys");
    let critical = |name, fault: String, remedy: &str| {
        let finding = Finding::new(Severity::Critical, name, fault, remedy);
        finding.by("trustedusercakeys", value)
    };
    let Some(file) = settings.path("trustedusercakeys") else {
        let fault = "TrustedUserCAKeys none: no certificate lets anybody in".to_owned();
        found.push(critical("no-trusted-ca", fault, NAME_A_CA));
        return found;
    };
    let keys = match read(&file) {
        Ok(keys) if keys.is_empty() => {
            let fault = format!(
                "{} holds no public key: no certificate counts",
                file.display()
            );
            found.push(critical("no-trusted-ca", fault, NAME_A_CA));
            return found;
        }
        Ok(keys) => keys,
        Err(error) => {
            let fault = format!("{}: {error}: no certificate counts", file.display());
            found.push(critical("no-trusted-ca", fault, NAME_A_CA));
            return found;
        }
    };
    if let Ok(Some(fault)) = safe_path::fault(&file, 0) {
        let fault = format!("{}: who writes there lets in whom they like", fault.words());
        found.push(critical("writable-path", fault, OWN).opening());
    }
    found.extend(
        several(&keys, expected, is_bound).map(|finding| finding.by("trustedusercakeys", value)),
    );
    found.extend(keys.iter().filter_map(|key| refused(key, settings)));
    found
}

/// A second CA proves suffixes in its own way, or not at all.
fn several(keys: &[TrustedKey], expected: &[String], is_bound: bool) -> Option<Finding> {
    let unknown: Vec<_> = keys
        .iter()
        .filter(|key| !expected.contains(&key.fingerprint()))
        .map(named)
        .collect();
    if !expected.is_empty() {
        let fault = format!("trusts a CA that it should not: {}", unknown.join(", "));
        let finding = Finding::new(Severity::Critical, "unknown-ca", fault, TAKE_OUT);
        return (!unknown.is_empty()).then(|| finding.opening());
    }
    let fault = format!(
        "trusts {} CAs, and each may write any principal: {}",
        keys.len(),
        unknown.join(", ")
    );
    let finding = Finding::new(Severity::Warning, "several-cas", fault, BIND);
    (keys.len() > 1 && !is_bound).then(|| finding.opening())
}

fn named(key: &TrustedKey) -> String {
    format!(
        "{} ({}, line {})",
        key.fingerprint(),
        describe(&key.key),
        key.line
    )
}

/// CASignatureAlgorithms lists what a CA may have signed with (sshkey.c,
/// `sshkey_check_cert_sigtype`); an RSA CA signs by one of two.
fn refused(key: &TrustedKey, settings: &Settings) -> Option<Finding> {
    let taken = settings.value("casignaturealgorithms")?;
    let name = key.key.algorithm().to_string();
    let ways: &[&str] = match name.as_str() {
        "ssh-rsa" => &["rsa-sha2-256", "rsa-sha2-512"],
        _ => &[name.as_str()],
    };
    if taken.split(',').any(|algorithm| ways.contains(&algorithm)) {
        return None;
    }
    let fault = format!(
        "CASignatureAlgorithms takes no signature of {}, so none of its certificates counts",
        named(key)
    );
    let remedy = format!("CASignatureAlgorithms +{}", ways.join(","));
    let finding = Finding::new(Severity::Critical, "ca-algorithm", fault, remedy);
    Some(finding.by("casignaturealgorithms", Some(taken)))
}

fn algorithms(settings: &Settings) -> Option<Finding> {
    if settings.value("pubkeyauthentication") == Some("no") {
        let fault = "PubkeyAuthentication no: no certificate lets anybody in";
        let remedy = "PubkeyAuthentication yes";
        let finding = Finding::new(Severity::Critical, "public-keys-off", fault, remedy);
        return Some(finding.by("pubkeyauthentication", Some("no")));
    }
    let taken = settings.value("pubkeyacceptedalgorithms")?;
    if taken.contains("-cert-v01@openssh.com") {
        return None;
    }
    let fault = "PubkeyAcceptedAlgorithms takes no certificate of any type";
    let remedy =
        "PubkeyAcceptedAlgorithms +ssh-ed25519-cert-v01@openssh.com, and the types you use";
    let finding = Finding::new(
        Severity::Critical,
        "no-certificate-algorithm",
        fault,
        remedy,
    );
    Some(finding.by("pubkeyacceptedalgorithms", Some(taken)))
}

const NAME_A_CA: &str = "TrustedUserCAKeys with the public key file of the CA, one key a line";
const OWN: &str = "chown root, and chmod go-w, the file and each folder above it";
const TAKE_OUT: &str = "take its line out of TrustedUserCAKeys, or name it with --expect-ca";
const BIND: &str = "bind suffixes to their CA with `@ca` in the list, or trust one CA alone";

/// No file of CA keys is near this long.
const BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sshd::settings_of;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAZB65FADtqASJR/RlcY6KnSXUlIvwuHdJfX3q7cVTxs";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDPEvkJsXzLPEbFVaJXpHvzVKnFrT9jMHpUXu5QCcV6X";

    fn names(text: &str, lines: &str, expected: &[String]) -> Vec<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pub");
        std::fs::write(&file, text).unwrap();
        let lines = format!("trustedusercakeys {}\n{lines}", file.display());
        let found = findings(&settings_of(&lines), expected, false);
        let names = found.iter().map(|finding| finding.name);
        // The folder of the test is everybody's.
        names.filter(|name| *name != "writable-path").collect()
    }

    #[test]
    fn what_makes_no_certificate_count_is_told() {
        let certificates = "pubkeyacceptedalgorithms ssh-ed25519";
        for (text, lines, expected) in [
            (KEY, "", &[][..]),
            ("", "", &["no-trusted-ca"]),
            ("# ssh-ed25519 AAAA\n", "", &["no-trusted-ca"]),
            (KEY, "pubkeyauthentication no", &["public-keys-off"]),
            (KEY, certificates, &["no-certificate-algorithm"]),
            (KEY, "casignaturealgorithms rsa-sha2-512", &["ca-algorithm"]),
            (KEY, "casignaturealgorithms ssh-ed25519", &[]),
        ] {
            assert_eq!(names(text, lines, &[]), expected, "{text} {lines}");
        }
        let none = findings(&settings_of(""), &[], false);
        assert_eq!(none[0].name, "no-trusted-ca");
        let gone = findings(&settings_of("trustedusercakeys /nosuch"), &[], false);
        assert_eq!(gone[0].name, "no-trusted-ca");
    }

    #[test]
    fn a_second_ca_is_told_and_one_that_nobody_expects() {
        let both = format!("{KEY}\n{OTHER}\n");
        assert_eq!(names(&both, "", &[]), ["several-cas"]);
        let (first, _) = read_public_key_line(KEY).unwrap();
        let expected = [fingerprint(&first)];
        assert_eq!(names(&both, "", &expected), ["unknown-ca"]);
        assert_eq!(names(KEY, "", &expected), [""; 0]);
    }
}
