//! The end of CAs: held against the ledger, revoked, and each copy of their keys destroyed or named as
//! missing.
//!
//! Nothing is done twice: what the ledger says that became of a copy is looked at before, so that a run
//! that was cut short goes on.

use std::path::Path;

use super::{Conduct, ConductError};
use crate::ca::{
    Begun, Ending, KeyPlace, LockOut, Retirement, by_hand_word, is_blob, key_places, overwrite,
    overwritten_word, retire,
};
use crate::ceremony::facts::{
    RETIRED, begins_fact, copy_fact, end_fact, end_in_words, retired_fact,
};
use crate::ceremony::instant::Instant;
use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, End, EndOfCopy, Retire, Task};
use crate::ceremony::steps::Step;
use crate::config::Config;
use crate::ledger::{Became, Ca, CopyKind, CopySeen, Ledger};
use crate::signer::Locator;
use crate::signer::yubikey::ManagementKey;

/// A place of a key that ledger or config tells of.
pub(super) struct Known {
    /// Its locator, as it is written there; of what was wrapped it is a name.
    device: String,
    /// None of what was wrapped and went with the memory of a run.
    pub(super) locator: Option<Locator>,
    /// The device for people.
    holder: String,
    pub(super) became: Option<Became>,
}

impl<'s> Conduct<'s> {
    /// Ledger and plan have the same copies, and nobody is locked out whom the plan doesn't lock out:
    /// all that is seen before anything ends.
    pub(super) fn copies(&mut self, step: &Step) -> Result<(), ConductError> {
        let retire = self.retirement()?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let (mut wrong, mut locked) = (Vec::new(), Ok(()));
        for planned in self.cas_before() {
            let ca = of_ledger(&ledger, planned)?;
            locked = locked.and_then(|()| self.nobody_is_locked_out(&ledger, &ca, retire.lock_out));
            let known = known(&config, &ledger, &ca)?;
            for place in known.iter().filter(|place| !place.is_gone()) {
                let copies = retire.copies.iter();
                let meant = copies
                    .filter(|copy| self.means(copy, planned, place))
                    .count();
                if meant != 1 {
                    let (name, words) = (&planned.name, place.words());
                    wrong.push(match meant {
                        0 => format!("the plan has no end for the key of `{name}` in {words}"),
                        _ => {
                            format!("the plan has several ends for the key of `{name}` in {words}")
                        }
                    });
                }
            }
            for (number, copy) in (0..).zip(&retire.copies) {
                if copy.ca != planned.name {
                    continue;
                }
                let mut meant = known
                    .iter()
                    .filter(|place| self.means(copy, planned, place));
                match meant.next() {
                    Some(place) => self.fact(step, &copy_fact(number), &place.words())?,
                    None => wrong.push(format!(
                        "neither ledger nor config has the key of `{}` in copy {} of the plan",
                        planned.name,
                        number + 1
                    )),
                }
            }
        }
        match (wrong.is_empty(), locked) {
            (true, locked) => locked,
            (false, Ok(())) => Err(ConductError::OtherCopies(wrong.join("; "))),
            // Both are told at once: each plan more is reviewed by all.
            (false, Err(error)) => Err(ConductError::OtherCopies(format!(
                "{}; and {error}",
                wrong.join("; ")
            ))),
        }
    }

    fn nobody_is_locked_out(
        &self,
        ledger: &Ledger,
        ca: &Ca,
        lock_out: LockOut,
    ) -> Result<(), ConductError> {
        let before = Retirement::of(ledger, ca, self.room.now())?;
        if before.is_revoked || before.revokes(lock_out) {
            return Ok(());
        }
        let last = before.living.last.as_ref();
        Err(ConductError::LocksOut {
            ca: ca.name().to_owned(),
            valid: before.living.valid,
            until: Instant::of(last.map_or(0, |last| last.valid_before)),
        })
    }

