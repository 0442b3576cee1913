//! A key in a YubiKey's PIV applet, straight over PC/SC.
//!
//! The `yubikey` crate links libpcsclite, so all but the locator stands behind the cargo
//! feature `yubikey`; a build without it names such a key and refuses to use it.

mod entry;
mod locator;
mod management;
mod new_secret;
mod policy;
pub mod setup;

#[cfg(feature = "yubikey")]
mod attest;
#[cfg(feature = "yubikey")]
mod binding;
#[cfg(feature = "yubikey")]
mod channel;
#[cfg(feature = "yubikey")]
mod contents;
#[cfg(feature = "yubikey")]
mod deadline;
#[cfg(feature = "yubikey")]
mod destroy;
#[cfg(feature = "yubikey")]
mod device;
#[cfg(feature = "yubikey")]
mod generate;
#[cfg(feature = "yubikey")]
mod held;
#[cfg(feature = "yubikey")]
mod import;
#[cfg(feature = "yubikey")]
mod inventory;
#[cfg(feature = "yubikey")]
mod kept;
#[cfg(feature = "yubikey")]
mod long;
#[cfg(feature = "yubikey")]
mod management_key;
#[cfg(feature = "yubikey")]
mod pin;
#[cfg(feature = "yubikey")]
mod quick;
#[cfg(feature = "yubikey")]
mod records;
#[cfg(feature = "yubikey")]
mod scheme;
#[cfg(feature = "yubikey")]
mod signer;
#[cfg(feature = "yubikey")]
mod vacancy;

#[cfg(not(feature = "yubikey"))]
mod left_out;

use ssh_key::Fingerprint;

pub use super::card::{Firmware, FirmwareError, Slot, SlotError};
pub use super::error::{CardFailed, CardFault, ManagementKeyError};
pub use entry::{AttestationKeyEntry, CardEntry, CardSecrets, CardWarning, SlotKeyEntry};
pub use locator::{SlotLocator, SlotLocatorError};
pub use management::ManagementKey;
pub use new_secret::{NewPin, NewPuk, NewSecretError};
pub use policy::{PinPolicy, TouchPolicy};

pub(crate) use entry::form_factor_name;

#[cfg(feature = "yubikey")]
pub(super) use attest::attest;
#[cfg(feature = "yubikey")]
pub(super) use binding::{bind, bound_to};
#[cfg(feature = "yubikey")]
pub(super) use destroy::destroy;
#[cfg(feature = "yubikey")]
pub(super) use generate::generate;
#[cfg(feature = "yubikey")]
pub(super) use import::import;
#[cfg(feature = "yubikey")]
pub(super) use inventory::inventory;
#[cfg(feature = "yubikey")]
pub(super) use signer::{describe, open};
#[cfg(feature = "yubikey")]
pub(super) use vacancy::require_free;

#[cfg(not(feature = "yubikey"))]
pub(super) use left_out::{
    attest, bind, bound_to, describe, destroy, generate, import, inventory, open, require_free,
};

/// What is asked of a new key in a slot, beside its algorithm.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewSlotKey<'a> {
    /// When it wants the PIN; for each signature, unless it says otherwise.
    pub pin: Option<PinPolicy>,
    /// When it wants a touch; for each signature, unless it says otherwise.
    pub touch: Option<TouchPolicy>,
    /// What proves to the card that its slots may be changed.
    pub management_key: ManagementKey<'a>,
    /// What it may take the place of; a key that is there is never overwritten else.
    pub replace: &'a [Replaceable],
}

/// What a new key in a slot may overwrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replaceable {
    /// The key with this SHA-256 fingerprint.
    Key(Fingerprint),
    /// Whatever firmware before 5.3 doesn't tell of: nothing, or a key that was brought in.
    Untold,
}

/// What a card says of a key that was born in it, not yet believed: two certificates in DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotAttestation {
    /// About the key, signed by the key in slot f9.
    pub leaf: Vec<u8>,
    /// The certificate in slot f9.
    pub f9: Vec<u8>,
}
