//! What a ledger can show of itself: its head, old heads, and that an entry is in it.

use rusqlite::{OptionalExtension, params};

use super::audit::{self, Audit};
use super::{SqliteLedger, tree};
use crate::certificate::Serial;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::entry::{CheckpointSigned, ClockCorrected, Event};
use crate::ledger::merkle::{
    Frontier, Hash, Hashes, inclusion_proof, leaf_hash, root_of_inclusion,
};
use crate::ledger::{Ca, Ledger, LedgerError, Signatures};

/// An entry, and the hashes that lead from it to a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The canonical bytes of the entry.
    pub entry: Vec<u8>,
    /// Its leaf, from 0.
    pub index: u64,
    /// The head that it is shown in.
    pub checkpoint: Checkpoint,
    /// The audit path (RFC 6962, 2.1.1), from the leaf up.
    pub path: Vec<Hash>,
}

/// Why a ledger is not shown to extend a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The checkpoint is of another ledger.
    #[error("the checkpoint is of ledger {checkpoint}, this is {ledger}")]
    OtherLedger {
        /// The origin that the checkpoint names.
        checkpoint: String,
        /// The origin of this ledger.
        ledger: String,
    },
    /// The ledger was longer when the checkpoint was made.
    #[error("the ledger has {has} entries, and had {had} when the checkpoint was made")]
    Shorter {
        /// How many there are.
        has: u64,
        /// How many there were.
        had: u64,
    },
    /// Entries that the checkpoint covers are other ones now.
    #[error("the first {size} entries are not those that the checkpoint was made over")]
    Forked {
        /// How many it covers.
        size: u64,
    },
}

impl SqliteLedger {
    /// Replays everything, and holds the index against it.
    ///
    /// # Errors
    /// [`LedgerError`] if it cannot be read. What is wrong in it is no error.
    pub fn audit(&self, signatures: Signatures) -> Result<Audit, LedgerError> {
        audit::audit(&self.connection, signatures)
    }

    /// The right edge of its tree, as it was stored with the newest entry.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn head(&self) -> Result<Frontier, LedgerError> {
        tree::head(&self.connection)
    }

    /// Records that a head was signed; proofs lead to the newest that was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn record_checkpoint(
        &mut self,
        signed: CheckpointSigned,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |append| {
            let size = signed.size;
            let position = append.entry(Event::CheckpointSigned(signed))?;
            append.insert(
                "INSERT INTO signed_head (position, size) VALUES (?1, ?2)",
                params![position, size],
            )
        })
    }

    /// Goes on by a clock that stands before the last entry, whose time is wrong.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn correct_clock(
        &mut self,
        corrected: ClockCorrected,
        time: u64,
    ) -> Result<(), LedgerError> {
        self.append(time, |append| {
            append.entry(Event::ClockCorrected(corrected)).map(drop)
        })
    }

    /// Makes sure that this ledger is the one of `checkpoint`, grown.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn extends(&self, checkpoint: &Checkpoint) -> Result<(), ProofError> {
        let now = self.checkpoint()?;
        let (has, ledger) = now.map_or((0, String::new()), |now| (now.size, now.origin));
        if ledger != checkpoint.origin {
            return Err(ProofError::OtherLedger {
                checkpoint: checkpoint.origin.clone(),
                ledger,
            });
        }
        if has < checkpoint.size {
            return Err(ProofError::Shorter {
                has,
                had: checkpoint.size,
            });
        }
        match checkpoint.size == 0 || self.hashes().range(0, checkpoint.size)? == checkpoint.root {
            true => Ok(()),
            false => Err(ProofError::Forked {
                size: checkpoint.size,
            }),
        }
    }

    /// Shows that the ledger holds all that became of a serial: its reservation, and the
    /// outcome if there is one. Nothing if the serial was never taken.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn inclusions(&self, ca: &Ca, serial: Serial) -> Result<Vec<Inclusion>, LedgerError> {
        let positions: Option<(u64, Option<u64>)> = self
            .connection
            .query_row(
                "SELECT r.position, o.position FROM reservation r \
                 LEFT JOIN outcome o ON o.reserved = r.position \
                 WHERE r.ca = ?1 AND r.serial = ?2",
                params![ca.position, serial.number().to_be_bytes()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((reserved, outcome)) = positions else {
            return Ok(Vec::new());
        };
        let head = self.head_over(outcome.unwrap_or(reserved))?;
        let positions = std::iter::once(reserved).chain(outcome);
        positions
            .map(|position| self.inclusion(position, head.clone()))
            .collect()
    }

    /// The newest head that was signed, if it covers the entry at `position`; else the
    /// head of today, which nobody has signed yet.
    fn head_over(&self, position: u64) -> Result<Checkpoint, LedgerError> {
        let today = self.checkpoint()?.ok_or(LedgerError::Head)?;
        let select = "SELECT max(size) FROM signed_head WHERE size >= ?1 AND size <= ?2";
        let signed: Option<u64> =
            self.connection
                .query_row(select, [position, today.size], |row| row.get(0))?;
        let Some(size) = signed else {
            return Ok(today);
        };
        Ok(Checkpoint {
            size,
            root: self.hashes().range(0, size)?,
            ..today
        })
    }

    fn inclusion(&self, position: u64, checkpoint: Checkpoint) -> Result<Inclusion, LedgerError> {
        let select = "SELECT bytes FROM entry WHERE position = ?1";
        let index = position - 1;
        Ok(Inclusion {
            path: inclusion_proof(&self.hashes(), index, checkpoint.size)?,
            entry: self
                .connection
                .query_row(select, [position], |row| row.get(0))?,
            index,
            checkpoint,
        })
    }

    pub(super) fn hashes(&self) -> tree::StoredHashes<'_> {
        tree::StoredHashes(&self.connection)
    }
}

impl Inclusion {
    /// Whether the path leads from the entry to the checkpoint's root.
    #[must_use]
    pub fn holds(&self) -> bool {
        let size = self.checkpoint.size;
        let root = root_of_inclusion(leaf_hash(&self.entry), self.index, size, &self.path);
        root == Some(self.checkpoint.root)
    }
}
