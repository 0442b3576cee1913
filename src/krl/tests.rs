//! What the tests of this module share: files that OpenSSH made, by
//! `softhsm-tests/vectors/krl/make`.

use super::{Certificate, Krl};
pub(super) use crate::wire::tests::{blob, file, key, text};

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
