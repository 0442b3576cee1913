//! Which CA a request is meant for.

use std::fmt;
use std::str::FromStr;

use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, HashAlg};

/// The CA that a request is meant for, by the SHA-256 of its public key blob.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target([u8; 32]);

/// A text that is no `SHA256:` fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no fingerprint; one is `SHA256:` and 43 characters, as ssh-keygen -l prints it")]
pub struct TargetError;

impl Target {
    /// The CA of this key.
    #[must_use]
    pub fn of(ca: &KeyData) -> Self {
        // A fingerprint by SHA-256 has these bytes always.
        let sha256 = ca.fingerprint(HashAlg::Sha256).sha256();
        Self(sha256.unwrap_or_default())
    }

    /// Whether this key's CA is meant.
    #[must_use]
    pub fn is(&self, ca: &KeyData) -> bool {
        *self == Self::of(ca)
    }

    pub(super) fn from_bytes(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let fingerprint: Fingerprint = text.parse().map_err(|_form| TargetError)?;
        fingerprint.sha256().map(Self).ok_or(TargetError)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fingerprint::Sha256(self.0).fmt(f)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_ssh_keygen_prints_it() {
        let line = "SHA256:vj1bzTmNpWP3AsBFqQPLfqfQdr39RNVjbo7GMFC8hPs";
        let target: Target = line.parse().unwrap();
        assert_eq!(target.to_string(), line);
        for text in ["", "SHA256:", "MD5:aa", &line[..40], "SHA512:AAAA"] {
            assert_eq!(text.parse::<Target>(), Err(TargetError), "{text}");
        }
    }
}
