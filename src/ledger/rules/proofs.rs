//! What a ledger can show of itself: its head, old heads, and that an entry is in it.

use super::Ledger;
use super::read::damaged;
use crate::certificate::Serial;
use crate::ledger::checkpoint::{Checkpoint, origin};
use crate::ledger::clock::TOLERANCE;
use crate::ledger::entry::{ClockCorrected, Event, HeadAdopted, HeadPlaces, PlaceAllowed};
use crate::ledger::merkle::{
    Frontier, Hash, Hashes, inclusion_proof, leaf_hash, root_of_inclusion,
};
use crate::ledger::rows::table;
use crate::ledger::{Ca, LedgerError};

/// An entry, and the hashes that lead from it to a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The canonical bytes of the entry.
    pub entry: Vec<u8>,
    /// The number of the entry's leaf, from 0.
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

impl Ledger {
    /// The head of the ledger, as it can be signed and kept; an empty ledger has none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let Some(first) = self.bytes_at(1)? else {
            return Ok(None);
        };
        let (head, _) = self.frames.end();
        Ok(Some(Checkpoint {
            origin: origin(&leaf_hash(&first)),
            size: head.size,
            root: head.root,
        }))
    }

    /// The right edge of its tree.
    #[must_use]
    pub fn head(&self) -> &Frontier {
        &self.index.follows().tree
    }

    /// Goes on by a clock that stands before the last entry, whose time is wrong.
    ///
    /// # Errors
    /// [`LedgerError::NothingToCorrect`] if that is not so.
    pub fn correct_clock(
        &mut self,
        corrected: ClockCorrected,
        time: u64,
    ) -> Result<(), LedgerError> {
        let last = self.last_time()?;
        let is_behind = last.is_some_and(|last| time.saturating_add(TOLERANCE) < last);
        if !is_behind || last != Some(corrected.wrong) {
            return Err(LedgerError::NothingToCorrect);
        }
        self.append(time, |draft| {
            draft.entry(Event::ClockCorrected(corrected)).map(drop)
        })
    }

    /// Records why a ledger without a kept head is taken for the newest copy.
    ///
    /// # Errors
    /// [`LedgerError::OtherHead`] if the head that was shown is none of this ledger.
    pub fn adopt_head(&mut self, adopted: HeadAdopted, time: u64) -> Result<(), LedgerError> {
        self.take_for_newest()?;
        self.append(time, |draft| {
            let head = draft.ledger.checkpoint()?.ok_or(LedgerError::Head)?;
            let shown = Checkpoint {
                origin: head.origin,
                size: adopted.size,
                root: adopted.root,
            };
            if draft.ledger.extends(&shown).is_err() {
                let size = adopted.size;
                return Err(LedgerError::OtherHead { size });
            }
            draft.entry(Event::HeadAdopted(adopted)).map(drop)
        })
    }

    /// Records where the head of this ledger is kept from here on.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn set_head_places(&mut self, places: HeadPlaces, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            draft.entry(Event::HeadPlaces(places)).map(drop)
        })
    }

    /// Where the head of this ledger is kept, as it was recorded last.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn head_places(&self) -> Result<Option<HeadPlaces>, LedgerError> {
        let positions = self.index.positions(table::HEAD_PLACES, &[])?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        match self.entry(*newest)?.event {
            Event::HeadPlaces(places) => Ok(Some(places)),
            _ => Err(damaged(*newest)),
        }
    }

    /// Records that the ledger may lie where it would be refused by itself.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn allow_place(&mut self, allowed: PlaceAllowed, time: u64) -> Result<(), LedgerError> {
        self.append(time, |draft| {
            draft.entry(Event::PlaceAllowed(allowed)).map(drop)
        })
    }

    /// Every place that was allowed, oldest first, with the time since when.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn allowed_places(&self) -> Result<Vec<(u64, PlaceAllowed)>, LedgerError> {
        self.entries_of(table::PLACE_ALLOWED, |event| match event {
            Event::PlaceAllowed(allowed) => Some(allowed),
            _ => None,
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
        if checkpoint.size == 0 || self.range(0, checkpoint.size)? == checkpoint.root {
            Ok(())
        } else {
            Err(ProofError::Forked {
                size: checkpoint.size,
            })
        }
    }

    /// Shows that the ledger holds all that became of a serial: its reservation, and the
    /// outcome if there is one. Nothing if the serial was never taken.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn inclusions(&self, ca: &Ca, serial: Serial) -> Result<Vec<Inclusion>, LedgerError> {
        let Some(reserved) = self.reservation_of(ca, serial)? else {
            return Ok(Vec::new());
        };
        let outcome = self.outcome_of(reserved)?;
        let head = self.head_over(outcome.unwrap_or(reserved))?;
        let positions = std::iter::once(reserved).chain(outcome);
        positions
            .map(|position| self.inclusion(position, head.clone()))
            .collect()
    }

    /// The newest signed head that is believed, if it covers the entry at `position`; else the
    /// head of today, which nobody has signed yet.
    fn head_over(&self, position: u64) -> Result<Checkpoint, LedgerError> {
        let today = self.checkpoint()?.ok_or(LedgerError::Head)?;
        let heads = self.believed_heads()?.into_iter();
        let signed = heads.map(|head| head.size).max();
        let Some(size) = signed.filter(|size| *size >= position) else {
            return Ok(today);
        };
        Ok(Checkpoint {
            size,
            root: self.range(0, size)?,
            ..today
        })
    }

    fn inclusion(&self, position: u64, checkpoint: Checkpoint) -> Result<Inclusion, LedgerError> {
        let index = position - 1;
        Ok(Inclusion {
            path: inclusion_proof(self, index, checkpoint.size)?,
            entry: self.bytes_at(position)?.ok_or_else(|| damaged(position))?,
            index,
            checkpoint,
        })
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
