//! A CA's public key, as a line of `authorized_keys` has it.

use base64ct::{Base64, Encoding};

use crate::wire::PublicKey;

/// The public key of a CA, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaKey {
    line: String,
    sha256: [u8; 32],
}

/// Why a text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no public key: its type and base64 are expected")]
pub struct CaKeyError;

impl CaKey {
    /// Reads a public key file of OpenSSH: type, base64 and perhaps a comment, which is left out.
    ///
    /// # Errors
    /// [`CaKeyError`], also for a certificate.
    pub fn parse(text: &str) -> Result<Self, CaKeyError> {
        let mut words = text.split_ascii_whitespace();
        let (Some(algorithm), Some(encoded)) = (words.next(), words.next()) else {
            return Err(CaKeyError);
        };
        // Where in the text it is none helps nobody: a program wrote it.
        let blob = Base64::decode_vec(encoded).map_err(|_| CaKeyError)?;
        let key = PublicKey::from_blob(&blob).map_err(|_| CaKeyError)?;
        if key.algorithm() != algorithm {
            return Err(CaKeyError);
        }
        Ok(Self {
            line: format!("{algorithm} {encoded}"),
            sha256: key.sha256(),
        })
    }

    /// Type and base64.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The SHA-256 of its wire form.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The fingerprint as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let encoded = base64ct::Base64Unpadded::encode_string(&self.sha256);
        format!("SHA256:{encoded}")
    }
}
