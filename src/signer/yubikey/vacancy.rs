//! Whether a new key may go into a slot: a key that is there goes only if it is named.

use ssh_key::HashAlg;

use super::contents::Contents;
use super::device::Device;
use super::{CardFault, Firmware, NewSlotKey, Replaceable, Slot};
use crate::signer::SignerError;

/// Refuses a slot whose key `wanted` does not name.
///
/// Old firmware can't tell an empty slot from an imported key, so where it tells of none,
/// something goes there only if `wanted` says that it may be lost.
pub(super) fn require(
    device: &mut Device,
    slot: Slot,
    wanted: &NewSlotKey<'_>,
) -> Result<(), SignerError> {
    let name = device.name();
    let contents = Contents::read(device, slot).map_err(|fault| fault.at(&name))?;
    let Some(contents) = contents else {
        return may_go(device, slot, wanted);
    };
    let key = contents.public_key.as_ref().ok();
    let there = key.map(|key| key.fingerprint(HashAlg::Sha256));
    match &there {
        Some(there) if wanted.replace.contains(&Replaceable::Key(*there)) => Ok(()),
        _ => Err(SignerError::SlotTaken {
            device: name,
            slot,
            fingerprint: there.map_or_else(|| UNKNOWN.to_owned(), |there| there.to_string()),
        }),
    }
}

/// Whether something may go where the card tells of no key.
fn may_go(device: &Device, slot: Slot, wanted: &NewSlotKey<'_>) -> Result<(), SignerError> {
    let firmware = device.firmware();
    // Before attestation, a key that was made in the card isn't told of either.
    let may_be_lost = firmware >= ATTESTATION && wanted.replace.contains(&Replaceable::Untold);
    match firmware >= METADATA || may_be_lost {
        true => Ok(()),
        false => Err(SignerError::SlotUntold {
            device: device.name(),
            slot,
            firmware,
        }),
    }
}

/// What is in the slot now.
pub(super) fn read_back(device: &mut Device, slot: Slot) -> Result<Contents, SignerError> {
    let contents = Contents::read(device, slot);
    let contents = contents.and_then(|contents| contents.ok_or(CardFault::NotFound));
    contents.map_err(|fault| fault.at(&device.name()))
}

/// The first firmware that tells of every key.
pub(super) const METADATA: Firmware = Firmware {
    major: 5,
    minor: 3,
    patch: 0,
};

/// The first firmware that tells of keys that were made in it.
const ATTESTATION: Firmware = Firmware {
    major: 4,
    minor: 3,
    patch: 0,
};

const UNKNOWN: &str = "of a kind that SSH does not know";
