//! What the tests of the ground and of KRLs share: files that OpenSSH made, by
//! `softhsm-tests/vectors/krl/make`.

use std::path::Path;

use base64ct::{Base64, Encoding};

use super::PublicKey;

/// A file of `softhsm-tests/vectors/krl`.
pub(crate) fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/vectors/krl");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn text(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

/// The wire form in a public key file.
pub(crate) fn blob(name: &str) -> Vec<u8> {
    let line = text(&format!("{name}.pub"));
    Base64::decode_vec(line.split(' ').nth(1).unwrap()).unwrap()
}

pub(crate) fn key(name: &str) -> PublicKey {
    PublicKey::from_blob(&blob(name)).unwrap()
}
