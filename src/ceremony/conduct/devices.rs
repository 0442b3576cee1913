//! The devices of the room: those of the plan, no other, and each of them opens.

use std::path::Path;

use super::{Conduct, ConductError};
use crate::ceremony::facts::device_fact;
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Hardware, Pins, TokenPlace};
use crate::ceremony::steps::{MISSING, Step, is_told_missing, missing as told_missing, steps};
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::setup::{self, ManagementKeyState, SecretState};
use crate::signer::yubikey::{CardEntry, Firmware};
use crate::signer::{self, TokenEntry};

impl Conduct<'_> {
    /// No token or card is there beside those of the plan: for a run that goes on behind the step that
    /// looked, and before each key. Nothing is logged in to.
    pub(super) fn no_extra_device(&self) -> Result<(), ConductError> {
        for module in &self.setting.plan.modules {
            self.no_extra_token(&module.path)?;
        }
        self.no_extra_card().map(drop)
    }

    fn no_extra_token(&self, module: &Path) -> Result<Vec<TokenEntry>, ConductError> {
        let there = tokens(module)?;
        let devices = &self.setting.plan.devices;
        let is_planned = |entry: &&TokenEntry| {
            devices.iter().any(|device| match &device.hardware {
                Hardware::Token(token) => token.module == module && is_it(token, entry),
                Hardware::YubiKey { .. } => false,
            })
        };
        match there.iter().find(|entry| !is_planned(entry)) {
            None => Ok(there),
            Some(extra) => Err(ConductError::ExtraDevice(format!(
                "token {:?} with serial {}",
                extra.label.lossy(),
                extra.serial.lossy(),
            ))),
        }
    }

    fn no_extra_card(&self) -> Result<Vec<CardEntry>, ConductError> {
        let plan = self.setting.plan;
        let is_of_plan = |card: &CardEntry| {
            plan.devices.iter().any(|device| match device.hardware {
                Hardware::YubiKey { serial, .. } => serial == card.serial,
                Hardware::Token(_) => false,
            })
        };
        let is_card = |device: &Device| matches!(device.hardware, Hardware::YubiKey { .. });
        let has_cards = plan.devices.iter().any(is_card);
        // Tokens that are thrown away stand for all devices: whose card is in a reader is nobody's concern.
        if !has_cards && plan.rehearsal_of.is_some() {
            return Ok(Vec::new());
        }
        let there = match signer::yubikeys() {
            Ok(there) => there,
            // A machine for tokens alone may have no readers at all.
            Err(_) if !has_cards => Vec::new(),
            Err(fault) => return Err(ConductError::Cards(fault)),
        };
        for card in there.iter().filter(|card| !is_of_plan(card)) {
            if !self.is_token_of_plan(card)? {
                let card = format!("YubiKey {}", card.serial);
                return Err(ConductError::ExtraDevice(card));
            }
        }
        Ok(there)
    }

    /// Whether a card is what a module shows as a token of the plan, in the same reader.
    fn is_token_of_plan(&self, card: &CardEntry) -> Result<bool, ConductError> {
        for module in &self.setting.plan.modules {
            let shown = signer::inventory(Some(&Uri::of_module(module.path.clone())), None)?;
            let mut slots = shown.slots.iter();
            // No other token is behind a module, by now.
            if slots.any(|slot| slot.token.is_some() && slot.is_reader(&card.reader)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Finds the tokens and cards of the plan and no other, and logs in to each whose PIN is set: one
    /// that is wrong shows here.
    pub(super) fn devices(&mut self, step: &Step) -> Result<(), ConductError> {
        self.are_there_or_missing()?;
        for module in &self.setting.plan.modules {
            self.tokens(step, &module.path)?;
        }
        self.cards(step)
    }

    /// Where what is missing ends nothing, somebody has to say so: a plug may be loose. Nothing is logged in to before.
    fn are_there_or_missing(&self) -> Result<(), ConductError> {
        if !self.is_drill() {
            return Ok(());
        }
        let mut there = Vec::new();
        for module in &self.setting.plan.modules {
            let tokens = self.no_extra_token(&module.path)?.into_iter();
            there.extend(tokens.map(|token| (&module.path, token)));
        }
        let cards = self.no_extra_card()?;
        let is_there = |device: &Device| match &device.hardware {
            Hardware::Token(token) => there
                .iter()
                .any(|(module, entry)| **module == token.module && is_it(token, entry)),
            Hardware::YubiKey { serial, .. } => cards.iter().any(|card| card.serial == *serial),
        };
        let told = told_missing(&steps(self.plan), self.transcript());
        let devices = self.setting.plan.devices.iter();
        let absent = devices.filter(|one| !is_there(one) && !is_told_missing(one, &told));
        let names: Vec<_> = absent.map(|device| format!("`{}`", device.name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(ConductError::Anew(format!(
            "The machine doesn't see {}. Look at the plug, and type the serial number once more; or \"{MISSING}\".",
            names.join(" and ")
        )))
    }

    fn tokens(&mut self, step: &Step, module: &Path) -> Result<(), ConductError> {
        let there = self.no_extra_token(module)?;
        // What was said to be missing is not touched, though it be there.
        let told = told_missing(&steps(self.plan), self.transcript());
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
        for (device, token) in planned {
            let found = there.iter().find(|entry| is_it(token, entry));
            let found = found.filter(|_| !is_told_missing(device, &told));
            let opened = match found {
                Some(found) => self.log_in_to_token(step, device, token, found),
                None => Err(missing(device)),
            };
            self.or_noted(step, device, opened)?;
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
        if self.has_pins(device) {
            self.has_secret_for(device)?;
            let uri = key_place::token(token)?;
            signer::inventory(Some(&uri), Some((&uri, &mut self.pins)))?;
        }
        let says = format!(
            "{}, of {} ({}), by its own word",
            device.words(),
            found.manufacturer.lossy(),
            found.model.lossy(),
        );
        self.fact(step, &device_fact(device), &says)
    }

    /// Whether the device came with its secrets: set before, or by shares in an earlier ceremony.
    fn has_pins(&self, device: &Device) -> bool {
        match device.pins {
            Pins::AreSet => true,
            Pins::Random => false,
            Pins::Shares => self.setting.plan.ledger.is_some(),
        }
    }

    /// Cards are looked for where the plan has one, and wherever a service for readers answers.
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
        let there = self.no_extra_card()?;
        let told = told_missing(&steps(self.plan), self.transcript());
        for (device, serial, firmware) in planned {
            let found = there.iter().find(|card| card.serial == serial);
            let found = found.filter(|_| !is_told_missing(device, &told));
            let opened = match found {
                Some(found) => self.log_in_to_card(step, device, (serial, firmware), found),
                None => Err(missing(device)),
            };
            self.or_noted(step, device, opened)?;
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
        if self.has_pins(device) {
            self.has_secret_for(device)?;
            require_set(device, serial)?;
            setup::log_in(serial, &mut self.pins)?;
        } else {
            require_of_factory(serial)?;
        }
        let form = found.form_factor.unwrap_or("form not told");
        let says = format!("{}, {form}, by its own word", device.words());
        self.fact(step, &device_fact(device), &says)
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
