//! What is named of a card without talking to one.

mod slot;

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

pub use slot::{Slot, SlotError};

/// A card's firmware, which decides what it can do and which faults it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware {
    /// The first number.
    pub major: u8,
    /// The second.
    pub minor: u8,
    /// The third.
    pub patch: u8,
}

#[cfg(feature = "yubikey")]
impl Firmware {
    /// The first that tells of every key.
    pub(super) const METADATA: Self = Self {
        major: 5,
        minor: 3,
        patch: 0,
    };

    /// The first that tells of keys that were made in it.
    pub(super) const ATTESTATION: Self = Self {
        major: 4,
        minor: 3,
        patch: 0,
    };
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text that is no firmware version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a firmware version reads as 5.7.1")]
pub struct FirmwareError;

impl FromStr for Firmware {
    type Err = FirmwareError;

    /// Strict: one form, so that a version reads back as it was written.
    fn from_str(text: &str) -> Result<Self, FirmwareError> {
        let mut numbers = text.splitn(3, '.').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or(FirmwareError);
        let firmware = Self {
            major: next()?,
            minor: next()?,
            patch: next()?,
        };
        if firmware.to_string() == text {
            Ok(firmware)
        } else {
            Err(FirmwareError)
        }
    }
}

impl Serialize for Firmware {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_reads_back_and_nothing_else_is_one() {
        let firmware: Firmware = "5.7.1".parse().unwrap();
        assert_eq!(firmware.to_string(), "5.7.1");
        for text in [
            "", "5", "5.7", "5.7.1.0", "5.07.1", "+5.7.1", "5.7.256", "5.7.1 ",
        ] {
            assert_eq!(text.parse::<Firmware>(), Err(FirmwareError), "{text:?}");
        }
    }
}
