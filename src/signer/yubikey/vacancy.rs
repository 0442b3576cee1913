//! Whether a new key may go into a slot: a key that is there goes only if it is named.

use ssh_key::HashAlg;

use super::contents::Contents;
use super::device::Device;
use super::management_key::{authenticate, require_kept};
use super::pin::Access;
use super::{CardFault, Firmware, NewSlotKey, PinPolicy, Replaceable, Slot, SlotLocator};
use crate::secret::{AskPin, SourcedPin};
use crate::signer::error::{OpeningError, PlaceError};

/// Finds the card that `locator` names.
pub(super) fn find(locator: &SlotLocator) -> Result<Device, PlaceError> {
    let found: Result<_, OpeningError> = Device::find(locator.serial, &locator.to_string());
    Ok(found?)
}

/// Makes sure that the slot is free as far as the card tells without a PIN, and changes nothing.
pub(in crate::signer) fn require_free(
    locator: &SlotLocator,
    wanted: &NewSlotKey<'_>,
) -> Result<(), PlaceError> {
    require(&mut find(locator)?, locator.slot, wanted)
}

/// Makes sure that a new key may go into the slot and can be used there, before anything in the
/// card is changed: the place, the PIN that the key will want, and the management key.
pub(super) fn open(
    device: &mut Device,
    locator: &SlotLocator,
    wanted: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), PlaceError> {
    let pins = &mut SourcedPin::new(locator.pin_source.as_deref(), pins);
    require(device, locator.slot, wanted)?;
    require_kept(device, wanted.management_key)?;
    // A wrong PIN would show at the new key's first signature, when the old one is gone.
    if wanted.wants_pin() {
        Access::open(device, Some(PinPolicy::Once), pins)?;
    }
    Ok(authenticate(device, wanted.management_key, pins)?)
}

/// Refuses a slot whose key `wanted` does not name.
///
/// Old firmware can't tell an empty slot from an imported key, so where it tells of none,
/// something goes there only if `wanted` says that it may be lost.
fn require(device: &mut Device, slot: Slot, wanted: &NewSlotKey<'_>) -> Result<(), PlaceError> {
    let name = device.name();
    let contents = Contents::read(device, slot).map_err(|fault| fault.at(&name))?;
    let Some(contents) = contents else {
        return may_go(device, slot, wanted);
    };
    let key = contents.public_key.as_ref().ok();
    let there = key.map(|key| key.fingerprint(HashAlg::Sha256));
    match &there {
        Some(there) if wanted.replace.contains(&Replaceable::Key(*there)) => Ok(()),
        _ => Err(PlaceError::SlotTaken {
            device: name,
            slot,
            fingerprint: there.map_or_else(|| UNKNOWN.to_owned(), |there| there.to_string()),
        }),
    }
}

/// Whether something may go where the card tells of no key.
fn may_go(device: &Device, slot: Slot, wanted: &NewSlotKey<'_>) -> Result<(), PlaceError> {
    let firmware = device.firmware();
    // Before attestation, a key that was made in the card isn't told of either.
    let may_be_lost =
        firmware >= Firmware::ATTESTATION && wanted.replace.contains(&Replaceable::Untold);
    if firmware >= Firmware::METADATA || may_be_lost {
        Ok(())
    } else {
        Err(PlaceError::SlotUntold {
            device: device.name(),
            slot,
            firmware,
        })
    }
}

/// What is in the slot now.
pub(super) fn read_back(device: &mut Device, slot: Slot) -> Result<Contents, PlaceError> {
    let contents = Contents::read(device, slot);
    let contents = contents.and_then(|contents| contents.ok_or(CardFault::NotFound));
    Ok(contents.map_err(|fault| fault.at(&device.name()))?)
}

const UNKNOWN: &str = "of a kind that SSH does not know";
