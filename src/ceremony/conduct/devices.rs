//! The devices of the room: those of the plan, no other, and each of them opens.

use std::path::Path;

use super::{Conduct, ConductError};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Hardware, Pins, TokenPlace};
use crate::ceremony::steps::Step;
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::setup::{self, ManagementKeyState, SecretState};
use crate::signer::yubikey::{CardEntry, Firmware};
use crate::signer::{self, TokenEntry};

impl Conduct<'_> {
    /// Finds the tokens and cards of the plan and no other, and logs in to each whose PIN is set: one
    /// that is wrong shows here.
    pub(super) fn devices(&mut self, step: &Step) -> Result<(), ConductError> {
        for module in &self.setting.plan.modules {
            self.tokens(step, &module.path)?;
        }
        self.cards(step)
    }

    fn tokens(&mut self, step: &Step, module: &Path) -> Result<(), ConductError> {
        let there = tokens(module)?;
        let planned: Vec<_> = self
            .setting
            .plan
            .devices
            .iter()
            .filter_map(|device| match &device.hardware {
                Hardware::Token(token) if token.module == module => Some((device, token)),
                _ => None,
            })
            .collect();
        let is_planned = |entry: &&TokenEntry| planned.iter().any(|(_, token)| is_it(token, entry));
        if let Some(extra) = there.iter().find(|entry| !is_planned(entry)) {
            return Err(ConductError::ExtraDevice(format!(
                "token {:?} with serial {}",
                extra.label.lossy(),
                extra.serial.lossy(),
            )));
        }
        for (device, token) in planned {
            let found = there.iter().find(|entry| is_it(token, entry));
            let found = found.ok_or_else(|| missing(device))?;
            self.log_in_to_token(step, device, token, found)?;
        }
        Ok(())
    }

    fn log_in_to_token(
        &mut self,
        step: &Step,
        device: &Device,
        token: &TokenPlace,
        found: &TokenEntry,
    ) -> Result<(), ConductError> {
        // One whose PINs are changed is opened when they were.
        if device.pins == Pins::AreSet {
            let uri = key_place::token(token)?;
            signer::inventory(Some(&uri), Some((&uri, &mut self.pins)))?;
        }
        let says = format!(
            "{}, of {} ({}), by its own word",
            device.words(),
            found.manufacturer.lossy(),
            found.model.lossy(),
        );
        self.fact(step, &format!("device {}", device.name), &says)
    }

    /// Cards are looked for where the plan has one. Where it has none, what is in a reader is seen
    /// by the modules alone.
    fn cards(&mut self, step: &Step) -> Result<(), ConductError> {
        let planned: Vec<_> = self
            .setting
            .plan
            .devices
            .iter()
            .filter_map(|device| match device.hardware {
                Hardware::YubiKey { serial, firmware } => Some((device, serial, firmware)),
                Hardware::Token(_) => None,
            })
            .collect();
        if planned.is_empty() {
            return Ok(());
        }
        let there = signer::yubikeys().map_err(ConductError::Cards)?;
        let is_planned =
            |card: &&CardEntry| planned.iter().any(|(_, serial, _)| *serial == card.serial);
        if let Some(extra) = there.iter().find(|card| !is_planned(card)) {
            return Err(ConductError::ExtraDevice(format!(
                "YubiKey {}",
                extra.serial
            )));
        }
        for (device, serial, firmware) in planned {
            let found = there.iter().find(|card| card.serial == serial);
            let found = found.ok_or_else(|| missing(device))?;
            self.log_in_to_card(step, device, (serial, firmware), found)?;
        }
        Ok(())
    }

    fn log_in_to_card(
        &mut self,
        step: &Step,
        device: &Device,
        (serial, firmware): (u32, Firmware),
        found: &CardEntry,
    ) -> Result<(), ConductError> {
        if found.firmware != firmware {
            return Err(ConductError::OtherFirmware {
                name: device.name.clone(),
                wanted: firmware,
                found: found.firmware,
            });
        }
        match device.pins {
            Pins::AreSet => {
                require_set(device, serial)?;
                setup::log_in(serial, &mut self.pins)?;
            }
            Pins::Random | Pins::Shares => require_of_factory(serial)?,
        }
        let form = found.form_factor.unwrap_or("form not told");
        let says = format!("{}, {form}, by its own word", device.words());
        self.fact(step, &format!("device {}", device.name), &says)
    }
}

/// Refuses a card that the plan says is set up, and that still has a secret of the factory's.
fn require_set(device: &Device, serial: u32) -> Result<(), ConductError> {
    let state = setup::state(Some(serial))?;
    let is_set = state.pin == SecretState::Own
        && state.puk == SecretState::Own
        && state.management_key == ManagementKeyState::Protected;
    if is_set {
        return Ok(());
    }
    Err(ConductError::NotSetUp(device.name.clone()))
}

/// Refuses a card that somebody used: what is in it then is nobody's of this ceremony.
fn require_of_factory(serial: u32) -> Result<(), ConductError> {
    let state = setup::state(Some(serial))?;
    let is_new = state.pin == SecretState::Factory
        && state.puk == SecretState::Factory
        && state.management_key == ManagementKeyState::Factory;
    if is_new {
        return Ok(());
    }
    Err(ConductError::NotOfFactory(format!("YubiKey {serial}")))
}

/// The tokens that a module shows; a slot of SoftHSM that nobody set up is none.
fn tokens(module: &Path) -> Result<Vec<TokenEntry>, ConductError> {
    let shown = signer::inventory(Some(&Uri::of_module(module.to_owned())), None)?;
    let tokens = shown.slots.into_iter().filter_map(|slot| slot.token);
    Ok(tokens.filter(|token| token.initialized).collect())
}

fn is_it(place: &TokenPlace, token: &TokenEntry) -> bool {
    token.label.lossy() == place.label && token.serial.lossy() == place.serial
}

fn missing(device: &Device) -> ConductError {
    ConductError::NoDevice {
        name: device.name.clone(),
        words: device.words(),
    }
}
