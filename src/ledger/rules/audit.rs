//! The audit of a ledger: its entries replayed, and its index held against them.

use std::path::Path;

use super::opening::kept;
use crate::ledger::LedgerError;
use crate::ledger::file::{FileReader, Tail};
use crate::ledger::index::{Index, Keep};
use crate::ledger::replay::{Replay, Replayed, Signatures};
use crate::ledger::sqlite_rows::SqliteRows;
use crate::ledger::store::Rows;

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

/// A ledger file that was opened to be audited, which wants no index and keeps none.
pub struct Auditor {
    frames: FileReader,
    rows: SqliteRows,
}

impl Auditor {
    /// Opens a ledger file, also while another run writes. It needs nothing but the file, and
    /// leaves nothing beside it.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let rows = SqliteRows::open_to_read(path);
        let from = rows.applied()?.map(kept);
        let frames = FileReader::open(path, from)?;
        Ok(Self { frames, rows })
    }

    /// What stands behind the last whole frame: nobody knows what it says.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        self.frames.tail()
    }

    /// Replays every entry, believing nothing but their bytes, and holds the index against
    /// them, if there is one that would be believed: as both were when the file was opened,
    /// whoever writes meanwhile. The file is read once for both.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read. What is wrong in it is no error.
    pub fn audit(self, signatures: Signatures) -> Result<Audit, LedgerError> {
        let Self { frames, rows } = self;
        let index = Index::believed(&frames, Box::new(rows), Keep::Nothing)?;
        let mut replay = Replay::new(signatures);
        let sum = Index::sum(&frames, &mut |bytes| replay.entry(bytes))?;
        let fault = match index {
            Ok(index) => index.fault(&sum)?,
            Err(_not_believed) => None,
        };
        Ok(Audit {
            replayed: replay.end(),
            index: fault.map(IndexFault),
            tail: frames.tail(),
        })
    }
}