    /// The ledger reserves no serial for a CA any more, and has its key as revoked.
    pub(super) fn retire_ca(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let planned = self.cas_before().nth(number);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let task = self.retirement()?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let mut ledger = self.ledger(&config)?;
        let ca = of_ledger(&ledger, planned)?;
        self.nobody_is_locked_out(&ledger, &ca, task.lock_out)?;
        let (keyboard, now) = (self.setting.keyboard.clone(), self.room.now());
        let why = (task.reason.as_str(), keyboard.as_str());
        retire(&mut ledger, &ca, task.lock_out, why, now)?;
        drop(ledger);
        self.fact(step, &retired_fact(&planned.name), RETIRED)
    }

    /// A copy of a key ends as the plan has it.
    pub(super) fn end_copy(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let task = self.retirement()?;
        let copy = task.copies.get(number);
        let copy = copy.ok_or(ConductError::Gone("the copy of the plan"))?;
        let planned = self.cas_before().find(|ca| ca.name == copy.ca);
        let planned = planned.ok_or(ConductError::Gone("the CA of the plan"))?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        for place in self.meant(&config, planned, copy)? {
            match &copy.end {
                End::Destroyed(_) | End::Overwritten { .. } | End::ByHand { .. }
                    if place.is_gone() => {}
                End::Overwritten { file, .. } => {
                    self.overwrite_blob((step, number), &place, file)?;
                    let word = overwritten_word(&task.reason);
                    self.seen(&config, planned, &place, (Became::Destroyed, &word))?;
                }
                End::ByHand { words, .. } => {
                    let word = by_hand_word(words, &task.reason);
                    self.seen(&config, planned, &place, (Became::Destroyed, &word))?;
                }
                End::Missing { .. } if place.became == Some(Became::Missing) => {}
                End::Destroyed(device) => self.destroy(copy, device, &place)?,
                End::Missing { words, .. } => self.miss(&config, planned, &place, words)?,
            }
        }
        // As the ledger has it by now, so that a run that goes on here says the same.
        let (ledger, mut told) = (Ledger::open_to_read(&config.ledger())?, Vec::new());
        let ca = of_ledger(&ledger, planned)?;
        for seen in ledger.copies(&ca)?.into_iter().map(|copy| copy.seen) {
            let place = Known::of(&seen);
            if self.means(copy, planned, &place) {
                told.push(end_in_words(&place.words(), &seen.word));
            }
        }
        self.fact(step, &end_fact(number), &told.join("; "))
    }

    fn destroy(
        &mut self,
        copy: &EndOfCopy,
        device: &str,
        place: &Known,
    ) -> Result<(), ConductError> {
        let device = self.device_of(device)?;
        let locator = place.locator.as_ref();
        let locator = locator.and_then(|locator| key_place::narrowed(locator, device));
        let locator = locator.ok_or(ConductError::Gone("the device of the plan"))?;
        let ending = self.ending(copy, &locator, &self.retirement()?.reason)?;
        ending.destroy(&self.place, ManagementKey::Protected, &mut self.pins)?;
        Ok(())
    }

    /// Overwrites the file of a wrapped key, once that this is about to be is written down.
    fn overwrite_blob(
        &mut self,
        (step, number): (&Step, usize),
        place: &Known,
        file: &Path,
    ) -> Result<(), ConductError> {
        let mut sha256 = [0; 32];
        let digits = place.device.strip_prefix("blob:").unwrap_or_default();
        base16ct::lower::decode(digits, &mut sha256)
            .map_err(|_form| ConductError::Gone("the wrapped key of the plan"))?;
        let begins = begins_fact(number);
        let begun = match self.transcript().fact(&begins) {
            Some(_) => Begun::Before,
            None => Begun::Now,
        };
        let path = self.setting.folder.join(file);
        if begun == Begun::Now {
            // It is the one: behind this line it may be overwritten.
            is_blob(&path, &sha256)?;
            self.fact(step, &begins, &place.device)?;
        }
        Ok(overwrite(&path, &sha256, begun)?)
    }

    pub(super) fn miss(
        &mut self,
        config: &Config,
        planned: &CaBefore,
        place: &Known,
        words: &str,
    ) -> Result<(), ConductError> {
        self.seen(config, planned, place, (Became::Missing, words))
    }

