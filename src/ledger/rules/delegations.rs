//! Which key may sign lists that servers take by the word of a ledger key, and until when.

use super::Ledger;
use crate::krl::{Delegation, DelegationStatement};
use crate::ledger::LedgerError;
use crate::ledger::entry::{Event, LISTS, ListsDelegated};
use crate::ledger::rows::{sha256, table};

impl Ledger {
    /// Records that a ledger key lets another key sign lists until a time.
    ///
    /// # Errors
    /// [`LedgerError::Delegation`] if it is not the next one, or not signed;
    /// [`LedgerError::LedgerKeyPurpose`] or [`LedgerError::LedgerKeyEnded`] if one of the two keys signs no
    /// lists.
    pub fn delegate_lists(
        &mut self,
        delegated: ListsDelegated,
        time: u64,
    ) -> Result<(), LedgerError> {
        let origin = self.checkpoint()?.ok_or(LedgerError::Head)?.origin;
        self.append(time, |draft| {
            for key in [&delegated.key, &delegated.by] {
                draft.may_sign(&sha256(key), LISTS)?;
            }
            let before = draft.ledger.delegations()?;
            let follows = delegated.follows(before, time, &origin);
            follows.map_err(LedgerError::Delegation)?;
            draft.entry(Event::ListsDelegated(delegated)).map(drop)
        })
    }

    /// What a ledger key signs when it lets the key with this blob sign lists until a time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn next_delegation(
        &self,
        key: Vec<u8>,
        until: u64,
    ) -> Result<DelegationStatement, LedgerError> {
        Ok(DelegationStatement {
            ledger: self.checkpoint()?.ok_or(LedgerError::Head)?.origin,
            number: self.delegations()?.saturating_add(1),
            until,
            key,
        })
    }

    /// The newest delegation, while it counts: its time is not over, and neither of its keys was ended.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn delegation(&self, now: u64) -> Result<Option<Delegation>, LedgerError> {
        let Some(newest) = self.lists_delegated()?.pop() else {
            return Ok(None);
        };
        for key in [&newest.key, &newest.by] {
            let state = self.ledger_key(&sha256(key))?.unwrap_or_default();
            if state.rolled || state.believed_to.is_some() {
                return Ok(None);
            }
        }
        let origin = self.checkpoint()?.ok_or(LedgerError::Head)?.origin;
        Ok(newest.in_ledger(&origin).filter(|_| now <= newest.until))
    }

    /// Whether lists were ever delegated to the key with this blob.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn was_delegated(&self, key: &[u8]) -> Result<bool, LedgerError> {
        let all = self.lists_delegated()?;
        Ok(all.iter().any(|one| one.key == key))
    }

    fn delegations(&self) -> Result<u64, LedgerError> {
        let all = self.lists_delegated()?;
        Ok(all.last().map_or(0, |newest| newest.number))
    }

    fn lists_delegated(&self) -> Result<Vec<ListsDelegated>, LedgerError> {
        let all = self.entries_of(table::DELEGATION, |event| match event {
            Event::ListsDelegated(delegated) => Some(delegated),
            _ => None,
        })?;
        Ok(all.into_iter().map(|(_, delegated)| delegated).collect())
    }
}
