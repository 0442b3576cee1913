//! What a card says of a key that was born in it, signed by the card itself.

use ::yubikey::piv;

use super::contents::id;
use super::device::Device;
use super::records::Records;
use super::{CardFault, SlotAttestation, SlotLocator};
use crate::signer::error::OpeningError;

/// The attestation of the key in a slot; none if the key was brought in, or the card has
/// lost what it attests with.
pub(in crate::signer) fn attest(
    locator: &SlotLocator,
) -> Result<Option<SlotAttestation>, OpeningError> {
    let mut device = Device::find(locator.serial, &locator.to_string())?;
    let slot = locator.slot;
    let leaf = device.call(move |card| piv::attest(card, id(slot)?));
    let attestation = match told(leaf) {
        Ok(Some(leaf)) => f9_certificate(&mut device).map(|f9| {
            f9.map(|f9| SlotAttestation {
                leaf: leaf.to_vec(),
                f9,
            })
        }),
        Ok(None) => Ok(None),
        Err(fault) => Err(fault),
    };
    let attestation = attestation.map_err(|fault| fault.at(&device.name()));
    device.leave();
    Ok(attestation?)
}

/// The certificate in slot f9, in DER, as its bytes stand on the card.
pub(super) fn f9_certificate(device: &mut Device) -> Result<Option<Vec<u8>>, CardFault> {
    let object = told(device.call(|card| card.fetch_object(F9_OBJECT)))?;
    Ok(object.and_then(|bytes| match bytes.first() {
        // Some cards have it without the records around.
        Some(&SEQUENCE) => Some(bytes.to_vec()),
        _ => Some(Records::read(&bytes)?.find(CERTIFICATE)?.to_vec()),
    }))
}

/// A card that says no has nothing; one that doesn't answer is a fault.
fn told<T>(answer: Result<T, CardFault>) -> Result<Option<T>, CardFault> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(
            CardFault::NotFound
            | CardFault::NotSupported
            | CardFault::Malformed
            | CardFault::Refused { .. },
        ) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Yubico's own object, with the records of SP 800-73-4 part 1, table 10.
const F9_OBJECT: u32 = 0x005f_ff01;
const CERTIFICATE: u8 = 0x70;
const SEQUENCE: u8 = 0x30;
