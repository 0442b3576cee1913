//! What a replay came to.

use std::collections::HashMap;

use super::finding::{Finding, Grade};
use super::subjects::KeyHash;
use super::tree::Tree;
use crate::ledger::checkpoint::{Checkpoint, origin};

/// What a ledger holds, and what in it should not be.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Its CAs.
    pub cas: u64,
    /// Serials that were taken.
    pub reserved: u64,
    /// Of these, certificates.
    pub issued: u64,
    /// Of these, given up.
    pub failed: u64,
    /// Evidence that was kept.
    pub evidence: u64,
    /// Revocations.
    pub revocations: u64,
    /// KRLs that were made.
    pub krls: u64,
    /// Times that an older ledger went on.
    pub gaps: u64,
    /// What is wrong, in the order of the entries: the first [`MOST_FINDINGS`](super::MOST_FINDINGS).
    pub findings: Vec<Finding>,
    /// How many findings there are beside these.
    pub more: u64,
    /// RSA moduli of which was not seen whether they are primes or have a larger factor.
    pub moduli_left: u64,
    /// Ledger keys that were revoked, and up to which size heads by them are believed.
    pub(super) revoked_ledger_keys: HashMap<KeyHash, u64>,
    pub(super) tree: Tree,
}

/// Why a ledger does not go on from a head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The head is of another ledger.
    #[error("the head is of ledger {head}, this is {ledger}")]
    OtherLedger {
        /// The origin that the head names.
        head: String,
        /// The origin of this ledger.
        ledger: String,
    },
    /// The ledger was longer when the head was made.
    #[error("the ledger has {has} entries, and had {had} when the head was made")]
    Shorter {
        /// How many there are.
        has: u64,
        /// How many there were.
        had: u64,
    },
    /// Entries that the head covers are other ones now.
    #[error("the first {size} entries are not those that the head was made over")]
    Forked {
        /// How many it covers.
        size: u64,
    },
}

impl Replayed {
    /// Whether nothing at all was found.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }

    /// The findings that no version of this program accounts for.
    #[must_use]
    pub fn broken(&self) -> Vec<&Finding> {
        let is_broken = |found: &&Finding| found.grade == Grade::Broken;
        self.findings.iter().filter(is_broken).collect()
    }

    /// The ledger's own keys that were revoked, by the SHA-256 of their blobs, each with the
    /// last size of a head that is believed of it.
    #[must_use]
    pub fn revoked_ledger_keys(&self) -> &HashMap<[u8; 32], u64> {
        &self.revoked_ledger_keys
    }

    /// How many entries there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The head after the last entry; none of an empty ledger.
    #[must_use]
    pub fn head(&self) -> Option<Checkpoint> {
        self.head_at(self.size())
    }

    /// The head as it was after the first `size` entries; none if it never had so many.
    #[must_use]
    pub fn head_at(&self, size: u64) -> Option<Checkpoint> {
        Some(Checkpoint {
            origin: origin(self.tree.first()?),
            size,
            root: self.tree.root_at(size)?,
        })
    }

    /// Whether this ledger is the one of `head`, grown.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn extends(&self, head: &Checkpoint) -> Result<(), HeadError> {
        let ledger = self.tree.first().map(origin).unwrap_or_default();
        if ledger != head.origin {
            return Err(HeadError::OtherLedger {
                head: head.origin.clone(),
                ledger,
            });
        }
        if self.size() < head.size {
            return Err(HeadError::Shorter {
                has: self.size(),
                had: head.size,
            });
        }
        if self.tree.root_at(head.size) == Some(head.root) {
            Ok(())
        } else {
            Err(HeadError::Forked { size: head.size })
        }
    }
}
