//! The data object on a card that says which ledger counts the serials of a key.
//!
//! It is object 5f504d, which is nobody's: firmware takes any object from 5f0000 to 5fffff,
//! SP 800-73-4 (part 1, table 3) gives those of 5fc1 away, and Yubico's tools those of 5fff
//! (the attestation certificate and what is kept of a management key among them). One object
//! serves all slots, by the keys' fingerprints: a key that is moved to another slot (from
//! firmware 5.7), or deleted and brought in again, stays bound. Anybody can read it; whoever
//! writes it has to prove the management key.

use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::device::Device;
use super::management_key::authenticate;
use super::records::Records;
use super::{CardFault, ManagementKey, SlotLocator};
use crate::secret::{AskPin, SourcedPin};
use crate::signer::error::{BindError, OpeningError};

/// The ledgers that the card names for `key`.
pub(in crate::signer) fn bound_to(
    locator: &SlotLocator,
    key: &KeyData,
) -> Result<Vec<String>, OpeningError> {
    let mut device = Device::find(locator.serial, &locator.to_string())?;
    let bindings = Bindings::read(&mut device).map_err(|fault| fault.at(&device.name()));
    device.leave();
    Ok(match bindings? {
        Some(bindings) => bindings.of(key),
        None => vec![UNREADABLE.to_owned()],
    })
}

/// Has the card name `ledger` for `key`, and no other. What it names for other keys stays; what
/// cannot be read goes.
pub(in crate::signer) fn bind(
    locator: &SlotLocator,
    key: &KeyData,
    ledger: &str,
    management_key: ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), BindError> {
    let mut device = Device::find(locator.serial, &locator.to_string())?;
    let pins = &mut SourcedPin::new(locator.pin_source.as_deref(), pins);
    authenticate(&mut device, management_key, pins)?;
    let bound = write(&mut device, key, ledger);
    bound.map_err(|source| BindError::CardRefused {
        device: device.name(),
        source,
    })
}

fn write(device: &mut Device, key: &KeyData, ledger: &str) -> Result<(), CardFault> {
    let mut bindings = Bindings::read(device)?.unwrap_or_default();
    bindings.set(key, ledger);
    let mut bytes = bindings.0.written_within(ALL).ok_or(CardFault::Full)?;
    device.call(move |card| card.save_object(OBJECT, &mut bytes))?;
    match Bindings::read(device)? {
        Some(there) if there.of(key) == [ledger] => Ok(()),
        _ => Err(CardFault::Malformed),
    }
}

/// A record for each key: its SHA-256 fingerprint, then the name of the ledger.
#[derive(Default)]
struct Bindings(Records);

impl Bindings {
    /// None if the object holds something else.
    fn read(device: &mut Device) -> Result<Option<Self>, CardFault> {
        match device.call(|card| card.fetch_object(OBJECT)) {
            Ok(bytes) => Ok(Records::within(ALL, &bytes).map(Self)),
            Err(CardFault::NotFound) => Ok(Some(Self::default())),
            Err(fault) => Err(fault),
        }
    }

    fn of(&self, key: &KeyData) -> Vec<String> {
        let fingerprint = fingerprint(key);
        let named = self.0.all(ONE).filter_map(|value| {
            let name = value.strip_prefix(fingerprint.as_slice())?;
            Some(String::from_utf8_lossy(name).into_owned())
        });
        named.collect()
    }

    fn set(&mut self, key: &KeyData, ledger: &str) {
        let fingerprint = fingerprint(key);
        self.0
            .retain(|tag, value| tag != ONE || !value.starts_with(&fingerprint));
        self.0.add(ONE, &[&fingerprint, ledger.as_bytes()].concat());
    }
}

fn fingerprint(key: &KeyData) -> Vec<u8> {
    key.fingerprint(HashAlg::Sha256).as_bytes().to_vec()
}

const OBJECT: u32 = 0x005f_504d;
const ALL: u8 = 0x80;
const ONE: u8 = 0x81;

/// What stands for a name where the object holds something else: no ledger of ours.
const UNREADABLE: &str = "that cannot be read (object 5f504d)";

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> KeyData {
        KeyData::Ed25519(ssh_key::public::Ed25519PublicKey([number; 32]))
    }

    #[test]
    fn each_key_has_one_ledger_and_the_others_stay() {
        let mut bindings = Bindings::default();
        bindings.set(&key(1), "ledger one");
        bindings.set(&key(2), "ledger two");
        bindings.set(&key(1), "ledger three");
        let written = bindings.0.written_within(ALL).unwrap();
        let read = Bindings(Records::within(ALL, &written).unwrap());
        assert_eq!(read.of(&key(1)), ["ledger three"]);
        assert_eq!(read.of(&key(2)), ["ledger two"]);
        assert!(read.of(&key(3)).is_empty());
    }

    #[test]
    fn a_card_names_the_ledgers_of_dozens_of_keys_and_says_when_it_is_full() {
        let mut bindings = Bindings::default();
        let room = (1..=u8::MAX).take_while(|number| {
            bindings.set(&key(*number), &"n".repeat(33));
            bindings.0.written_within(ALL).is_some()
        });
        assert!(room.count() > 40);
    }
}
