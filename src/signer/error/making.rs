//! Why a key is not made in a device, or not brought into it.

use super::call::{CallFailed, Fault};
use super::card::{CardFailed, CardFault};
use super::login::LoginError;
use super::opening::OpeningError;
use crate::signer::card::{Firmware, Slot};
use crate::signer::key::KeyAlgorithm;

/// Why a new key has no place in a device.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// The device is not there, or not open.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The management key was not proved to the card.
    #[error(transparent)]
    ManagementKey(#[from] ManagementKeyError),
    /// The locator for a new key names no label.
    #[error("a new key needs a label: the locator has no object")]
    LabelMissing,
    /// There is an object with this label.
    #[error("{device}: the label {label} is taken")]
    LabelTaken {
        /// The device.
        device: String,
        /// The label.
        label: String,
    },
    /// There is an object with this id.
    #[error("{device}: the id {id} is taken")]
    IdTaken {
        /// The device.
        device: String,
        /// The id in hexadecimal.
        id: String,
    },
    /// There is a key in the slot, and it was not named as one to replace.
    #[error("{device}: slot {slot} has a key, {fingerprint}")]
    SlotTaken {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
        /// The fingerprint of the slot's key.
        fingerprint: String,
    },
    /// Firmware before 5.3, which doesn't tell an empty slot from an imported key.
    #[error("{device}: firmware {firmware} does not tell whether slot {slot} has an imported key")]
    SlotUntold {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
        /// The firmware of the card.
        firmware: Firmware,
    },
    /// `init` and `import` put a key into hardware.
    #[error("a key is neither made in nor brought into an ssh-agent or a file")]
    MadeElsewhere,
    /// The new key came out other than asked for; it was removed.
    #[error("{device}: the new key is not sensitive or is extractable, it was removed again")]
    NotProtected {
        /// The device.
        device: String,
    },
    /// The device shows another key than the one that it was just given.
    #[error("{device}: it shows another key than the one that it was given")]
    KeyChanged {
        /// The device.
        device: String,
    },
    /// An object that should be removed is still there.
    #[error("{device}: {key} was made in part, and the rest could not be removed")]
    Leftover {
        /// The device.
        device: String,
        /// The key.
        key: String,
        /// What the device answered.
        source: Fault,
    },
}

/// Why a device made no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// It has no place in the device.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The device cannot make such a key.
    #[error("{device} cannot make a key of type {algorithm}")]
    CannotGenerate {
        /// The device.
        device: String,
        /// The kind that was asked for.
        algorithm: KeyAlgorithm,
        /// What it answered.
        source: Fault,
    },
    /// The card knows no key of this kind.
    #[error("{device} (firmware {firmware}) cannot make a key of type {algorithm}")]
    CardCannotGenerate {
        /// The device.
        device: String,
        /// The firmware of the card.
        firmware: Firmware,
        /// The kind that was asked for.
        algorithm: KeyAlgorithm,
    },
}

/// Why a key was not brought into a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It has no place in the device.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A kind of private key that cannot be brought in.
    #[error("a private key of type {algorithm} cannot be imported")]
    CannotImport {
        /// The kind of the key.
        algorithm: String,
    },
    /// The card takes no such key from outside.
    #[error("{device} (firmware {firmware}) takes no key of type {key} from a file")]
    CardCannotImport {
        /// The device.
        device: String,
        /// The firmware of the card.
        firmware: Firmware,
        /// The key's type and size.
        key: String,
    },
    /// The key that the card shows after the import is not the one that was sent.
    #[error("{device}: slot {slot} shows another key than the one that was imported")]
    ImportedOther {
        /// The device.
        device: String,
        /// The slot.
        slot: Slot,
    },
    /// The public half in a key file is not that of its private half.
    #[error("the two halves of the private key's file are no pair")]
    HalvesDiffer,
}

/// Why a device does not name the ledger that counts a key's serials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The device is not there, or not open.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// It takes no such object.
    #[error("{device} takes no object that names the ledger")]
    Refused {
        /// The device.
        device: String,
        /// What it answered.
        source: Fault,
    },
    /// The management key, which such an object on a card wants, was not proved.
    #[error(transparent)]
    ManagementKey(#[from] ManagementKeyError),
    /// A card takes no such object.
    #[error("{device} takes no object that names the ledger")]
    CardRefused {
        /// The device.
        device: String,
        /// What it answered.
        source: CardFault,
    },
}

impl From<LoginError> for PlaceError {
    fn from(error: LoginError) -> Self {
        Self::Opening(error.into())
    }
}

impl From<CallFailed> for PlaceError {
    fn from(error: CallFailed) -> Self {
        Self::Opening(error.into())
    }
}

impl From<CardFailed> for PlaceError {
    fn from(error: CardFailed) -> Self {
        Self::Opening(error.into())
    }
}

/// Why a card does not let its slots be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementKeyError {
    /// No management key was given, and the card keeps none behind its PIN.
    #[error("{device} keeps no management key behind its PIN")]
    Missing {
        /// The device.
        device: String,
    },
    /// The card has another management key.
    #[error("{device} has another management key")]
    Refused {
        /// The device.
        device: String,
    },
    /// What was given is no management key.
    #[error("a management key has 32, 48 or 64 hexadecimal digits")]
    Form,
    /// The one behind the PIN is not to be had, since the card does not take its user.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The card, or what stands before it, fails.
    #[error(transparent)]
    Card(#[from] CardFailed),
}
