//! A key in a YubiKey's PIV applet, straight over PC/SC.
//!
//! The `yubikey` crate links libpcsclite, so all but the locator stands behind the cargo
//! feature `yubikey`; a build without it names such a key and refuses to use it.

mod fault;
mod locator;
mod policy;
mod slot;

#[cfg(feature = "yubikey")]
mod contents;
#[cfg(feature = "yubikey")]
mod deadline;
#[cfg(feature = "yubikey")]
mod device;
#[cfg(feature = "yubikey")]
mod pin;
#[cfg(feature = "yubikey")]
mod public_key;
#[cfg(feature = "yubikey")]
mod scheme;
#[cfg(feature = "yubikey")]
mod signer;

#[cfg(not(feature = "yubikey"))]
mod left_out;

use std::fmt;

use serde::{Serialize, Serializer};

pub use fault::CardFault;
pub use locator::{SlotError, SlotLocator, SlotLocatorError};
pub use policy::{PinPolicy, TouchPolicy};
pub use slot::Slot;

#[cfg(feature = "yubikey")]
pub(super) use signer::{describe, open};

#[cfg(not(feature = "yubikey"))]
pub(super) use left_out::{describe, open};

/// A card's firmware, which decides what it can do and which faults it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firmware {
    /// The first number.
    pub major: u8,
    /// The second.
    pub minor: u8,
    /// The third.
    pub patch: u8,
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
