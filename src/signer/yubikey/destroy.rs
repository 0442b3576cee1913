//! A key that leaves a card for good: overwritten, and where nothing else is on the card, reset.

use ::yubikey::{Error, YubiKey};
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::contents::Contents;
use super::device::Device;
use super::generate::generate;
use super::vacancy;
use super::{
    CardFault, Firmware, ManagementKey, NewSlotKey, PinPolicy, Replaceable, Slot, SlotLocator,
    TouchPolicy,
};
use crate::secret::AskPin;
use crate::signer::KeyAlgorithm;
use crate::signer::error::{DestroyError, Gone};

/// Makes another key in the slot of `key`, which overwrites it, and reads it back. A card on which
/// no other slot has a key is reset after that: PIN, PUK and management key are the factory's, and
/// nothing is on it but the maker's attestation key.
///
/// A card whose slot is empty, or was overwritten before, is as it should be if no other slot has the
/// key, to which firmware from 5.7 on can move it. Before firmware 5.3 a card can't tell, and the slot
/// is overwritten in any case.
pub(in crate::signer) fn destroy(
    locator: &SlotLocator,
    key: &KeyData,
    management_key: ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    let mut device = vacancy::find(locator)?;
    let (slot, name) = (locator.slot, device.name());
    let tells = device.firmware() >= Firmware::METADATA;
    let wanted = key.fingerprint(HashAlg::Sha256).to_string();
    let before = Keys::read(&mut device)?;
    device.leave();
    let there = before.in_slot(slot);
    if there != Some(wanted.as_str()) {
        if let Some(elsewhere) = before.slot_of(&wanted) {
            return Err(DestroyError::Moved {
                device: name,
                slot: elsewhere,
            });
        }
        match there {
            None if tells => return Ok(Gone::before("the card was there, and its slot is empty")),
            None => {}
            Some(other) => {
                let how = format!("its slot has another key, {other}, and no slot has this one");
                return Ok(Gone::before(&how));
            }
        }
    }
    overwrite(locator, key, management_key, pins)?;
    let mut device = vacancy::find(locator)?;
    let after = Keys::read(&mut device)?;
    if after.slot_of(&wanted).is_some() {
        return Err(DestroyError::StillThere { device: name });
    }
    let others = after.other_than(slot);
    if !others.is_empty() {
        return Ok(Gone::now(format!(
            "its slot was overwritten; the card was not reset, since it has a key in {}",
            others.join(", ")
        )));
    }
    reset(&mut device)?;
    let mut device = vacancy::find(locator)?;
    if !Keys::read(&mut device)?.0.is_empty() {
        return Err(DestroyError::StillThere { device: name });
    }
    device.leave();
    Ok(Gone::now(
        "its slot was overwritten, and the card reset".to_owned(),
    ))
}

/// A key that nobody has a use for, in the place of the one that goes.
fn overwrite(
    locator: &SlotLocator,
    key: &KeyData,
    management_key: ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), DestroyError> {
    let replace = [
        Replaceable::Key(key.fingerprint(HashAlg::Sha256)),
        Replaceable::Untold,
    ];
    let throw_away = NewSlotKey {
        pin: Some(PinPolicy::Never),
        touch: Some(TouchPolicy::Never),
        management_key,
        replace: &replace,
    };
    Ok(generate(locator, KeyAlgorithm::P256, &throw_away, pins).map(drop)?)
}

/// The keys that a card tells of, each by its slot and fingerprint.
struct Keys(Vec<(Slot, String)>);

impl Keys {
    fn read(device: &mut Device) -> Result<Self, DestroyError> {
        let mut keys = Vec::new();
        for slot in Slot::all() {
            let contents =
                Contents::read(device, slot).map_err(|fault| fault.at(&device.name()))?;
            let Some(contents) = contents else { continue };
            let fingerprint = contents.public_key.map_or_else(
                |_no_key_of_ssh| "of a kind that SSH does not know".to_owned(),
                |key| key.fingerprint(HashAlg::Sha256).to_string(),
            );
            keys.push((slot, fingerprint));
        }
        Ok(Self(keys))
    }

    fn in_slot(&self, slot: Slot) -> Option<&str> {
        let mut keys = self.0.iter();
        keys.find(|(at, _)| *at == slot)
            .map(|(_, key)| key.as_str())
    }

    fn slot_of(&self, fingerprint: &str) -> Option<Slot> {
        let mut keys = self.0.iter();
        keys.find(|(_, key)| key == fingerprint).map(|(at, _)| *at)
    }

    fn other_than(&self, slot: Slot) -> Vec<String> {
        let others = self.0.iter().filter(|(at, _)| *at != slot);
        others.map(|(at, _)| format!("slot {at}")).collect()
    }
}

/// A reset wants PIN and PUK locked, so that nobody resets a card in passing.
fn reset(device: &mut Device) -> Result<(), DestroyError> {
    lock(device, "PIN", |card, wrong| card.verify_pin(wrong))?;
    lock(device, "PUK", |card, wrong| card.change_puk(wrong, wrong))?;
    let done = device.call(YubiKey::reset_device);
    Ok(done.map_err(|fault| fault.at(&device.name()))?)
}

/// Tries what nobody chose until the card takes no more tries.
fn lock(
    device: &mut Device,
    secret: &'static str,
    attempt: fn(&mut YubiKey, &[u8]) -> Result<(), Error>,
) -> Result<(), DestroyError> {
    for number in 0..=MOST_TRIES {
        let wrong = format!(
            "{:08}",
            90_817_263_u32.wrapping_sub(number.wrapping_mul(7_919))
        );
        match device.call(move |card| attempt(card, wrong.as_bytes())) {
            Err(CardFault::WrongPin { tries: 0 }) => return Ok(()),
            // Even this may be the right one; the next is another.
            Ok(()) | Err(CardFault::WrongPin { .. }) => {}
            Err(other) => return Err(other.at(&device.name()).into()),
        }
    }
    Err(DestroyError::NotLocked {
        device: device.name(),
        secret,
    })
}

/// A card allows no more than 255 tries (SP 800-73-4 part 2, 2.4.3, has one byte for it).
const MOST_TRIES: u32 = 256;
