//! The certificate that somebody shows, as far as a list looks at it.
//!
//! sshd has checked that a CA which it trusts signed it, and nothing else yet: neither that it
//! is valid now nor that whoever shows it has the key.

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use super::name::is_principal_byte;
use crate::wire::RawCertificate;
use crate::wire::certificate::{MAX_LEN, ReadError};

/// A certificate that was shown. Its principals are such that each can be printed for sshd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    principals: Vec<String>,
    host: bool,
    ca: [u8; 32],
    key: [u8; 32],
    digest: [u8; 16],
    serial: u64,
    key_id: Vec<u8>,
}

/// Why bytes are no certificate that a list can decide about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentedError {
    /// Longer than any certificate.
    #[error("a certificate of more than {MAX_LEN} bytes")]
    TooLong,
    /// Not in base64.
    #[error("the certificate is no base64")]
    Base64,
    /// Not a certificate.
    #[error("no certificate: {0}")]
    Certificate(#[from] ReadError),
    /// Neither a user's nor a host's.
    #[error("a certificate of type {0}, which is neither user nor host")]
    Kind(u32),
    /// sshd would read a part of it as something else.
    #[error("principal {principal:?} of the certificate can't be printed for sshd")]
    Principal {
        /// The principal, with what is no text replaced.
        principal: String,
    },
}

impl Presented {
    /// Reads what sshd puts in place of `%k`: the wire form in base64.
    ///
    /// # Errors
    /// [`PresentedError`].
    pub fn from_base64(text: &str) -> Result<Self, PresentedError> {
        if text.len() / 4 > MAX_LEN / 3 + 1 {
            return Err(PresentedError::TooLong);
        }
        // Where in the text it isn't helps nobody: sshd wrote it.
        let blob = Base64::decode_vec(text).map_err(|_| PresentedError::Base64)?;
        Self::from_blob(&blob)
    }

    /// Reads a certificate in wire form.
    ///
    /// # Errors
    /// [`PresentedError`].
    pub fn from_blob(blob: &[u8]) -> Result<Self, PresentedError> {
        let raw = RawCertificate::from_blob(blob)?;
        let host = match raw.kind() {
            1 => false,
            2 => true,
            other => return Err(PresentedError::Kind(other)),
        };
        let mut principals = Vec::with_capacity(raw.principals().len());
        for principal in raw.principals() {
            principals.push(printable(principal)?);
        }
        // Their order in the certificate is whoever asked for it's, and changes nothing.
        principals.sort_unstable();
        principals.dedup();
        let digest: [u8; 32] = Sha256::digest(blob).into();
        Ok(Self {
            principals,
            host,
            ca: Sha256::digest(raw.ca_key()).into(),
            key: Sha256::digest(raw.public_key()).into(),
            digest: digest.first_chunk().copied().unwrap_or_default(),
            serial: raw.serial(),
            key_id: raw.key_id().to_vec(),
        })
    }

    /// The principals in the order of their bytes, none twice.
    #[must_use]
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// Whether it is a host's.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.host
    }

    /// The SHA-256 of the CA's key.
    #[must_use]
    pub fn ca(&self) -> &[u8; 32] {
        &self.ca
    }

    /// The SHA-256 of the certified key.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The SHA-256 of the whole certificate, cut to 16 bytes.
    #[must_use]
    pub fn digest(&self) -> &[u8; 16] {
        &self.digest
    }

    /// The serial.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The key ID, of any bytes.
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        &self.key_id
    }
}

/// A line feed in a principal, printed, would let in whoever is named behind it (measured).
fn printable(principal: &[u8]) -> Result<String, PresentedError> {
    let odd_first = matches!(principal.first(), None | Some(b'-' | b'@' | b'!'));
    let text = std::str::from_utf8(principal).ok();
    match text.filter(|text| !odd_first && text.bytes().all(is_principal_byte)) {
        Some(text) => Ok(text.to_owned()),
        None => Err(PresentedError::Principal {
            principal: String::from_utf8_lossy(principal).into_owned(),
        }),
    }
}
