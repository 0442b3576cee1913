//! The real copies are tried, and nothing is issued or changed: what is missing is noted, and ends nothing.

use super::key_fault::KeyFault;
use super::retire::of_ledger;
use super::rollover::named;
use super::{Conduct, ConductError};
use crate::ca::blob_name;
use crate::ceremony::facts::{FIRST_DRILL, MISSING, device_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, Device, Drill, Pins, PlannedBlob, Task};
use crate::ceremony::steps::Step;
use crate::ceremony::test_signature::{in_words, on_spare_in_words, tried_fact, tried_in_words};
use crate::ledger::{CopyTried, Ledger, TrialResult, TriedFor};
use crate::signer::{self, Holder};

impl Conduct<'_> {
    /// A copy shows that it has the key and signs a test; or what keeps it from that is noted.
    pub(super) fn try_copy(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let planned = self.cas_before().nth(number);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let tried = self.tried(step, number, planned);
        let took = self.room.now().saturating_sub(self.begun());
        let blob = self.setting.plan.blob(&planned.name);
        let (result, word) = match &tried {
            Ok(_) => match blob {
                Some(blob) => (TrialResult::Proved, on_spare_in_words(&blob.onto, took)),
                None => (TrialResult::Proved, in_words(took)),
            },
            Err(error) if error.is_of_device() || error.is_of_wrapped_key() => {
                (TrialResult::Failed, chain(error))
            }
            Err(_) => return tried.map(drop),
        };
        let place = match (blob, tried) {
            (Some(blob), _) => self.name_of_blob(blob)?,
            (None, Ok(holder)) => (holder.locator.to_string(), holder.words),
            (None, Err(_)) => {
                let holder = self.place_of_copy(planned)?;
                (holder.locator.to_string(), holder.words)
            }
        };
        // As the ledger has it, by a run that was cut short behind it too.
        let kept = self.keep_drill(planned, place, result, &word)?;
        self.fact(step, &tried_fact(&planned.name), &tried_in_words(&kept))
    }

    fn tried(
        &mut self,
        step: &Step,
        number: usize,
        planned: &CaBefore,
    ) -> Result<Holder, ConductError> {
        let plan = &self.setting.plan;
        let name = plan.device_with(planned).unwrap_or_default();
        // Where it did not open before, another try of its PIN is one too many.
        let fact = self.transcript().fact(&format!("device {name}"));
        if let Some((_, why)) = fact.and_then(|says| says.split_once(MISSING)) {
            return Err(ConductError::DidNotOpen {
                name: name.to_owned(),
                why: why.trim_start_matches(": ").to_owned(),
            });
        }
        if let Some(blob) = plan.blob(&planned.name) {
            let locator = self.place_of_blob(blob)?;
            self.tried_on_spare(step, number, (planned, blob))?;
            return Ok(signer::holder(&locator)?);
        }
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let (locator, holder) = self.copy_in_room(&config, planned)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let key = of_ledger(&ledger, planned)?.public_key().clone();
        self.is_in_device(&locator, (planned, name), &key)?;
        self.test_key(step, number)?;
        Ok(holder)
    }

    /// What is told of a copy that nobody got to.
    fn place_of_copy(&self, planned: &CaBefore) -> Result<Holder, ConductError> {
        let name = planned.device.as_deref().unwrap_or_default();
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let device = self.device_of(name)?;
        let locator = match self.key_in_device(&config, &ledger, (&planned.name, name)) {
            Ok(locator) => locator,
            Err(ConductError::KeyFault(KeyFault::NotInDevice { .. })) => {
                key_place::device(device).parse()?
            }
            Err(error) => return Err(error),
        };
        Ok(Holder {
            locator,
            words: device.words(),
        })
    }

    /// What the ledger calls a wrapped key, and where it is kept.
    fn name_of_blob(&self, blob: &PlannedBlob) -> Result<(String, String), ConductError> {
        let kept = self.planned_components()?.kept(&blob.file);
        Ok((blob_name(&blob.sha256), kept))
    }

    fn keep_drill(
        &mut self,
        planned: &CaBefore,
        (device, holder): (String, String),
        result: TrialResult,
        word: &str,
    ) -> Result<CopyTried, ConductError> {
        let drill = self.drilled()?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let tried = CopyTried {
            ca: 0,
            device,
            holder,
            tried_for: TriedFor::Drill,
            result,
            word: word.to_owned(),
            next_due: drill.next_due.seconds(),
            plan: self.setting.plan.sha256,
            keyboard: self.setting.keyboard.clone(),
        };
        self.keep_trial(&config, planned, tried)
    }

    /// Has the ledger keep when the first drill is due: each key was tested when it was made.
    pub(super) fn first_drill(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let drill = setting.plan.drill();
        let drill = drill.ok_or(ConductError::Gone("the drill of the plan"))?;
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let mut ledger = self.ledger(&config)?;
        for planned in setting.plan.cas() {
            let keys = &config.ca(planned.name.as_str())?.keys;
            let locator = keys
                .first()
                .ok_or(ConductError::Gone("the key of the CA"))?;
            let holder = signer::holder(locator)?;
            let ca = named(&ledger, planned.name.as_str())?;
            let tried = CopyTried {
                ca: ca.position(),
                device: holder.locator.to_string(),
                holder: holder.words,
                tried_for: TriedFor::Create,
                result: TrialResult::Proved,
                word: String::new(),
                next_due: drill.next_due.seconds(),
                plan: setting.plan.sha256,
                keyboard: setting.keyboard.clone(),
            };
            self.keep_trial_of(&mut ledger, &ca, tried)?;
        }
        drop(ledger);
        self.fact(step, FIRST_DRILL, &drill.next_due.to_string())
    }

    /// A device of a drill that is not there, or doesn't open, is noted: the drill goes on.
    pub(super) fn or_noted(
        &mut self,
        step: &Step,
        device: &Device,
        opened: Result<(), ConductError>,
    ) -> Result<(), ConductError> {
        match opened {
            Err(error) if self.is_drill() && error.is_of_device() => {
                let says = format!("{}, {MISSING}: {}", device.words(), chain(&error));
                self.fact(step, &device_fact(device), &says)
            }
            opened => opened,
        }
    }

    /// Without the secret, no PIN of a device that shares open is tried.
    pub(super) fn has_secret_for(&self, device: &Device) -> Result<(), ConductError> {
        if device.pins == Pins::Shares && self.shared.is_none() {
            return Err(ConductError::FewShares("no PIN follows".to_owned()));
        }
        Ok(())
    }

    pub(super) fn is_drill(&self) -> bool {
        matches!(self.setting.plan.task, Task::Drill(_))
    }

    fn drilled(&self) -> Result<&Drill, ConductError> {
        match &self.setting.plan.task {
            Task::Drill(drill) => Ok(drill),
            _ => Err(ConductError::Gone("the drill of the plan")),
        }
    }

    /// When the ceremony began, by the machine's clock.
    fn begun(&self) -> u64 {
        let first = self.transcript().lines().first();
        first.map_or(0, |line| line.time)
    }
}

impl ConductError {
    /// Whether it says that a device, or the key in it, is not as it should be: of this a drill is to tell.
    fn is_of_device(&self) -> bool {
        matches!(
            self,
            Self::NoDevice { .. }
                | Self::KeyFault(KeyFault::NotInDevice { .. } | KeyFault::OtherInDevice { .. })
                | Self::OtherFirmware { .. }
                | Self::NotSetUp(_)
                | Self::DidNotOpen { .. }
                | Self::FewShares(_)
                | Self::Setup(_)
                | Self::Opening(_)
                | Self::Test(_)
        )
    }
}

/// An error and its causes, on one line.
fn chain(error: &ConductError) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words += &format!(": {error}");
        cause = error.source();
    }
    words.replace('\n', " ")
}
