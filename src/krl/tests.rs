//! What the tests of this module share: files that OpenSSH made, by
//! `softhsm-tests/vectors/krl/make`.

use std::path::Path;

use base64ct::{Base64, Encoding};

use super::{Certificate, Krl, PublicKey};

/// A file of `softhsm-tests/vectors/krl`.
pub(super) fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/vectors/krl");
    std::fs::read(folder.join(name)).unwrap()
}

pub(super) fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

/// The wire form in a public key file.
pub(super) fn blob(name: &str) -> Vec<u8> {
    let line = text(&format!("{name}.pub"));
    Base64::decode_vec(line.split(' ').nth(1).unwrap()).unwrap()
}

pub(super) fn key(name: &str) -> PublicKey {
    PublicKey::from_blob(&blob(name)).unwrap()
}

pub(super) fn certificate(name: &str) -> Certificate {
    Certificate::from_signed_blob(&blob(&format!("{name}-cert"))).unwrap()
}

pub(super) fn krl(name: &str) -> Krl {
    Krl::from_bytes(&file(&format!("{name}.krl"))).unwrap()
}

/// All KRLs, with the CA that their serials and key IDs belong to; `several` was
/// made of more than one specification.
pub(super) const KRLS: [(&str, Option<&str>); 12] = [
    ("empty", None),
    ("list", Some("ca")),
    ("range", Some("ca")),
    ("bitmap", Some("ca")),
    ("mixed", Some("none")),
    ("key-ids", Some("none")),
    ("keys", None),
    ("sha1", None),
    ("sha256", None),
    ("certificates", None),
    ("ca-keys", None),
    ("several", None),
];
