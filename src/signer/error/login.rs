//! Why a device does not take its user.

use super::call::CallFailed;
use super::card::CardFailed;
use crate::secret::PinError;

/// Why nobody is logged in to a token or card.
///
/// What was tried was tried once. Names the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// There is no PIN to try.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The device refused the PIN.
    #[error("{device}: wrong PIN, tried once; {tries}")]
    WrongPin {
        /// The device.
        device: String,
        /// What it says of the tries that are left.
        tries: PinTries,
    },
    /// The PIN is locked.
    #[error("{device}: the PIN is locked")]
    PinLocked {
        /// The device.
        device: String,
    },
    /// The token has no user PIN yet.
    #[error("{device}: no user PIN was ever set")]
    PinNotSet {
        /// The device.
        device: String,
    },
    /// The PIN must be changed first.
    #[error("{device}: the PIN has expired and must be changed first")]
    PinExpired {
        /// The device.
        device: String,
    },
    /// A PIN that the device would not take; it was not tried.
    #[error("{device}: a PIN has {least} to {most} characters; this one was not tried")]
    PinLength {
        /// The device.
        device: String,
        /// The length of its shortest PIN.
        least: usize,
        /// The length of its longest PIN.
        most: usize,
    },
    /// The token is open already, by another PIN.
    #[error("{device} is open already, by another PIN; this one was not tried")]
    OtherPin {
        /// The device.
        device: String,
    },
    /// This PIN was refused before in this run.
    #[error("{device}: this PIN was refused before; it was not tried again")]
    PinRefusedBefore {
        /// The device.
        device: String,
    },
    /// The module refused a call.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// A card, or what stands before it, fails.
    #[error(transparent)]
    Card(#[from] CardFailed),
}

impl LoginError {
    /// Whether it says that the device refuses the PIN: it is shown no more.
    pub(crate) fn is_about_pin(&self) -> bool {
        matches!(
            self,
            Self::WrongPin { .. }
                | Self::PinLocked { .. }
                | Self::PinExpired { .. }
                | Self::PinNotSet { .. }
                | Self::PinRefusedBefore { .. }
        )
    }
}

/// What a device says of the PIN tries that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinTries {
    /// Some.
    #[error("the token says this was not the last try")]
    Left,
    /// One.
    #[error("the token says only one try is left")]
    OneLeft,
    /// None.
    #[error("the token says the PIN is now locked")]
    NoneLeft,
    /// This many tries are left.
    #[error("the token says {0} tries are left")]
    Counted(u8),
    /// It does not say.
    #[error("the token does not say how many tries are left")]
    Untold,
}

#[cfg(any(feature = "pkcs11", feature = "yubikey"))]
impl PinTries {
    /// Whether the device says that a right PIN still opens it.
    pub(in crate::signer) fn are_left(self) -> bool {
        matches!(self, Self::Left | Self::OneLeft | Self::Counted(_))
    }
}

impl PinTries {
    /// What a device that counts says.
    #[cfg(feature = "yubikey")]
    pub(in crate::signer) fn of(tries: u8) -> Self {
        match tries {
            0 => Self::NoneLeft,
            1 => Self::OneLeft,
            some => Self::Counted(some),
        }
    }
}
