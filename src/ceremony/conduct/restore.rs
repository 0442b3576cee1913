//! A copy's device takes the place of one that is lost: tested, recorded, and named by the config.
//!
//! Nothing is done twice: what the ledger has by now is looked at before, so that a run that was cut short
//! goes on.

use super::retire::of_ledger;
use super::{Conduct, ConductError};
use crate::ceremony::facts::{copy_fact, end_fact};
use crate::ceremony::plan::{CaBefore, End, EndOfCopy, Restore, Task};
use crate::ceremony::steps::Step;
use crate::ceremony::test_signature::{message, restored_fact, test_by_fact, test_fact};
use crate::config::{Config, with_key_moved};
use crate::issue::test_signature;
use crate::ledger::{Became, Ca, CopyTried, Ledger, TrialResult, TriedFor};
use crate::output;
use crate::signer::{self, Holder, Locator};

impl<'s> Conduct<'s> {
    /// Each place that is lost is one that ledger or config know, and none is the one that goes on.
    pub(super) fn lost(&mut self, step: &Step) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let mut wrong = Vec::new();
        for (number, lost) in (0..).zip(&self.restoring()?.lost) {
            let planned = self.ca_before(lost)?;
            let places = self.meant(&config, planned, lost)?;
            match places.iter().find(|place| !place.is_gone()) {
                Some(place) => self.fact(step, &copy_fact(number), &place.words())?,
                None => wrong.push(format!(
                    "neither ledger nor config has the key of `{}` in lost place {}",
                    lost.ca,
                    number + 1
                )),
            }
            let locator = match self.setting.plan.blob(&planned.name) {
                Some(blob) => self.place_of_blob(blob)?,
                None => self.copy_in_room(&config, planned)?.0,
            };
            if places.iter().any(|place| place.may_be(&locator)) {
                wrong.push(format!(
                    "lost place {} may be the device that goes on, {locator}",
                    number + 1
                ));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(ConductError::OtherCopies(wrong.join("; ")))
    }

    /// The key signs a test, which is verified by the key that the ledger has.
    pub(super) fn test_key(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let setting = self.setting;
        let planned = self.cas_before().nth(number);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let (locator, holder) = self.copy_in_room(&config, planned)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let key = of_ledger(&ledger, planned)?.public_key().clone();
        let message = message(setting.plan, &planned.name);
        let (_, signature) = test_signature(&locator, &key, &message, &mut self.pins)?;
        signature.verify(&key, &message)?;
        self.fact(step, &test_by_fact(&planned.name), &holder.words)?;
        self.write_fact(step, &test_fact(&planned.name), &signature.to_text()?)
    }

    /// What is lost is recorded as missing, the copy as what is signed by; then the config names it.
    pub(super) fn take_place(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let planned = self.cas_before().nth(number);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let (locator, holder) = self.copy_in_room(&config, planned)?;
        let mut gone = Vec::new();
        let lost = (0..).zip(&self.restoring()?.lost);
        for (number, lost) in lost.filter(|(_, lost)| lost.ca == planned.name) {
            let End::Missing { words, .. } = &lost.end else {
                continue;
            };
            let mut told = Vec::new();
            for place in self.meant(&config, planned, lost)? {
                if !place.is_gone() && place.became != Some(Became::Missing) {
                    self.miss(&config, planned, &place, words)?;
                }
                told.push(place.words());
                gone.extend(place.locator);
            }
            self.fact(step, &end_fact(number), &told.join("; "))?;
        }
        let tried = CopyTried {
            ca: 0,
            device: holder.locator.to_string(),
            holder: holder.words.clone(),
            tried_for: TriedFor::Restore,
            result: TrialResult::Proved,
            word: self.restoring()?.reason.clone(),
            next_due: 0,
            plan: self.setting.plan.sha256,
            keyboard: self.setting.keyboard.clone(),
        };
        self.keep_trial(&config, planned, tried)?;
        let text = with_key_moved(&config, &planned.name, &gone, locator)?;
        output::write(config.path(), text.as_bytes(), CONFIG_MODE)?;
        self.fact(step, &restored_fact(&planned.name), &holder.words)
    }

    /// Has the ledger keep, once for a plan, that a copy of this CA's key was tried. Gives what it keeps.
    pub(super) fn keep_trial(
        &self,
        config: &Config,
        planned: &CaBefore,
        tried: CopyTried,
    ) -> Result<CopyTried, ConductError> {
        let mut ledger = self.ledger(config)?;
        let ca = of_ledger(&ledger, planned)?;
        self.keep_trial_of(&mut ledger, &ca, tried)
    }

    pub(super) fn keep_trial_of(
        &self,
        ledger: &mut Ledger,
        ca: &Ca,
        tried: CopyTried,
    ) -> Result<CopyTried, ConductError> {
        let mut trials = ledger.trials(ca)?.into_iter();
        let is_it = |one: &CopyTried| one.plan == tried.plan && one.result == tried.result;
        if let Some((_, kept)) = trials.find(|(_, one)| is_it(one)) {
            return Ok(kept);
        }
        let tried = CopyTried {
            ca: ca.position(),
            ..tried
        };
        ledger.record_trial(tried.clone(), self.room.now())?;
        Ok(tried)
    }

    /// The key of a CA in its device of the room: how it is reached, and as the ledger names it.
    pub(super) fn copy_in_room(
        &self,
        config: &Config,
        planned: &CaBefore,
    ) -> Result<(Locator, Holder), ConductError> {
        let device = self.plan.device_with(planned).unwrap_or_default();
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let locator = self.key_in_device(config, &ledger, (&planned.name, device))?;
        let holder = signer::holder(&locator)?;
        Ok((locator, holder))
    }

    fn ca_before(&self, lost: &EndOfCopy) -> Result<&'s CaBefore, ConductError> {
        let mut known = self.cas_before();
        known
            .find(|ca| ca.name == lost.ca)
            .ok_or(ConductError::Gone("the CA of the plan"))
    }

    fn restoring(&self) -> Result<&'s Restore, ConductError> {
        match &self.setting.plan.task {
            Task::Restore(restore) => Ok(restore),
            _ => Err(ConductError::Gone("what the plan restores")),
        }
    }
}

/// Others may read it, as `init` writes it.
const CONFIG_MODE: u32 = 0o644;
