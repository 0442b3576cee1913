//! CAs that take no serial any more.

use super::Ledger;
use crate::ledger::entry::{CaRetired, Event, Revoked};
use crate::ledger::rows::{number, table};
use crate::ledger::{Ca, LedgerError};

impl Ledger {
    /// Ends a CA: no serial of it is reserved any more. With `revoked`, what that says ends in the
    /// same frame.
    ///
    /// A CA that was retired before is not retired again, and what `revoked` says is recorded all the
    /// same.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded.
    pub fn retire_ca(
        &mut self,
        retired: CaRetired,
        revoked: Option<Revoked>,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            if draft.ledger.retired_at(retired.ca)?.is_none() {
                draft.entry(Event::CaRetired(retired))?;
            }
            draft.entries(revoked.map(Event::Revoked))
        })
    }

    /// When a CA was retired, in Unix seconds; none if it wasn't.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn retired(&self, ca: &Ca) -> Result<Option<u64>, LedgerError> {
        self.retired_at(ca.position())
    }

    fn retired_at(&self, ca: u64) -> Result<Option<u64>, LedgerError> {
        let says = |event: &Event| matches!(event, Event::CaRetired(retired) if retired.ca == ca);
        let position = self.confirmed(table::RETIRED, &number(ca), says)?;
        position
            .map(|position| Ok(self.entry(position)?.time))
            .transpose()
    }
}
