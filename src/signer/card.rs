//! What is named of a card without talking to one.

mod slot;

use std::fmt;

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

impl Serialize for Firmware {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
