//! Devices whose secrets follow from one that custodians hold in shares.

use super::Ledger;
use super::read::damaged;
use crate::ledger::LedgerError;
use crate::ledger::entry::{Event, OpenedDevices, SecretsDerived};
use crate::ledger::rows::table;

impl Ledger {
    /// Records which secrets a device is about to have, or has.
    ///
    /// # Errors
    /// [`LedgerError::Secrets`] if that can't follow what is known of it, and then nothing changed.
    pub fn record_secrets(
        &mut self,
        derived: SecretsDerived,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            if let Err(why) = draft.ledger.opened_devices()?.takes(&derived) {
                let device = derived.device;
                return Err(LedgerError::Secrets { device, why });
            }
            draft.entry(Event::SecretsDerived(derived)).map(drop)
        })
    }

    /// Every device whose secrets follow from a shared one, as the newest entries have it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn opened_devices(&self) -> Result<OpenedDevices, LedgerError> {
        let entries = self.entries_of(table::CUSTODY, |event| match event {
            Event::SecretsDerived(derived) => Some(derived),
            _ => None,
        })?;
        let mut known = OpenedDevices::default();
        entries.iter().for_each(|(_, derived)| known.take(derived));
        Ok(known)
    }

    /// Every entry about such a device, with its position, in their order.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn secrets_derived(&self) -> Result<Vec<(u64, SecretsDerived)>, LedgerError> {
        let positions = self.positions_of(table::CUSTODY)?.into_iter();
        let entry = |position| match self.entry(position)?.event {
            Event::SecretsDerived(derived) => Ok((position, derived)),
            _ => Err(damaged(position)),
        };
        positions.map(entry).collect()
    }
}
