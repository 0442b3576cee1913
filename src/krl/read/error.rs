//! What is wrong with bytes that are no KRL.

use super::super::serials::SerialRangeError;
use super::super::{FORMAT_VERSION, KRL_BYTES_MAX};
use super::BITMAP_RANGES_MAX;
use crate::wire::KeyError;
use crate::wire::WireError;

/// Why some bytes are no KRL that OpenSSH would read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input is longer than OpenSSH reads.
    #[error("{bytes} bytes, OpenSSH reads at most {KRL_BYTES_MAX}")]
    TooLong {
        /// How many bytes were given.
        bytes: usize,
    },
    /// The first eight bytes are not those of a KRL.
    #[error("not a KRL: it does not start with SSHKRL")]
    Magic,
    /// The format is another one.
    #[error("KRL format {version}, known is {FORMAT_VERSION}")]
    FormatVersion {
        /// The number of the format.
        version: u32,
    },
    /// The encoding is broken.
    #[error("the KRL's encoding is broken")]
    Wire(#[from] WireError),
    /// The CA of a certificate section is no plain public key.
    #[error("the CA key of a KRL section")]
    Ca(#[source] KeyError),
    /// A serial that no KRL can name.
    #[error("the serials of a KRL section")]
    Serial(#[from] SerialRangeError),
    /// A bitmap reaches beyond the highest serial.
    #[error("a bitmap from serial {offset} reaches beyond the highest serial")]
    BitmapOverflow {
        /// The serial of its lowest bit.
        offset: u64,
    },
    /// A fingerprint of the wrong length.
    #[error("a fingerprint of {bytes} bytes, not {expected}")]
    FingerprintLength {
        /// How many bytes were given.
        bytes: usize,
        /// The length of a SHA-1 or SHA-256 fingerprint.
        expected: usize,
    },
    /// A section of an unknown type: what it revokes cannot be known.
    #[error("unknown KRL section {kind}")]
    UnknownSection {
        /// The number that stands for its type.
        kind: u8,
    },
    /// A subsection of an unknown type in a certificate section.
    #[error("unknown KRL certificate section {kind:#04x}")]
    UnknownCertificateSection {
        /// The number that stands for its type.
        kind: u8,
    },
    /// An extension that must be understood, and is not.
    #[error("unknown critical KRL extension {name:?}")]
    CriticalExtension {
        /// The name of the extension; bytes that are no UTF-8 are replaced.
        name: String,
    },
    /// The KRL is signed within. Since 9.4, OpenSSH no longer verifies such a
    /// signature: PROTOCOL.krl says that it refuses the file, 10.5 was seen to take
    /// it for unsigned.
    #[error("the KRL holds a signature, which OpenSSH no longer supports")]
    Signed,
    /// The bitmaps hold more ranges of serials than memory is given to.
    #[error("the KRL's bitmaps hold more than {BITMAP_RANGES_MAX} ranges of serials")]
    TooManyRanges,
}
