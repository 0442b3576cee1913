//! What a receipt shows: that a certificate's entries lead to a head, and that the head goes on from another.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Ledger;
use super::proofs::Inclusion;
use super::read::damaged;
use crate::certificate::Serial;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::merkle::{Hash, Hashes, consistency_proof, inclusion_proof, node_hash, split};
use crate::ledger::{Ca, LedgerError};

/// Hashes of a ledger's tree that were computed lately. Entries never change, and so what is over a range of them
/// doesn't either: the proofs of certificates that were signed together are nearly the same.
#[derive(Debug, Default)]
pub struct KnownHashes(RefCell<HashMap<(u64, u64), Hash>>);

/// Where a certificate stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The position of the reservation.
    pub reserved: u64,
    /// The position of what became of it.
    pub outcome: u64,
}

impl Ledger {
    /// Where a serial was reserved, and where its outcome is; none before it has one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn places_of(&self, ca: &Ca, serial: Serial) -> Result<Option<Places>, LedgerError> {
        let Some(reserved) = self.reservation_of(ca, serial)? else {
            return Ok(None);
        };
        let outcome = self.outcome_of(reserved)?;
        Ok(outcome.map(|outcome| Places { reserved, outcome }))
    }

    /// Shows that both entries lead to this head, which covers them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn shown_in(
        &self,
        places: Places,
        head: &Checkpoint,
        known: &KnownHashes,
    ) -> Result<Vec<Inclusion>, LedgerError> {
        let remembered = known.over(self);
        let positions = [places.reserved, places.outcome].into_iter();
        let shown = positions.map(|position| {
            let index = position - 1;
            Ok(Inclusion {
                path: inclusion_proof(&remembered, index, head.size)?,
                entry: self.bytes_at(position)?.ok_or_else(|| damaged(position))?,
                index,
                checkpoint: head.clone(),
            })
        });
        shown.collect()
    }

    /// Shows that the first `size` entries go on to so many.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn goes_on_from(
        &self,
        size: u64,
        to: u64,
        known: &KnownHashes,
    ) -> Result<Vec<Hash>, LedgerError> {
        consistency_proof(&known.over(self), size, to)
    }
}

impl KnownHashes {
    fn over<'l>(&'l self, ledger: &'l Ledger) -> Remembered<'l> {
        let mut known = self.0.borrow_mut();
        if known.len() > REMEMBERED {
            known.clear();
        }
        drop(known);
        Remembered {
            ledger,
            known: &self.0,
        }
    }
}

/// A tree whose hashes are remembered.
struct Remembered<'l> {
    ledger: &'l Ledger,
    known: &'l RefCell<HashMap<(u64, u64), Hash>>,
}

impl Hashes for Remembered<'_> {
    type Error = LedgerError;

    fn range(&self, start: u64, end: u64) -> Result<Hash, LedgerError> {
        if let Some(hash) = self.known.borrow().get(&(start, end)) {
            return Ok(*hash);
        }
        let leaves = end - start;
        let is_small = leaves > 1 && leaves < TILE;
        let hash = if is_small || !leaves.is_power_of_two() {
            let middle = start + split(leaves);
            node_hash(&self.range(start, middle)?, &self.range(middle, end)?)
        } else {
            // A leaf, or what may be stored.
            self.ledger.range(start, end)?
        };
        self.known.borrow_mut().insert((start, end), hash);
        Ok(hash)
    }
}

/// So many hashes are remembered, about, of 80 bytes each.
const REMEMBERED: usize = 10_000;
/// The smallest subtree whose hash the index has.
const TILE: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::{Event, HeadPlaces};
    use crate::ledger::for_tests::ledger;
    use crate::ledger::merkle::{is_consistent, leaf_hash, root_of_inclusion};

    #[test]
    fn what_is_remembered_leads_to_the_heads_of_the_ledger() {
        let mut ledger = ledger(Box::new(|_| Ok(())));
        let known = KnownHashes::default();
        let mut before: Option<Checkpoint> = None;
        for round in 0..40_u64 {
            for _ in 0..=round % 23 {
                let places = HeadPlaces {
                    places: vec![round.to_string()],
                    keyboard: String::new(),
                };
                let added =
                    ledger.append(1, |draft| draft.entry(Event::HeadPlaces(places)).map(drop));
                added.unwrap();
            }
            let head = ledger.checkpoint().unwrap().unwrap();
            let places = Places {
                reserved: 1 + round % head.size,
                outcome: head.size,
            };
            for shown in ledger.shown_in(places, &head, &known).unwrap() {
                assert!(shown.holds(), "{shown:?}");
                let leaf = leaf_hash(&shown.entry);
                let root = root_of_inclusion(leaf, shown.index, head.size, &shown.path);
                assert_eq!(root, Some(head.root));
            }
            if let Some(before) = before {
                let proof = ledger.goes_on_from(before.size, head.size, &known).unwrap();
                assert!(is_consistent(
                    before.size,
                    &before.root,
                    head.size,
                    &head.root,
                    &proof
                ));
            }
            before = Some(head);
        }
        assert!(before.is_some_and(|head| head.size > TILE));
    }
}