    /// Has the ledger keep what became of a place of a key.
    fn seen(
        &mut self,
        config: &Config,
        planned: &CaBefore,
        place: &Known,
        (became, word): (Became, &str),
    ) -> Result<(), ConductError> {
        let mut ledger = self.ledger(config)?;
        let ca = of_ledger(&ledger, planned)?;
        let known = ledger.copies(&ca)?.into_iter();
        let mut known = known.filter(|copy| copy.seen.device == place.device);
        let seen = CopySeen {
            ca: ca.position(),
            kind: known
                .next()
                .map_or(CopyKind::Original, |copy| copy.seen.kind),
            became,
            device: place.device.clone(),
            holder: place.words(),
            word: word.to_owned(),
            keyboard: self.setting.keyboard.clone(),
        };
        Ok(ledger.record_copy(seen, self.room.now())?)
    }

    fn ending<'a>(
        &self,
        copy: &'a EndOfCopy,
        device: &'a Locator,
        reason: &str,
    ) -> Result<Ending<'a>, ConductError> {
        Ok(Ending {
            ca: &copy.ca,
            device,
            word: reason.to_owned(),
            keyboard: self.setting.keyboard.clone(),
            time: self.room.now(),
        })
    }

    /// The places that a copy of the plan means.
    pub(super) fn meant(
        &self,
        config: &Config,
        planned: &CaBefore,
        copy: &EndOfCopy,
    ) -> Result<Vec<Known>, ConductError> {
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let mut places = known(config, &ledger, &of_ledger(&ledger, planned)?)?;
        places.retain(|place| self.means(copy, planned, place));
        Ok(places)
    }

    fn means(&self, copy: &EndOfCopy, planned: &CaBefore, place: &Known) -> bool {
        copy.ca == planned.name && key_place::is_end_of(self.plan, copy, &place.device)
    }

    fn retirement(&self) -> Result<&'s Retire, ConductError> {
        match &self.setting.plan.task {
            Task::Retire(retire) => Ok(retire),
            _ => Err(ConductError::Gone("what the plan ends")),
        }
    }

    pub(super) fn cas_before(&self) -> impl Iterator<Item = &'s CaBefore> + use<'s> {
        let ledger = self.setting.plan.ledger.iter();
        ledger.flat_map(|ledger| &ledger.cas)
    }
}

impl Known {
    fn of(seen: &CopySeen) -> Self {
        Self {
            device: seen.device.clone(),
            locator: seen.device.parse().ok(),
            holder: seen.holder.clone(),
            became: Some(seen.became),
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.became == Some(Became::Destroyed)
    }

    /// Whether it may be the key that this locator names.
    pub(super) fn may_be(&self, other: &Locator) -> bool {
        let locator = self.locator.as_ref();
        locator.is_some_and(|one| one.covers(other) || other.covers(one))
    }

    pub(super) fn words(&self) -> String {
        if self.holder.is_empty() {
            self.device.clone()
        } else {
            self.holder.clone()
        }
    }
}

/// The CA of the plan, by its key.
pub(super) fn of_ledger(ledger: &Ledger, planned: &CaBefore) -> Result<Ca, ConductError> {
    let mut cas = ledger.cas()?.into_iter();
    let is_it = |ca: &Ca| {
        ca.name() == planned.name.as_str()
            && ca.public_key().fingerprint(ssh_key::HashAlg::Sha256) == planned.fingerprint
    };
    cas.find(is_it)
        .ok_or(ConductError::Gone("the CA of the plan"))
}

/// Every place of a key: what config and ledger tell of, and what was wrapped.
fn known(config: &Config, ledger: &Ledger, ca: &Ca) -> Result<Vec<Known>, ConductError> {
    let of_place = |place: KeyPlace| Known {
        device: place.device.to_string(),
        holder: place.holder,
        became: place.became,
        locator: Some(place.device),
    };
    let places = key_places(config, ledger, ca)?.into_iter().map(of_place);
    let copies = ledger.copies(ca)?.into_iter();
    let blobs = copies.map(|copy| Known::of(&copy.seen));
    Ok(places
        .chain(blobs.filter(|known| known.locator.is_none()))
        .collect())
}
