//! The audit of a ledger: its entries replayed, and its index held against them.

use std::ops::ControlFlow;

use super::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::file::Tail;
use crate::ledger::replay::{Replay, Replayed, Signatures};

/// What a ledger holds, what is wrong in it, and whether its index follows from its entries.
#[derive(Debug)]
pub struct Audit {
    /// What the entries say, by themselves.
    pub replayed: Replayed,
    /// What of the index is another thing than the entries call for.
    pub index: Option<IndexFault>,
    /// What stands behind the last whole frame: nobody knows what it says.
    pub tail: Option<Tail>,
}

/// An index that is not the one of its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table {0} has other rows than the entries call for")]
pub struct IndexFault(pub &'static str);

impl Ledger {
    /// Replays every entry, believing nothing but their bytes, and then holds the index
    /// against them: as both were when the ledger was opened, whoever writes meanwhile.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read. What is wrong in it is no error.
    pub fn audit(&self, signatures: Signatures) -> Result<Audit, LedgerError> {
        let mut replay = Replay::new(signatures);
        self.each_entry(1, &mut |_, bytes| {
            replay.entry(bytes);
            ControlFlow::Continue(())
        })?;
        Ok(Audit {
            replayed: replay.end(),
            index: self.index_fault()?.map(IndexFault),
            tail: self.tail(),
        })
    }
}
