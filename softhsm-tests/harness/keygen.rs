//! OpenSSH's `ssh-keygen`: subject keys, certificates by its own hand, and its word on ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::process::{Ran, bounded, run};
use super::token::{PIN, Token};
use super::write;

/// A type of subject key, by `ssh-keygen`'s `-t` and `-b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subject(pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const RSA_2048: Subject = Subject("rsa", "2048");
pub(crate) const RSA_3072: Subject = Subject("rsa", "3072");
pub(crate) const RSA_4096: Subject = Subject("rsa", "4096");
pub(crate) const RSA_1024: Subject = Subject("rsa", "1024");
pub(crate) const P256: Subject = Subject("ecdsa", "256");
pub(crate) const P384: Subject = Subject("ecdsa", "384");
pub(crate) const P521: Subject = Subject("ecdsa", "521");
pub(crate) const ED25519: Subject = Subject("ed25519", "256");
pub(crate) const SK_ECDSA: Subject = Subject("ecdsa-sk", "256");
pub(crate) const SK_ED25519: Subject = Subject("ed25519-sk", "256");

/// Every type of subject key that a certificate may be for.
pub(crate) const SUBJECTS: [Subject; 7] =
    [RSA_2048, P256, P384, P521, ED25519, SK_ECDSA, SK_ED25519];

/// OpenSSH's own security key without hardware, of Debian's `openssh-tests`.
pub(crate) const SK_DUMMY: &str = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so";

/// What `ssh-keygen -L` reads in a certificate, field by field.
#[derive(Debug)]
pub(crate) struct Reading {
    fields: BTreeMap<String, String>,
    pub(crate) principals: Vec<String>,
    pub(crate) critical: Vec<String>,
    pub(crate) extensions: Vec<String>,
}

impl Reading {
    /// A field of one line by its name, such as `Key ID`.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> &str {
        let missing = || panic!("no {name} in {self:?}");
        self.fields.get(name).map_or_else(missing, String::as_str)
    }
}

/// Makes a key pair without a passphrase; gives the private file's path.
pub(crate) fn make(folder: &Path, name: &str, subject: Subject) -> PathBuf {
    let path = folder.join(name);
    let mut keygen = bounded("ssh-keygen");
    keygen.args(["-q", "-N", "", "-C", name, "-t", subject.0]);
    if subject.0.ends_with("-sk") {
        keygen.args(["-w", SK_DUMMY]);
    } else {
        keygen.args(["-b", subject.1]);
    }
    run(keygen.arg("-f").arg(&path)).ok();
    path
}

/// Puts a passphrase on a private key file.
pub(crate) fn encrypt(private: &Path, passphrase: &str) {
    let mut command = bounded("ssh-keygen");
    command.args(["-q", "-p", "-P", "", "-N", passphrase, "-f"]);
    run(command.arg(private)).ok();
}

/// The path of the public key beside a private one.
pub(crate) fn public(private: &Path) -> PathBuf {
    with_ending(private, ".pub")
}

/// The path of the certificate beside a private key.
pub(crate) fn certificate(private: &Path) -> PathBuf {
    with_ending(private, "-cert.pub")
}

/// Reads a certificate by `ssh-keygen -L`.
#[track_caller]
pub(crate) fn read(certificate: &Path) -> Reading {
    let ran = run(bounded("ssh-keygen").args(["-L", "-f"]).arg(certificate)).ok();
    parse(&ran.stdout)
}

/// The fingerprint of a key or certificate file.
#[track_caller]
pub(crate) fn fingerprint(file: &Path) -> String {
    let ran = run(bounded("ssh-keygen").args(["-l", "-f"]).arg(file)).ok();
    ran.stdout.split(' ').nth(1).unwrap().to_owned()
}

/// Signs by `ssh-keygen -s -D`, which shows that the other parts are sound.
pub(crate) fn sign(token: &Token, ca: &Path, arguments: &[&str], key: &Path) -> Ran {
    let askpass = ca.with_extension("askpass");
    write(&askpass, format!("#!/bin/sh\necho {PIN}\n"), 0o700);
    let (name, value) = token.environment();
    let mut keygen = bounded("ssh-keygen");
    keygen.env(name, value);
    keygen.env("SSH_ASKPASS", &askpass);
    keygen.env("SSH_ASKPASS_REQUIRE", "force");
    keygen.arg("-s").arg(ca).arg("-D").arg(token.module.path());
    run(keygen.args(arguments).arg(public(key)))
}

/// The public keys that `ssh-keygen -D` sees in a token, a line each.
pub(crate) fn token_keys(token: &Token) -> String {
    let (name, value) = token.environment();
    let mut keygen = bounded("ssh-keygen");
    keygen.env(name, value).arg("-D").arg(token.module.path());
    run(&mut keygen).ok().stdout
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Fields stand at 8 spaces, the items of a list at 16.
fn parse(listing: &str) -> Reading {
    let mut reading = Reading {
        fields: BTreeMap::new(),
        principals: Vec::new(),
        critical: Vec::new(),
        extensions: Vec::new(),
    };
    let mut list = String::new();
    for line in listing.lines().skip(1) {
        if let Some(item) = line.strip_prefix(ITEM) {
            match list.as_str() {
                "Principals" => reading.principals.push(item.to_owned()),
                "Critical Options" => reading.critical.push(item.to_owned()),
                "Extensions" => reading.extensions.push(item.to_owned()),
                other => panic!("an item of {other:?}: {line:?}"),
            }
        } else if let Some((name, value)) = line.trim().split_once(':') {
            list = name.to_owned();
            let value = value.trim().trim_matches('"').to_owned();
            reading.fields.insert(name.to_owned(), value);
        }
    }
    reading
}

const ITEM: &str = "                ";
