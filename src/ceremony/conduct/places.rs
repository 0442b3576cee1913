//! What a thief may have of a key: each place of it that the ledger knows, and what is lost, which stays visible.

use super::retire::of_ledger;
use super::{Conduct, ConductError};
use crate::ca::left_places;
use crate::ceremony::facts::{PLACES, end_fact, places_in_words};
use crate::ceremony::plan::{CaBefore, End};
use crate::ceremony::steps::Step;
use crate::config::Config;
use crate::ledger::{Became, Ledger};

impl<'s> Conduct<'s> {
    /// Tells of each place of the old key, and has the ledger keep those of the plan as missing.
    pub(super) fn places_of_old(&mut self, step: &Step) -> Result<(), ConductError> {
        let old = self.old_of_theft()?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        for (number, lost) in (0..).zip(self.setting.plan.copies_that_end()) {
            let End::Missing { words, .. } = &lost.end else {
                continue;
            };
            let mut told = Vec::new();
            for place in self.meant(&config, old, lost)? {
                if !place.is_gone() && place.became != Some(Became::Missing) {
                    self.miss(&config, old, &place, words)?;
                }
                told.push(place.words());
            }
            self.fact(step, &end_fact(number), &told.join("; "))?;
        }
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let left = left_places(&ledger, &of_ledger(&ledger, old)?, ledger.size())?;
        self.fact(step, PLACES, &places_in_words(&left))
    }

    /// Each place that is lost in a compromise is one that ledger or config know: that shows before a key is made.
    pub(super) fn lost_to_a_thief_is_known(&self, config: &Config) -> Result<(), ConductError> {
        if self.setting.plan.compromise().is_none() {
            return Ok(());
        }
        let old = self.old_of_theft()?;
        for (number, lost) in (1..).zip(self.setting.plan.copies_that_end()) {
            if self.meant(config, old, lost)?.is_empty() {
                let words = format!(
                    "neither ledger nor config has the key of `{}` in lost place {number}",
                    lost.ca
                );
                return Err(ConductError::OtherCopies(words));
            }
        }
        Ok(())
    }

    fn old_of_theft(&self) -> Result<&'s CaBefore, ConductError> {
        let old = self.setting.plan.old_ca();
        old.ok_or(ConductError::Gone("the CA of the plan"))
    }
}
