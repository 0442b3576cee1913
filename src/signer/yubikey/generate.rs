//! A new key pair, born in a slot.

use std::time::Duration;

use ::yubikey::piv::{self, AlgorithmId};

use super::contents::id;
use super::deadline::Patience;
use super::device::Device;
use super::signer::facts;
use super::vacancy::{self, read_back};
use super::{CardFault, NewSlotKey, Slot, SlotLocator};
use crate::secret::AskPin;
use crate::signer::error::{GenerateError, PlaceError};
use crate::signer::{KeyAlgorithm, NewKey};

/// Makes the key in the slot that `locator` names, which must be empty.
pub(in crate::signer) fn generate(
    locator: &SlotLocator,
    algorithm: KeyAlgorithm,
    wanted: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    let mut device = vacancy::find(locator)?;
    let name = device.name();
    let cannot = GenerateError::CardCannotGenerate {
        device: name.clone(),
        firmware: device.firmware(),
        algorithm,
    };
    let Some(kind) = kind(algorithm) else {
        return Err(cannot);
    };
    vacancy::open(&mut device, locator, wanted, pins)?;
    make(&mut device, locator.slot, kind, wanted).map_err(|fault| match fault {
        CardFault::NotSupported => cannot,
        other => PlaceError::from(other.at(&name)).into(),
    })?;
    let contents = read_back(&mut device, locator.slot)?;
    Ok(facts(&device, &contents, locator).map_err(PlaceError::from)?)
}

fn make(
    device: &mut Device,
    slot: Slot,
    kind: AlgorithmId,
    wanted: &NewSlotKey<'_>,
) -> Result<(), CardFault> {
    let (pin, touch) = wanted.policies();
    device.call_within(&Patience::of(GENERATION_MAX), move |card| {
        piv::generate(card, id(slot)?, kind, pin, touch).map(drop)
    })
}

fn kind(algorithm: KeyAlgorithm) -> Option<AlgorithmId> {
    match algorithm {
        KeyAlgorithm::P256 => Some(AlgorithmId::EccP256),
        KeyAlgorithm::P384 => Some(AlgorithmId::EccP384),
        KeyAlgorithm::P521 => None,
        KeyAlgorithm::Rsa2048 => Some(AlgorithmId::Rsa2048),
        KeyAlgorithm::Rsa3072 => Some(AlgorithmId::Rsa3072),
        KeyAlgorithm::Rsa4096 => Some(AlgorithmId::Rsa4096),
        KeyAlgorithm::Ed25519 => Some(AlgorithmId::Ed25519),
    }
}

/// A card looks for two large primes, some of them for minutes.
const GENERATION_MAX: Duration = Duration::from_secs(600);
