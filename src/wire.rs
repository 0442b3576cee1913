//! The ground: bytes as SSH writes them, and what every module takes for a key, a certificate
//! and a valid signature.
//!
//! It uses nothing else of the crate, reads no file and no clock, and believes nothing: a
//! length is checked against what is there before it is used.
//!
//! - [`Cursor`]: the one reader of SSH's wire types, and the `put_` functions, their writers;
//! - [`hex`], [`armour`], [`words()`] and [`QrCode`]: bytes as text, and as what is scanned;
//! - [`PublicKey`]: a key as OpenSSH takes it, in its one canonical form;
//! - [`RawCertificate`]: any certificate, taken apart, with its bytes kept;
//! - `private_key`: private keys in OpenSSH's form;
//! - [`FileKind`]: what a file is by sight, for a refusal to say so;
//! - [`verify`]: whether a signature is valid; nothing else in the crate decides that.

pub mod armour;
pub mod certificate;
mod cursor;
mod file_kind;
pub mod private_key;
mod public_key;
mod qr;
#[cfg(test)]
pub(crate) mod tests;
mod told;
pub mod verify;
mod words;

pub use self::certificate::RawCertificate;
pub use self::cursor::{Cursor, MPINT_BITS_MAX, WireError};
pub(crate) use self::cursor::{c_string, put_mpint, put_string};
pub use self::file_kind::FileKind;
pub(crate) use self::public_key::{Algorithm, Form};
pub use self::public_key::{KeyError, PublicKey, bit_length};
pub use self::qr::{QR_BYTES_MAX, QrCode, QrError, bytes_of_base32};
pub use self::told::{chain, number_of};
pub use self::words::{WORDS_MAX, WordsError, bytes_of_words, words};

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
