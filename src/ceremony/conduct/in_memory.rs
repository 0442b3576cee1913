//! A key that is made in memory and put into several devices.

use super::{Conduct, ConductError};
use crate::ca::{InMemory, establish_in_memory};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca, KeyPlace};
use crate::ceremony::steps::{Step, in_memory};
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{self, Locator};

impl Conduct<'_> {
    /// Makes the key, puts it into each device, and makes it a CA.
    pub(super) fn in_memory(
        &mut self,
        step: &Step,
        ca: &Ca,
        others: &[String],
    ) -> Result<(), ConductError> {
        // Whatever is in a slot from here on was put there by this ceremony.
        if self.transcript().intent(&step.name).is_none() {
            let free = |place: &Locator| match place {
                Locator::YubiKey(_) => signer::require_free(place, &NewSlotKey::default()),
                _ => Ok(()),
            };
            self.places(ca, others, &[])?.iter().try_for_each(free)?;
        }
        let locator = self.place_of(step, &ca.device, &ca.place)?;
        let id = locator.key_id().unwrap_or_default().to_vec();
        let others = self.places(ca, others, &id)?;
        let new = InMemory {
            name: &ca.name,
            purpose: ca.certificates,
            algorithm: ca.algorithm,
            locator: &locator,
            others: &others,
            in_slot: in_slot(&ca.place),
        };
        let (keyboard, now) = (self.setting.keyboard.clone(), self.room.now());
        let key = establish_in_memory(&self.place, &new, &mut self.pins, &keyboard, now)?;
        self.fact(step, &in_memory_fact(ca), &in_memory(ca))?;
        self.copied(step, ca, &key)?;
        self.public(step, (ca.name.as_str(), &key))
    }

    fn places(&self, ca: &Ca, devices: &[String], id: &[u8]) -> Result<Vec<Locator>, ConductError> {
        let place = |name: &String| Ok(key_place::key(self.device_of(name)?, &ca.place, id)?);
        devices.iter().map(place).collect()
    }
}

/// What a card is asked for.
pub(super) fn in_slot(place: &KeyPlace) -> NewSlotKey<'static> {
    match place {
        KeyPlace::Label(_) => NewSlotKey::default(),
        KeyPlace::Slot { pin, touch, .. } => NewSlotKey {
            pin: Some(*pin),
            touch: Some(*touch),
            ..NewSlotKey::default()
        },
    }
}

/// The fact that no device can attest a key.
pub(in crate::ceremony) fn in_memory_fact(ca: &Ca) -> String {
    format!("NOT ATTESTED {}", ca.name)
}
