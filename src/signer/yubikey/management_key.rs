//! The card's management key: which one it is, and the proof that it is known.

use ::yubikey::piv::{self, ManagementSlotId, SlotAlgorithmId, SlotId};
use ::yubikey::{Error, MgmAlgorithmId, MgmKey, YubiKey};
use zeroize::Zeroizing;

use super::device::Device;
use super::kept::keeps_management_key;
use super::pin::Access;
use super::{CardFault, ManagementKey, ManagementKeyError, PinPolicy};
use crate::secret::AskPin;

/// Proves `key` to the card. The one behind the PIN costs a PIN.
pub(super) fn authenticate(
    device: &mut Device,
    key: ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), ManagementKeyError> {
    require_kept(device, key)?;
    if matches!(key, ManagementKey::Protected) {
        Access::open(device, Some(PinPolicy::Once), pins)?;
    }
    prove(device, key)
}

/// Refuses the key behind the PIN where the card says that it keeps none, before anybody is asked
/// for a PIN.
pub(super) fn require_kept(
    device: &mut Device,
    key: ManagementKey<'_>,
) -> Result<(), ManagementKeyError> {
    if !matches!(key, ManagementKey::Protected) {
        return Ok(());
    }
    let name = device.name();
    match keeps_management_key(device) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ManagementKeyError::Missing { device: name }),
        Err(fault) => Err(fault.at(&name).into()),
    }
}

/// Proves `key` to a card that has seen its PIN, where `key` is the one behind it.
pub(super) fn prove(device: &mut Device, key: ManagementKey<'_>) -> Result<(), ManagementKeyError> {
    let name = device.name();
    let shown = match key {
        ManagementKey::Protected => {
            let kept = device.call(MgmKey::get_protected);
            let key = kept.map_err(|fault| match fault {
                CardFault::Refused { .. } | CardFault::NotFound | CardFault::Malformed => {
                    ManagementKeyError::Missing {
                        device: name.clone(),
                    }
                }
                other => other.at(&name).into(),
            })?;
            device.call(move |card| card.authenticate(&key))
        }
        ManagementKey::Factory => show_bytes(device, Zeroizing::new(FACTORY.to_vec())),
        ManagementKey::Given(text) => {
            let bytes = from_hex(text.expose()).ok_or(ManagementKeyError::Form)?;
            show_bytes(device, bytes)
        }
    };
    shown.map_err(|fault| match fault {
        CardFault::NotAllowed => ManagementKeyError::Refused { device: name },
        other => other.at(&name).into(),
    })
}

fn show_bytes(device: &mut Device, bytes: Zeroizing<Vec<u8>>) -> Result<(), CardFault> {
    device.call(move |card| {
        let algorithm = algorithm(card)?;
        // Another length is another key: the card would say no more.
        let key = MgmKey::from_bytes(&bytes, Some(algorithm));
        card.authenticate(&key.map_err(|_| Error::AuthenticationError)?)
    })
}

/// Which cipher the card's key is for; firmware without metadata knows 3DES only.
fn algorithm(card: &mut YubiKey) -> Result<MgmAlgorithmId, Error> {
    let slot = SlotId::Management(ManagementSlotId::Management);
    match piv::metadata(card, slot) {
        Ok(metadata) => match metadata.algorithm {
            SlotAlgorithmId::Management(algorithm) => Ok(algorithm),
            _ => Err(Error::ParseError),
        },
        Err(Error::NotSupported) => Ok(MgmAlgorithmId::ThreeDes),
        Err(error) => Err(error),
    }
}

/// 16, 24 or 32 bytes.
fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(base16ct::mixed::decode_vec(text).ok()?);
    matches!(bytes.len(), 16 | 24 | 32).then_some(bytes)
}

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
