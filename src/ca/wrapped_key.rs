//! The file of a CA's key that was wrapped by a key which people hold in components
//! (`docs/formats/wrapped-key.md`).
//!
//! It is no secret without the wrapping key, and all there is to be kept of the CA's key with it.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::signer::{AesWrap, Blob};
use crate::wire::{Cursor, KeyError, PublicKey, WireError, hex, put_string};

/// A wrapped key with all that tells which key it is, and which one opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKeyFile {
    /// The blob of the public key (RFC 4253, section 6.6).
    pub public_key: Vec<u8>,
    /// What tells the wrapping key from another, and nothing of it: [`SharedSecret::check`].
    ///
    /// [`SharedSecret::check`]: crate::secret::share::SharedSecret::check
    pub check: [u8; 32],
    /// The private key.
    pub blob: Blob,
}

/// Why bytes are no wrapped key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrappedKeyError {
    /// They are something else.
    #[error("it is no file of a wrapped key")]
    Magic,
    /// They are of a program that is newer.
    #[error("it is of format {0}, and 1 is read")]
    Format(u32),
    /// They end early, or go on.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The public key is none.
    #[error("its public key")]
    Key(#[from] KeyError),
    /// The public key is not written as everybody writes it.
    #[error("its public key has another form than the one that there is")]
    KeyForm,
    /// A way to wrap that there is not.
    #[error("it was wrapped in way {0}, which there is not")]
    Wrap(u8),
    /// AES wraps whole blocks of eight bytes, three at least.
    #[error("{0} bytes are no wrapped key")]
    Length(usize),
    /// The file can't be read.
    #[error("it can't be read")]
    File(#[from] io::Error),
}

impl WrappedKeyFile {
    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.blob.bytes.len() + 256);
        put_string(&mut out, MAGIC);
        out.extend(FORMAT.to_be_bytes());
        put_string(&mut out, &self.public_key);
        out.extend(self.check);
        out.push(match self.blob.wrap {
            AesWrap::Plain => PLAIN,
            AesWrap::Padded => PADDED,
        });
        put_string(&mut out, &self.blob.bytes);
        out
    }

    /// Reads [`Self::to_bytes`] back. There is one spelling.
    ///
    /// # Errors
    /// [`WrappedKeyError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WrappedKeyError> {
        let mut wire = Cursor::new(bytes);
        if wire.string().ok() != Some(MAGIC) {
            return Err(WrappedKeyError::Magic);
        }
        match wire.u32()? {
            FORMAT => {}
            other => return Err(WrappedKeyError::Format(other)),
        }
        let public_key = wire.string()?.to_vec();
        if PublicKey::from_blob(&public_key)?.as_blob() != public_key {
            return Err(WrappedKeyError::KeyForm);
        }
        let check = *wire.array()?;
        let wrap = match wire.byte()? {
            PLAIN => AesWrap::Plain,
            PADDED => AesWrap::Padded,
            other => return Err(WrappedKeyError::Wrap(other)),
        };
        let bytes = wire.string()?.to_vec();
        wire.finish()?;
        let length = bytes.len();
        if length < LEAST_BYTES || !length.is_multiple_of(BLOCK_BYTES) {
            return Err(WrappedKeyError::Length(length));
        }
        let blob = Blob { wrap, bytes };
        Ok(Self {
            public_key,
            check,
            blob,
        })
    }

    /// Reads a file, and gives its SHA-256 too.
    ///
    /// # Errors
    /// [`WrappedKeyError`].
    pub fn read(path: &Path) -> Result<(Self, [u8; 32]), WrappedKeyError> {
        let bytes = crate::file::read_bytes(path, WRAPPED_KEY_BYTES_MAX)?;
        Ok((Self::from_bytes(&bytes)?, Sha256::digest(&bytes).into()))
    }
}

/// What the ledger calls a file of a wrapped key, by the SHA-256 of its bytes.
#[must_use]
pub fn blob_name(sha256: &[u8; 32]) -> String {
    format!("blob:{}", hex(sha256))
}

/// Whether the ledger calls a file of a wrapped key so.
#[must_use]
pub fn is_blob_name(name: &str) -> bool {
    name.starts_with("blob:")
}

/// What the ledger calls a key that people hold in components, by its check.
#[must_use]
pub fn components_name(check: &[u8; 32]) -> String {
    format!("components:{}", hex(check))
}

const MAGIC: &[u8] = b"punchmark-wrapped-key";
const FORMAT: u32 = 1;
const PLAIN: u8 = 1;
const PADDED: u8 = 2;
const BLOCK_BYTES: usize = 8;
const LEAST_BYTES: usize = 24;
/// The longest file that is read: RSA-4096 takes less than 3 KiB of it.
pub const WRAPPED_KEY_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> WrappedKeyFile {
        let key: ssh_key::PublicKey =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti"
                .parse()
                .unwrap();
        WrappedKeyFile {
            public_key: key.to_bytes().unwrap(),
            check: [7; 32],
            blob: Blob {
                wrap: AesWrap::Padded,
                bytes: vec![9; 72],
            },
        }
    }

    #[test]
    fn a_file_reads_back_and_nothing_of_it_may_be_missing_or_more() {
        let (file, bytes) = (file(), file().to_bytes());
        assert_eq!(WrappedKeyFile::from_bytes(&bytes).unwrap(), file);
        for length in 0..bytes.len() {
            WrappedKeyFile::from_bytes(&bytes[..length]).unwrap_err();
        }
        let more = [&bytes[..], &[0]].concat();
        assert!(matches!(
            WrappedKeyFile::from_bytes(&more),
            Err(WrappedKeyError::Wire(WireError::Trailing { bytes: 1 }))
        ));
    }

    #[test]
    fn what_is_none_is_told_by_its_fault() {
        let bytes = file().to_bytes();
        let fault = |at: usize, byte: u8| {
            let mut changed = bytes.clone();
            changed[at] = byte;
            WrappedKeyFile::from_bytes(&changed)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(fault(5, b'X'), "it is no file of a wrapped key");
        assert_eq!(fault(28, 2), "it is of format 2, and 1 is read");
        let way = bytes.len() - 72 - 5;
        assert_eq!(fault(way, 3), "it was wrapped in way 3, which there is not");
        for (length, fits) in [(16, false), (24, true), (71, false), (72, true)] {
            let mut other = file();
            other.blob.bytes.truncate(length);
            let read = WrappedKeyFile::from_bytes(&other.to_bytes());
            assert_eq!(read.is_ok(), fits, "{length}");
        }
    }
}
