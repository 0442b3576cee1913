//! How far an index has come.

use crate::ledger::merkle::Frontier;
use crate::ledger::store::{Applied, Head, Place};

/// How far an index has come, and what is known there without a look at any entry.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Following {
    pub(in crate::ledger) tree: Frontier,
    /// Where the last frame begins.
    pub(in crate::ledger) last: Place,
    pub(in crate::ledger) next: Place,
    pub(in crate::ledger) time: u64,
    /// Reservations that nothing has become of yet.
    pub(in crate::ledger) open: Vec<u64>,
}

impl Following {
    /// What a note says, if it is not ahead of the ledger.
    pub(super) fn of(applied: &Applied, end: &Head) -> Option<Self> {
        if applied.head.size > end.size {
            return None;
        }
        let tree = Frontier::from_parts(applied.head.size, applied.peaks.clone())?;
        let follows = Self {
            tree,
            last: applied.last,
            next: applied.next,
            time: applied.time,
            open: applied.open.clone(),
        };
        (follows.head() == applied.head).then_some(follows)
    }

    pub(in crate::ledger) fn head(&self) -> Head {
        Head {
            size: self.tree.size(),
            root: self.tree.root(),
        }
    }

    pub(super) fn applied(&self) -> Applied {
        Applied {
            head: self.head(),
            peaks: self.tree.peaks().to_vec(),
            last: self.last,
            next: self.next,
            time: self.time,
            open: self.open.clone(),
        }
    }
}
