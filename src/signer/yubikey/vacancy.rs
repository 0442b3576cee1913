//! Whether a new key may go into a slot: a key that is there goes only if it is named.

use ssh_key::HashAlg;

use super::contents::Contents;
use super::device::Device;
use super::{CardFault, Firmware, NewSlotKey, Slot};
use crate::signer::SignerError;

/// Refuses a slot whose key `wanted` does not name.
///
/// Old firmware can't tell an empty slot from an imported key, so nothing goes there unless
/// it tells of a key, and that is the named one.
pub(super) fn require(
    device: &mut Device,
    slot: Slot,
    wanted: &NewSlotKey<'_>,
) -> Result<(), SignerError> {
    let name = device.name();
    let contents = Contents::read(device, slot).map_err(|fault| fault.at(&name))?;
    let Some(contents) = contents else {
        return match device.firmware() < METADATA {
            true => Err(SignerError::SlotUntold {
                device: name,
                firmware: device.firmware(),
            }),
            false => Ok(()),
        };
    };
    let key = contents.public_key.as_ref().ok();
    let there = key.map(|key| key.fingerprint(HashAlg::Sha256));
    match &there {
        Some(there) if wanted.replace.contains(there) => Ok(()),
        _ => Err(SignerError::SlotTaken {
            device: name,
            slot,
            fingerprint: there.map_or_else(|| UNKNOWN.to_owned(), |there| there.to_string()),
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

const UNKNOWN: &str = "of a kind that SSH does not know";
