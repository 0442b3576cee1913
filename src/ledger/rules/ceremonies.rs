//! Ceremonies, so that none can be dropped later: each stands in the tree that signed heads cover.

use super::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::entry::{CeremonyHeld, Event};
use crate::ledger::rows::table;
use crate::wire::words;

impl Ledger {
    /// Records the ceremony of a plan, by the value of its transcript.
    ///
    /// # Errors
    /// [`LedgerError::CeremonyKnown`] if it was recorded before.
    pub fn record_ceremony(
        &mut self,
        plan: [u8; 32],
        transcript: [u8; 32],
        keyboard: String,
        time: u64,
    ) -> Result<(), LedgerError> {
        let held = CeremonyHeld {
            plan,
            transcript,
            words: words(&transcript),
            keyboard,
        };
        self.append(time, |draft| {
            let before = draft.ledger.ceremonies()?;
            if before.iter().any(|(_, one)| one.transcript == transcript) {
                return Err(LedgerError::CeremonyKnown);
            }
            draft.entry(Event::CeremonyHeld(held)).map(drop)
        })
    }

    /// The position of the ceremony with this transcript; none if there is none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn position_of_ceremony(&self, transcript: &[u8; 32]) -> Result<Option<u64>, LedgerError> {
        let is_it = |event: &Event| matches!(event, Event::CeremonyHeld(held) if held.transcript == *transcript);
        for position in self.index.positions(table::CEREMONY, &[])? {
            if is_it(&self.entry(position)?.event) {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// Every ceremony, oldest first, with the time at which it was recorded.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ceremonies(&self) -> Result<Vec<(u64, CeremonyHeld)>, LedgerError> {
        self.entries_of(table::CEREMONY, |event| match event {
            Event::CeremonyHeld(held) => Some(held),
            _ => None,
        })
    }
}
