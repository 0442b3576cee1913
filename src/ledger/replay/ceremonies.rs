//! Ceremonies: each is there once, under the words that its people copied onto paper.

use std::collections::HashSet;

use super::fault::Fault;
use super::finding::Findings;
use crate::ledger::entry::CeremonyHeld;
use crate::wire::words;

/// The transcripts so far, by their values.
#[derive(Debug, Default)]
pub(super) struct Ceremonies(HashSet<[u8; 32]>);

impl Ceremonies {
    pub(super) fn held(&mut self, found: &mut Findings, held: &CeremonyHeld) {
        if held.words != words(&held.transcript) {
            found.broken(Fault::Ceremony("other words than its transcript has"));
        }
        if !self.0.insert(held.transcript) {
            found.broken(Fault::Ceremony("a transcript that an earlier one has"));
        }
    }
}
