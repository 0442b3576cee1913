//! Why a key in a device was not destroyed.

use super::call::{CallFailed, Fault};
use super::card::CardFailed;
use super::making::{GenerateError, PlaceError};
use super::opening::OpeningError;
use crate::signer::card::Slot;

/// Why a key is in its device still, or may be.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DestroyError {
    /// The device is not there, or not open.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The place can't be written to.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// No other key was made in the place of the one that should go.
    #[error(transparent)]
    Overwriting(#[from] GenerateError),
    /// The device failed at a call.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// The card failed.
    #[error(transparent)]
    Card(#[from] CardFailed),
    /// Another key lies there: it is left as it is.
    #[error("{device}: the key there is {found}, not {wanted}")]
    OtherKey {
        /// The device.
        device: String,
        /// The fingerprint of the key that is there.
        found: String,
        /// The fingerprint of the key that was to go.
        wanted: String,
    },
    /// Another private key in the token may be this one.
    #[error(
        "{device}: whether {key} is the same key can't be told: it shows no public half, and signs nothing"
    )]
    Untold {
        /// The device.
        device: String,
        /// The private key, by label and id.
        key: String,
    },
    /// The key lies in another slot of the card.
    #[error("{device}: the key was moved to slot {slot}")]
    Moved {
        /// The device.
        device: String,
        /// Where it is now.
        slot: Slot,
    },
    /// The device took the call, and shows the key all the same.
    #[error("{device}: the key is still there, although the device said that it removed it")]
    StillThere {
        /// The device.
        device: String,
    },
    /// The device removed nothing.
    #[error("{device}: the key could not be removed")]
    Refused {
        /// The device.
        device: String,
        /// What it answered.
        source: Fault,
    },
    /// PIN and PUK did not lock, which a reset wants.
    #[error("{device}: its {secret} did not lock, which a reset of the card wants")]
    NotLocked {
        /// The device.
        device: String,
        /// PIN or PUK.
        secret: &'static str,
    },
    /// A key that nothing here can take away.
    #[error("a key in an ssh-agent or a file is destroyed where it lies, not from here")]
    Software,
}

/// What became of a key that was to be destroyed. It was read back as gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Whether it was there before.
    pub was_there: bool,
    /// What was done, in words.
    pub how: String,
}

#[cfg_attr(
    not(any(feature = "pkcs11", feature = "yubikey")),
    allow(dead_code, reason = "nothing is destroyed without a device")
)]
impl Gone {
    /// The key was there, and this was done.
    pub(in crate::signer) fn now(how: String) -> Self {
        Self {
            was_there: true,
            how,
        }
    }

    /// The key was not there any more.
    pub(in crate::signer) fn before(how: &str) -> Self {
        Self {
            was_there: false,
            how: how.to_owned(),
        }
    }
}
