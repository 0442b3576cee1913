//! A new key pair, born in a slot.

use std::time::Duration;

use ::yubikey::piv::{self, AlgorithmId, ManagementSlotId, SlotAlgorithmId, SlotId};
use ::yubikey::{Error, MgmKey, YubiKey};
use zeroize::Zeroizing;

use super::contents::{Contents, id};
use super::deadline::Patience;
use super::device::Device;
use super::pin::Access;
use super::signer::facts;
use super::{CardFault, Firmware, NewSlotKey, PinPolicy, Slot, SlotLocator, TouchPolicy};
use crate::secret::{AskPin, Pin};
use crate::signer::{KeyAlgorithm, NewKey, SignerError};

/// Makes the key in the slot that `locator` names, which must be empty.
pub(in crate::signer) fn generate(
    locator: &SlotLocator,
    algorithm: KeyAlgorithm,
    wanted: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, SignerError> {
    let mut device = Device::find(locator.serial, &locator.to_string())?;
    let name = device.name();
    let cannot = SignerError::CardCannotGenerate {
        device: name.clone(),
        firmware: device.firmware(),
        algorithm,
    };
    let Some(kind) = kind(algorithm) else {
        return Err(cannot);
    };
    require_empty(&mut device, locator.slot, &name)?;
    authenticate(&mut device, wanted.management_key, pins)?;
    make(&mut device, locator.slot, kind, wanted).map_err(|fault| match fault {
        CardFault::NotSupported => cannot,
        other => other.at(&name),
    })?;
    let contents = Contents::read(&mut device, locator.slot);
    let contents = contents.and_then(|contents| contents.ok_or(CardFault::NotFound));
    let contents = contents.map_err(|fault| fault.at(&name))?;
    facts(&device, &contents, locator.slot)
}

/// Old firmware can't tell an empty slot from an imported key, so nothing is made there.
fn require_empty(device: &mut Device, slot: Slot, name: &str) -> Result<(), SignerError> {
    if device.firmware() < METADATA {
        return Err(SignerError::SlotUntold {
            device: name.to_owned(),
            firmware: device.firmware(),
        });
    }
    match Contents::read(device, slot).map_err(|fault| fault.at(name))? {
        None => Ok(()),
        Some(_) => Err(SignerError::SlotTaken {
            device: name.to_owned(),
            slot,
        }),
    }
}

/// Shows the management key that was given, else the one that the card keeps behind its PIN.
fn authenticate(
    device: &mut Device,
    given: Option<&Pin>,
    pins: &mut dyn AskPin,
) -> Result<(), SignerError> {
    let name = device.name();
    let refused = |fault| match fault {
        CardFault::NotAllowed => SignerError::ManagementKeyRefused {
            device: name.clone(),
        },
        other => other.at(&name),
    };
    match given {
        Some(given) => {
            let bytes = from_hex(given.expose()).ok_or(SignerError::ManagementKeyForm)?;
            let shown = device.call(move |card| {
                let key = given_key(card, &bytes)?;
                card.authenticate(&key)
            });
            shown.map_err(refused)
        }
        None => {
            Access::open(device, Some(PinPolicy::Once), pins)?;
            let kept = device.call(MgmKey::get_protected);
            let key = kept.map_err(|_nothing_kept| SignerError::ManagementKeyMissing {
                device: name.clone(),
            })?;
            device
                .call(move |card| card.authenticate(&key))
                .map_err(refused)
        }
    }
}

/// The factory's key is weak by the crate's word, so it is known by its bytes.
fn given_key(card: &mut YubiKey, bytes: &[u8]) -> Result<MgmKey, Error> {
    let slot = SlotId::Management(ManagementSlotId::Management);
    let algorithm = match piv::metadata(card, slot)?.algorithm {
        SlotAlgorithmId::Management(algorithm) => algorithm,
        _ => return Err(Error::ParseError),
    };
    match MgmKey::from_bytes(bytes, Some(algorithm)) {
        Err(_) if bytes == FACTORY => MgmKey::get_default(card),
        Err(_) => Err(Error::AuthenticationError),
        key => key,
    }
}

fn make(
    device: &mut Device,
    slot: Slot,
    kind: AlgorithmId,
    wanted: &NewSlotKey<'_>,
) -> Result<(), CardFault> {
    let pin = match wanted.pin.unwrap_or(PinPolicy::Always) {
        PinPolicy::Never => ::yubikey::PinPolicy::Never,
        PinPolicy::Once => ::yubikey::PinPolicy::Once,
        PinPolicy::Always => ::yubikey::PinPolicy::Always,
    };
    let touch = match wanted.touch.unwrap_or(TouchPolicy::Always) {
        TouchPolicy::Never => ::yubikey::TouchPolicy::Never,
        TouchPolicy::Always => ::yubikey::TouchPolicy::Always,
        TouchPolicy::Cached => ::yubikey::TouchPolicy::Cached,
    };
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

/// 16, 24 or 32 bytes.
fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    if !matches!(digits.len(), 32 | 48 | 64) {
        return None;
    }
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    digits
        .chunks(2)
        .map(byte)
        .collect::<Option<_>>()
        .map(Zeroizing::new)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

/// A card looks for two large primes, some of them for minutes.
const GENERATION_MAX: Duration = Duration::from_secs(600);

/// The first firmware that tells of every key.
const METADATA: Firmware = Firmware {
    major: 5,
    minor: 3,
    patch: 0,
};

/// Every card's management key when it is new.
const FACTORY: [u8; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_management_key_is_hexadecimal_of_a_length_that_cards_have() {
        let factory = "010203040506070801020304050607080102030405060708";
        assert_eq!(from_hex(factory).unwrap().as_slice(), FACTORY);
        for text in ["", "0102", &factory[1..], &factory.replace("01", "0x")] {
            assert_eq!(from_hex(text), None, "{text:?}");
        }
    }
}
