//! The heads that were signed, and whose keys signed them.

use ssh_key::public::KeyData;

use super::{SqliteLedger, read};
use crate::ledger::entry::Event;
use crate::ledger::note::NoteKey;
use crate::ledger::{CheckpointSigned, LedgerError};

impl SqliteLedger {
    /// Every head that was signed, oldest first. Looks at each entry: for commands that are
    /// run once a year.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn signed_heads(&self) -> Result<Vec<CheckpointSigned>, LedgerError> {
        let select = "SELECT position, bytes FROM entry WHERE substr(bytes, 1, 1) = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(select)?;
        let mut rows = statement.query([[CHECKPOINT_SIGNED]])?;
        let mut heads = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(1)?;
            if let Event::CheckpointSigned(head) = read(row.get(0)?, &bytes)?.event {
                heads.push(head);
            }
        }
        Ok(heads)
    }

    /// Whether this key signed a head of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_ledger_key(&self, key: &KeyData) -> Result<bool, LedgerError> {
        let heads = self.signed_heads()?;
        Ok(heads.iter().any(|head| {
            let name = head.key.split('+').next().unwrap_or_default();
            NoteKey::new(name, key).is_ok_and(|key| key.to_vkey() == head.key)
        }))
    }
}

/// The first byte of such an entry.
const CHECKPOINT_SIGNED: u8 = 10;
