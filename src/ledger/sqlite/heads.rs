//! The heads that were signed, and whose keys signed them.

use std::collections::BTreeSet;

use ssh_key::public::KeyData;

use super::SqliteLedger;
use crate::certificate::subject::fingerprint;
use crate::ledger::entry::Event;
use crate::ledger::{CheckpointSigned, LedgerError};

impl SqliteLedger {
    /// Every head that was signed, oldest first, with its time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn signed_heads(&self) -> Result<Vec<(u64, CheckpointSigned)>, LedgerError> {
        self.entries_of("signed_head", |event| match event {
            Event::CheckpointSigned(signed) => Some(signed),
            _ => None,
        })
    }

    /// Whether this key signed a head of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_ledger_key(&self, key: &KeyData) -> Result<bool, LedgerError> {
        Ok(self.ledger_keys()?.contains(&fingerprint(key)))
    }

    /// The fingerprints of the keys that signed a head of this ledger.
    pub(super) fn ledger_keys(&self) -> Result<BTreeSet<String>, LedgerError> {
        let heads = self.signed_heads()?;
        Ok(heads.into_iter().map(|(_, head)| head.key).collect())
    }
}
