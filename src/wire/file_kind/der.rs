//! What a file in DER holds, by its first tags (X.690, 8.1).

use super::FileKind;

/// What a file is that is one value of DER from its first byte to its last.
pub(super) fn look(file: &[u8]) -> Option<FileKind> {
    let (content, behind) = within(file, SEQUENCE)?;
    if !behind.is_empty() {
        return None;
    }
    Some(match content.first() {
        // A version stands first in the private keys of PKCS#1, PKCS#8 and SEC 1.
        Some(&INTEGER) => FileKind::PrivateKey,
        Some(&SEQUENCE) => of_sequence(content),
        _ => FileKind::Der,
    })
}

/// A certificate's first field is its body, a public key's the name of its algorithm.
fn of_sequence(content: &[u8]) -> FileKind {
    let first = within(content, SEQUENCE).and_then(|(first, _)| first.first());
    match first {
        Some(&OBJECT_IDENTIFIER) => FileKind::PublicDer,
        Some(&VERSION_OF_CERTIFICATE | &INTEGER) => FileKind::X509Der,
        _ => FileKind::Der,
    }
}

/// The content of the first value, and what follows it.
fn within(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let bytes = bytes.strip_prefix(&[tag])?;
    let (length, bytes) = bytes.split_first()?;
    let (length, bytes) = match length {
        0..=0x7f => (usize::from(*length), bytes),
        // One to four bytes of length.
        0x81..=0x84 => {
            let (length, bytes) = bytes.split_at_checked(usize::from(length & 0x7f))?;
            let number = length.iter();
            let number = number.fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
            (number, bytes)
        }
        _ => return None,
    };
    bytes.split_at_checked(length)
}

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The explicit version of a certificate (RFC 5280, 4.1.2.1).
const VERSION_OF_CERTIFICATE: u8 = 0xa0;
