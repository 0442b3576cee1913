//! Bundles: each follows the last that counts, is signed once, and by a registrar.

use std::collections::{HashMap, HashSet};

use super::entitled::Entitled;
use super::fault::Fault;
use super::finding::Findings;
use crate::ledger::entry::{BundleClosed, BundleTaken, PendingTaken};

/// The bundles so far.
#[derive(Debug, Default)]
pub(super) struct Bundles {
    known: HashMap<[u8; 16], Standing>,
    /// Hash and id of each that was taken, in order.
    taken: Vec<([u8; 32], [u8; 16])>,
    open: Option<[u8; 16]>,
    /// The revocations that were pending and were taken.
    pending: HashSet<[u8; 32]>,
}

#[derive(Debug)]
struct Standing {
    items: u64,
    is_void: bool,
}

impl Bundles {
    pub(super) fn taken(
        &mut self,
        found: &mut Findings,
        entitled: &mut Entitled,
        taken: &BundleTaken,
    ) {
        if self.open.is_some() {
            found.broken(Fault::Bundle("is taken while another is signed"));
        }
        if taken.before != self.last() {
            found.broken(Fault::Bundle("follows another than the last"));
        }
        let standing = Standing {
            items: taken.items,
            is_void: false,
        };
        if self.known.insert(taken.id, standing).is_some() {
            found.broken(Fault::Bundle("has an id that an earlier one has"));
        }
        if !entitled.is_registrar(&taken.registrar, &taken.key) {
            found.broken(Fault::Bundle("was made by somebody who is no registrar"));
        }
        self.taken.push((taken.sha256, taken.id));
        self.open = Some(taken.id);
        entitled.word_of(Some(taken.registrar.clone()));
    }

    pub(super) fn closed(
        &mut self,
        found: &mut Findings,
        entitled: &mut Entitled,
        closed: &BundleClosed,
    ) {
        let is_void = closed.is_signed == 0;
        let is_open = self.open == Some(closed.id);
        if !is_open && (!is_void || self.open.is_some()) {
            found.broken(Fault::Bundle("ends and was not under way"));
        }
        let known = self.known.entry(closed.id).or_insert(Standing {
            items: 0,
            is_void: false,
        });
        if std::mem::replace(&mut known.is_void, is_void) {
            found.broken(Fault::Bundle("ends and was void before"));
        }
        if closed.is_malformed(known.items) {
            found.broken(Fault::Bundle("ends by what can't be of it"));
        }
        if is_open {
            self.open = None;
            entitled.word_of(None);
        }
    }

    /// A revocation that was pending is taken once, and by the word of a revoker.
    pub(super) fn pending(
        &mut self,
        found: &mut Findings,
        entitled: &Entitled,
        taken: &PendingTaken,
    ) {
        if !self.pending.insert(taken.sha256) {
            found.broken(Fault::Pending("was taken before"));
        }
        if !entitled.is_revoker(&taken.revoker, &taken.key) {
            found.broken(Fault::Pending("was made by somebody who is no revoker"));
        }
    }

    /// The hash of the newest that is not void; zeros without any.
    fn last(&self) -> [u8; 32] {
        let counts = |id: &[u8; 16]| self.known.get(id).is_some_and(|known| !known.is_void);
        let last = self.taken.iter().rev().find(|(_, id)| counts(id));
        last.map_or([0; 32], |(hash, _)| *hash)
    }
}
