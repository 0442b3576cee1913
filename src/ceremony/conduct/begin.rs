//! How a run begins: what must be so before the first line, and where one goes on that was cut short.

use super::{Conduct, ConductError, DEVICES_STEP, RANDOM};
use crate::ceremony::foreseen::ledger_key_elsewhere;
use crate::ceremony::transcript::Event;
use crate::ledger::{Ledger, LedgerError, file::OpenError};
use crate::wire::hex;

impl Conduct<'_> {
    /// The first line, or one that says that a run goes on.
    pub(super) fn begin(&mut self) -> Result<(), ConductError> {
        let sha256 = hex(&self.plan.sha256);
        let first = self.transcript().events().next().cloned();
        match first {
            Some(Event::Begin { plan, .. }) if plan == sha256 => {
                let cut = self.record.cut_off()?;
                if self.transcript().has_ended() {
                    return Ok(());
                }
                self.room
                    .show("This ceremony was begun before, and goes on.");
                self.go_on(cut)
            }
            Some(_) => Err(ConductError::OtherPlan(self.folder.clone())),
            None => {
                self.in_window()?;
                self.was_rehearsed()?;
                self.follows_the_last()?;
                self.nothing_is_in_the_way()?;
                self.record.cut_off()?;
                self.write(Event::Begin {
                    plan: sha256,
                    purpose: self.plan.purpose.clone(),
                    program: self.setting.version.clone(),
                    random: RANDOM.to_owned(),
                })
            }
        }
    }

    /// Nobody is called together for a ceremony that can't come to its end.
    fn was_rehearsed(&self) -> Result<(), ConductError> {
        if self.plan.requires_rehearsal && self.setting.rehearsal.is_none() {
            return Err(ConductError::NotRehearsed);
        }
        Ok(())
    }

    /// The plan names the ceremony before, which the ledger has.
    fn follows_the_last(&self) -> Result<(), ConductError> {
        let recorded = match self
            .config()?
            .map(|config| Ledger::open_to_read(&config.ledger()))
        {
            None | Some(Err(LedgerError::Open(OpenError::Missing(_)))) => None,
            Some(ledger) => ledger?.ceremonies()?.pop(),
        };
        if recorded.map(|(_, held)| held.transcript) == self.plan.last {
            return Ok(());
        }
        Err(ConductError::Last)
    }

    /// Behind the step that looked at the devices, no other was put in.
    pub(super) fn looks_again(&self) -> Result<(), ConductError> {
        let transcript = self.transcript();
        if transcript.is_done(DEVICES_STEP) && !transcript.has_ended() {
            self.no_extra_device()?;
        }
        Ok(())
    }

    /// What is to be made is not there, which the steps would find only when other keys were made.
    fn nothing_is_in_the_way(&self) -> Result<(), ConductError> {
        let Some(config) = self.config()? else {
            return match self.plan.ledger {
                Some(_) => Err(ConductError::NoConfig),
                None => Ok(()),
            };
        };
        if let Some(fault) = ledger_key_elsewhere(self.plan, &config) {
            return Err(ConductError::LedgerKeyElsewhere(fault));
        }
        if self.plan.ledger_key().is_some() && config.ledger_key().is_some() {
            return Err(ConductError::OtherLedgerKey);
        }
        let mut made = self.plan.cas().iter();
        match made.find(|ca| config.ca(ca.name.as_str()).is_ok()) {
            Some(ca) => Err(ConductError::OtherCa(ca.name.to_string())),
            None => Ok(()),
        }
    }
}
