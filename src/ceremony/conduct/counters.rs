//! What the devices are left with that shares opened for this ceremony.
//!
//! That a device is about to get other secrets is an entry of the ledger before it is changed, and so is that it opened
//! with them. A run that was cut short between brings it to the end of that before anything else asks for its PIN.

use super::{Conduct, ConductError};
use crate::ceremony::counters::{AtTheEnd, had, set_since};
use crate::ceremony::custody::Custodians;
use crate::ceremony::facts::{LEDGER_BEFORE, MISSING, head_of_words, opened_by_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Hardware, Kind, Pins};
use crate::ceremony::steps::{Act, Step, steps};
use crate::config::Config;
use crate::ledger::{Derivation, Ledger};
use crate::secret::share::SharedSecret;
use crate::signer::yubikey::setup::{self, SecretState};

impl Conduct<'_> {
    /// Gives each device that shares opened the secrets of its next counter, or notes that it keeps those that it has.
    pub(super) fn counters(&mut self, step: &Step) -> Result<(), ConductError> {
        let rotates = self.custody()?.rotates;
        let devices = self.setting.plan.devices.iter();
        for device in devices.filter(|device| device.pins == Pins::Shares) {
            let end = self.at_the_end(device, rotates)?;
            self.fact(step, &opened_by_fact(device), &end.words())?;
        }
        Ok(())
    }

    fn at_the_end(&mut self, device: &Device, rotates: bool) -> Result<AtTheEnd, ConductError> {
        // What a run before this one told of it stays: a session since then is an entry of others.
        let told = self.transcript().fact(&opened_by_fact(device));
        if let Some(end) = told.and_then(AtTheEnd::parse) {
            return Ok(end);
        }
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let name = key_place::device(device);
        let found = self.found()?;
        let before = || {
            let had = had(&ledger, &name, found)?;
            had.ok_or_else(|| ConductError::NotOpenedBy(device.name.clone()))
        };
        if !rotates {
            return Ok(AtTheEnd::Kept(before()?));
        }
        if self.was_reset(device)? {
            return Ok(AtTheEnd::Reset);
        }
        // What a run that was cut short had done is not done again.
        let since = set_since(&ledger, &name, found)?;
        if let Some((by, _)) = since.last() {
            return Ok(AtTheEnd::Changed(*by));
        }
        let before = before()?;
        if self.is_noted_missing(device) {
            return Ok(AtTheEnd::Missing(before));
        }
        // It is lent to what else needs all of the run.
        let Some(shared) = self.shared.take() else {
            return Ok(AtTheEnd::Missing(before));
        };
        let changed = self.next_counter(&config, shared.secret(), device);
        self.shared = Some(shared);
        Ok(AtTheEnd::Changed(changed?))
    }

    fn next_counter(
        &mut self,
        config: &Config,
        secret: &SharedSecret,
        device: &Device,
    ) -> Result<Derivation, ConductError> {
        let custodians = Custodians {
            config,
            keyboard: &self.setting.keyboard,
        };
        let name = key_place::device(device);
        let by = custodians.next_counter(self.room, secret, &name)?;
        self.know_derived(device, secret, by.counter)?;
        Ok(by)
    }

    /// Brings a device to the end of a change that an earlier run of this ceremony was cut short in; none where
    /// the change is somebody else's.
    pub(super) fn finished_change(
        &mut self,
        config: &Config,
        secret: &SharedSecret,
        device: &Device,
    ) -> Result<Option<Derivation>, ConductError> {
        let mut left = steps(self.plan).into_iter();
        let next = left.find(|step| !self.transcript().is_done(&step.name));
        if next.is_none_or(|step| step.act != Act::Counters) {
            return Ok(None);
        }
        let custodians = Custodians {
            config,
            keyboard: &self.setting.keyboard,
        };
        let name = key_place::device(device);
        Ok(Some(custodians.finish_change(self.room, secret, &name)?))
    }

    /// The size of the ledger that was found.
    fn found(&self) -> Result<u64, ConductError> {
        let words = self.transcript().fact(LEDGER_BEFORE);
        let head = words.and_then(head_of_words);
        Ok(head
            .ok_or(ConductError::Gone("the ledger as it was found"))?
            .size)
    }

    /// A card that held the last copy of a key was reset, and has nothing of the shares any more.
    fn was_reset(&self, device: &Device) -> Result<bool, ConductError> {
        match device.hardware {
            Hardware::YubiKey { serial, .. } if self.plan.kind() == Kind::Retire => {
                Ok(setup::state(Some(serial))?.pin == SecretState::Factory)
            }
            _ => Ok(false),
        }
    }

    fn is_noted_missing(&self, device: &Device) -> bool {
        let fact = self.transcript().fact(&format!("device {}", device.name));
        fact.is_some_and(|says| says.contains(&format!(", {MISSING}: ")))
    }
}
