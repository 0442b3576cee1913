//! Whose number a card's serial is.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::wire::hex;

/// A maker, as far as the serial of a card goes: two makers give the same number, and a
/// private root can attest any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Every root of Yubico's that the program pins: one sequence of serials.
    Yubico,
    /// One private root, by the SHA-256 of its certificate.
    Private([u8; 32]),
}

/// A word that names no family.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no family of cards; one is `yubico`, or SHA256: and 64 hexadecimal digits")]
pub struct FamilyError(String);

/// The SHA-256 of a root's certificate, as `SHA256:` and hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootFingerprint(pub [u8; 32]);

/// A text that is no fingerprint of a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fingerprint of a root; one is SHA256: and 64 hexadecimal digits")]
pub struct RootFingerprintError(String);

impl FromStr for Family {
    type Err = FamilyError;

    fn from_str(word: &str) -> Result<Self, FamilyError> {
        if word == YUBICO {
            return Ok(Self::Yubico);
        }
        let private = word
            .parse()
            .map(|RootFingerprint(root)| Self::Private(root));
        private.map_err(|RootFingerprintError(word)| FamilyError(word))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yubico => f.write_str(YUBICO),
            Self::Private(root) => RootFingerprint(*root).fmt(f),
        }
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for RootFingerprint {
    type Err = RootFingerprintError;

    /// Digits in either case, also with the colons that openssl puts between bytes.
    fn from_str(text: &str) -> Result<Self, RootFingerprintError> {
        let fault = || RootFingerprintError(text.chars().take(120).collect());
        let digits = text.strip_prefix(PREFIX).ok_or_else(fault)?;
        let bytes = base16ct::mixed::decode_vec(digits.replace(':', ""));
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(fault)
    }
}

impl fmt::Display for RootFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", hex(&self.0).to_ascii_uppercase())
    }
}

const YUBICO: &str = "yubico";
const PREFIX: &str = "SHA256:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_read_as_it_is_written() {
        let private = Family::Private([0xab; 32]);
        assert_eq!(private.to_string(), format!("SHA256:{}", "AB".repeat(32)));
        for family in [Family::Yubico, private] {
            assert_eq!(family.to_string().parse(), Ok(family));
        }
        let of_openssl = format!("SHA256:{}ab", "ab:".repeat(31));
        assert_eq!(of_openssl.parse(), Ok(private));
        for word in ["", "Yubico", "SHA256:", "SHA256:abcd", &"ab".repeat(32)] {
            assert_eq!(word.parse::<Family>(), Err(FamilyError(word.to_owned())));
        }
    }
}
