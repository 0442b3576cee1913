//! The lines of what lies beside a published list: a name, a blank and a value, each in its one form.

use base64ct::{Base64, Encoding};

/// What stands behind the name of a line and a blank.
pub(super) fn value<'a>(line: Option<&'a str>, name: &str) -> Option<&'a str> {
    let rest = line.and_then(|line| line.strip_prefix(name));
    rest.and_then(|rest| rest.strip_prefix(' '))
}

/// A ledger's name has no blank and nothing that a terminal would obey.
pub(super) fn ledger_name(text: &str) -> Option<String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && (1..=NAME_BYTES_MAX).contains(&text.len())).then(|| text.to_owned())
}

/// Base64 with its padding; there is one form of each.
pub(super) fn bytes(text: &str, at_most: usize) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text).ok()?;
    (1..=at_most).contains(&bytes.len()).then_some(bytes)
}

/// Digits without a leading zero or sign, so that one number has one form.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    plain.then(|| text.parse().ok()).flatten()
}

/// A ledger key is Ed25519 (51 bytes) or ECDSA P-256 (104 bytes).
pub(super) const KEY_BYTES_MAX: usize = 1024;
/// An SSHSIG of such a key has less than 400 bytes.
pub(super) const WORD_BYTES_MAX: usize = 2048;
const NAME_BYTES_MAX: usize = 255;
