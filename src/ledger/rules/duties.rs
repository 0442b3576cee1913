//! What requesters may do beside asking: registrars, whose word says whose a key is, and revokers.

use std::collections::BTreeMap;

use super::Ledger;
use super::read::damaged;
use crate::ledger::entry::{DutiesSet, Event};
use crate::ledger::rows::table;
use crate::ledger::{EnrolError, LedgerError, OPERATOR};

impl Ledger {
    /// Records what a requester may do beside asking, in place of all that was recorded before.
    ///
    /// # Errors
    /// [`EnrolError`], and then nothing changed.
    pub fn set_duties(&mut self, set: DutiesSet, time: u64) -> Result<(), EnrolError> {
        self.append(time, |draft| {
            if set.name == OPERATOR {
                return Err(EnrolError::Operator);
            }
            if draft.ledger.requester_is_barred(&set.name)? {
                return Err(EnrolError::Barred("the requester"));
            }
            if let Some(role) = set.unfit_role() {
                return Err(EnrolError::RegistrarOf(role.to_owned()));
            }
            draft.entry(Event::DutiesSet(set))?;
            Ok(())
        })
    }

    /// The duties of everybody who has some, by name.
    ///
    /// Those that were recorded before the ledger lost entries count once they are recorded again:
    /// what was lost may have taken them away.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn duties(&self) -> Result<BTreeMap<String, DutiesSet>, LedgerError> {
        let mut found = BTreeMap::new();
        for position in self.newest_of_each(table::DUTIES)? {
            let Event::DutiesSet(set) = self.entry(position)?.event else {
                return Err(damaged(position));
            };
            if set.has_some() && self.serves(position)? && !self.requester_is_barred(&set.name)? {
                found.insert(set.name.clone(), set);
            }
        }
        Ok(found)
    }
}
