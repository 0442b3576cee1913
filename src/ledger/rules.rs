//! The ledger: every rule once, over two narrow stores.
//!
//! The frames are the truth. What a rule looks up, it finds by the index, in the same state
//! for a whole frame: a frame is drafted entry by entry, each seen at once by whatever is
//! checked after it, and then becomes durable whole or is withdrawn whole. Whoever has the
//! ledger open to write is the only writer, and its index has followed every frame, so that
//! what must be unique is unique.

mod audit;
mod backward;
mod bound_logins;
mod bundles;
mod cas;
mod ceremonies;
mod copies;
mod custody;
mod delegations;
mod draft;
mod duties;
mod ends;
mod enrolment;
mod evidence;
mod ledger_keys;
mod logins;
mod mirror;
mod opening;
mod people;
mod proofs;
mod read;
mod rebase;
mod receipts;
mod reserve;
mod retired;
mod revocations;
mod revoked;
mod revoked_set;
mod rollovers;
mod serials;
mod served;
mod suffixes;
mod terms;
mod tree;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};

use super::index::{Index, Keep};
use super::rows::table;
use super::store::{Frame, Frames, Keys, Place, Rows};
use super::{EntryError, LedgerError};
use draft::Draft;

#[cfg(test)]
mod tests;

pub use audit::{Audit, Auditor, IndexFault};
pub use bundles::{Brought, BundleRefused, KnownBundle, PendingRevocation};
pub use copies::KnownCopy;
pub use ends::{EndOfTrust, TrustEnded};
pub use ledger_keys::LedgerKeyState;
pub use logins::Counts;
pub use mirror::{Mirror, MirrorError, TakenUp};
pub use people::people_changes;
pub use proofs::{Inclusion, ProofError};
pub use receipts::{KnownHashes, Places};
pub use revoked::{Revocation, RevokedBy};
pub use revoked_set::RevokedSet;
pub use rollovers::Reached;
pub use serials::TakenOver;
pub use suffixes::{SuffixDifference, SuffixesError, recorded_form};
pub use terms::Term;

/// The record of every serial that was taken, and of all that is decided by it.
pub struct Ledger {
    frames: Box<dyn Frames>,
    index: Index,
    keep: Keep,
    /// The entries of the frame that is being put together; none between two calls.
    drafted: Vec<Vec<u8>>,
    /// The first entry that this version cannot read: nothing is written behind it.
    unreadable: Option<u64>,
    /// Whether the entries say all that the file has to tell of itself.
    told: bool,
    /// The reservations that were taken here and have no outcome yet. Somebody who still holds
    /// one may sign it.
    taken: BTreeMap<u64, Weak<()>>,
    /// Frames that were read last: what is looked up together often lies together.
    recent: RefCell<VecDeque<(Place, Arc<Frame>)>>,
    /// By what the lock was to be had. It is let go of last.
    by: Option<Box<dyn Send>>,
}

impl Ledger {
    /// A ledger of these frames, found in by these rows.
    ///
    /// # Errors
    /// [`LedgerError`] if the frames cannot be read or are not what their heads say.
    pub(super) fn over(
        frames: Box<dyn Frames>,
        rows: Box<dyn Rows>,
        keep: Keep,
    ) -> Result<Self, LedgerError> {
        people::opened();
        let index = Index::open(&*frames, rows, keep)?;
        let unreadable = index.first(&Keys::of(table::UNREADABLE, &[]))?;
        Ok(Self {
            frames,
            index,
            keep,
            drafted: Vec::new(),
            unreadable: unreadable.map(|(_, position)| position),
            told: false,
            taken: BTreeMap::new(),
            recent: RefCell::default(),
            by: None,
        })
    }

    /// Keeps this until the ledger is closed, and its lock let go of.
    #[must_use]
    pub fn until_dropped(mut self, by: impl Send + 'static) -> Self {
        self.by = Some(Box::new(by));
        self
    }

    /// How many entries it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frames.end().0.size
    }

    /// The first table of the index whose rows are not those that the entries call for; none
    /// if it is what a replay gives.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn index_fault(&self) -> Result<Option<&'static str>, LedgerError> {
        self.index.fault(&Index::sum(&*self.frames, &mut |_| ())?)
    }

    /// Appends entries in one durable step, or none of them. `time` is the clock.
    fn append<T, E: From<LedgerError>>(
        &mut self,
        time: u64,
        entries: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.may_be_written()?;
        let before = self.index.follows().clone();
        let mut draft = Draft { ledger: self, time };
        let appended = entries(&mut draft).and_then(|appended| {
            draft.commit(&before.head())?;
            Ok(appended)
        });
        self.drafted.clear();
        if appended.is_err() {
            self.index.withdraw(before);
        } else if self.keep == Keep::Rows && self.index.lag() >= LAG_OF_A_RUN {
            self.index.keep();
        }
        appended
    }

    /// Behind an entry that this version cannot read, it knows nothing for certain.
    fn may_be_written(&self) -> Result<(), LedgerError> {
        if self.is_mirror() {
            return Err(LedgerError::Mirror);
        }
        let Some(position) = self.unreadable else {
            return Ok(());
        };
        match self.entry(position) {
            Err(LedgerError::Damaged {
                source:
                    Some(EntryError::Unknown {
                        field: "kind",
                        value,
                    }),
                ..
            }) => Err(LedgerError::UnknownKind {
                position,
                kind: value,
            }),
            Err(error) => Err(error),
            Ok(_) => Err(LedgerError::Head),
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if self.keep == Keep::Rows && self.index.lag() >= LAG_AT_THE_END {
            self.index.keep();
        }
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger of {} entries", self.size())
    }
}

/// How many entries a run may be ahead of the rows on disk: a killed run costs the next one
/// a replay of so many, some 5 ms. Their rows are in memory, the most of what a run holds.
const LAG_OF_A_RUN: u64 = 1024;
/// How many entries may be left for the next run to read: a write to the index costs as much
/// as the reading of some 50.
const LAG_AT_THE_END: u64 = 32;
