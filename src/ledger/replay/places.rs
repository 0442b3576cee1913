//! The entries about where the ledger and its head lie.

use super::fault::Fault;
use super::finding::Findings;
use super::tree::Tree;
use crate::ledger::entry::{HeadAdopted, HeadPlaces, TailCut};

/// A head that was adopted is one of this ledger; without one there are a person's words.
pub(super) fn adopted(found: &mut Findings, tree: &Tree, adopted: &HeadAdopted) {
    let is_right = match adopted.size {
        0 => adopted.root == [0; 32] && !adopted.word.is_empty(),
        size => tree.root_at(size) == Some(adopted.root),
    };
    if !is_right {
        found.broken(Fault::Head(adopted.size));
    }
}

pub(super) fn head_places(found: &mut Findings, set: &HeadPlaces) {
    for place in set.places.iter().filter(|place| !place.starts_with('/')) {
        found.broken(Fault::Place(place.clone()));
    }
}

pub(super) fn tail(found: &mut Findings, cut: &TailCut) {
    if cut.length == 0 || cut.copy.is_empty() || cut.copy.contains('/') {
        found.broken(Fault::Tail);
    }
}
