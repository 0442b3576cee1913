//! The first stage of a rollover: the new CA is made.

use super::retire::of_ledger;
use super::{Conduct, ConductError};
use crate::ca::{Rollover, RolloverError, ServersSay};
use crate::ceremony::facts::{STAGE, STAGE_MADE};
use crate::ceremony::steps::Step;
use crate::ledger::{Ca, Ledger, Stage};

impl Conduct<'_> {
    /// What would keep the new CA from taking the place of the old one shows before its key is made.
    pub(super) fn fits_the_old_ca(&self, ledger: &Ledger) -> Result<(), ConductError> {
        let plan = &self.setting.plan;
        let Some((old, new)) = plan.old_ca().zip(plan.cas().first()) else {
            return Ok(());
        };
        let there = of_ledger(ledger, old)?;
        let why = if there.added().purpose != new.certificates {
            "they sign different kinds of certificates"
        } else if !ledger.stages(&there)?.is_empty() {
            "another CA takes that place already"
        } else {
            return Ok(());
        };
        Err(RolloverError::Unfit {
            old: old.name.to_string(),
            new: new.name.to_string(),
            why,
        }
        .into())
    }

    /// The CA that goes and the one that comes.
    pub(super) fn pair(&self, ledger: &Ledger) -> Result<(Ca, Ca), ConductError> {
        let plan = &self.setting.plan;
        let old = plan.old_ca();
        let old = old.ok_or(ConductError::Gone("the CA of the plan"))?;
        let new = plan.cas().first().map(|ca| ca.name.as_str());
        Ok((
            of_ledger(ledger, old)?,
            named(ledger, new.unwrap_or_default())?,
        ))
    }

    /// Has the ledger keep it, once: a run that was cut short finds it there.
    pub(super) fn stage_made(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let mut ledger = self.ledger(&config)?;
        let (old, new) = self.pair(&ledger)?;
        let now = self.room.now();
        let rollover = Rollover::of(&config, &ledger, (&old, &new), &ServersSay::default(), now)?;
        if rollover.next == Some(Stage::Made) {
            rollover.go_on(&mut ledger, false, &setting.keyboard, now)?;
        }
        drop(ledger);
        self.fact(step, STAGE, STAGE_MADE)
    }
}

pub(super) fn named(ledger: &Ledger, name: &str) -> Result<Ca, ConductError> {
    let mut cas = ledger.cas()?.into_iter();
    cas.find(|ca| ca.name() == name)
        .ok_or(ConductError::Gone("the CA of the plan"))
}
