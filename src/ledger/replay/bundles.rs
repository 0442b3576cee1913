//! Bundles: each follows the last that counts, is signed once, and by a registrar.

use std::collections::{HashMap, HashSet};

use super::entitled::Entitled;
use super::fault::Fault;
use super::finding::Findings;
use super::keys::{Keys, sha256};
use crate::ledger::entry::{BundleClosed, BundleTaken, Event, PendingRefused, PendingTaken};

/// The bundles so far.
#[derive(Debug, Default)]
pub(super) struct Bundles {
    known: HashMap<[u8; 16], Standing>,
    /// Hash and id of each that was taken, in order.
    taken: Vec<([u8; 32], [u8; 16])>,
    open: Option<[u8; 16]>,
    /// The revocations that were pending and were taken or refused.
    pending: HashSet<[u8; 32]>,
    /// The entries just before that revoke and bar.
    just: Vec<Ending>,
}

/// An entry that revokes or bars, and what it ended that was not ended before.
#[derive(Debug)]
struct Ending {
    keyboard: String,
    keys: Vec<[u8; 32]>,
    requesters: Vec<String>,
}

#[derive(Debug)]
struct Standing {
    items: u64,
    is_void: bool,
}

impl Bundles {
    /// Notes what an entry revokes and whom it bars, before it does: that a revocation which was pending is taken
    /// stands right behind one entry of each kind, or one.
    pub(super) fn before(&mut self, event: &Event, keys: &Keys, entitled: &Entitled) {
        match event {
            Event::Revoked(revoked) => {
                let hashes = revoked.key_hashes();
                self.just = vec![Ending {
                    keyboard: revoked.keyboard.clone(),
                    keys: hashes.filter(|key| !keys.is_revoked(key)).collect(),
                    requesters: Vec::new(),
                }];
            }
            Event::Barred(barred) => {
                let mut requesters = barred.requesters.clone();
                requesters.retain(|name| !entitled.is_barred(name));
                // One that revokes is the first.
                self.just.truncate(1);
                self.just.push(Ending {
                    keyboard: barred.keyboard.clone(),
                    keys: Vec::new(),
                    requesters,
                });
            }
            Event::PendingTaken(_) => {}
            _ => self.just.clear(),
        }
    }

    pub(super) fn taken(
        &mut self,
        found: &mut Findings,
        (keys, entitled): (&Keys, &mut Entitled),
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
        if keys.is_revoked(&sha256(&taken.key)) {
            found.broken(Fault::Bundle("was signed by a key that was revoked"));
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

    /// A revocation that was pending is taken once, by the word of a revoker, and beside what it revokes.
    pub(super) fn pending(
        &mut self,
        found: &mut Findings,
        (keys, entitled): (&Keys, &Entitled),
        taken: &PendingTaken,
    ) {
        if !self.pending.insert(taken.sha256) {
            found.broken(Fault::Pending("was taken or refused before"));
        }
        let keyboard = taken.keyboard_of_its_own();
        let mut own = std::mem::take(&mut self.just);
        own.retain(|ending| ending.keyboard == keyboard);
        if own.is_empty() {
            found.broken(Fault::Pending("is not beside what it revokes"));
        }
        // Whoever is ended by this very revocation signed it before.
        let key = sha256(&taken.key);
        let is_revoked = keys.is_revoked(&key) && !own.iter().any(|one| one.keys.contains(&key));
        let is_barred = entitled.is_barred(&taken.revoker)
            && !own
                .iter()
                .any(|one| one.requesters.contains(&taken.revoker));
        if is_revoked || is_barred || !entitled.is_revoker(&taken.revoker, &taken.key) {
            found.broken(Fault::Pending("was made by somebody who is no revoker"));
        }
    }

    /// One that is refused is named once, and says why.
    pub(super) fn refused(&mut self, found: &mut Findings, refused: &PendingRefused) {
        if !self.pending.insert(refused.sha256) {
            found.broken(Fault::Pending("was taken or refused before"));
        }
        if refused.why.is_empty() {
            found.broken(Fault::Pending("is refused without a reason"));
        }
    }

    /// The hash of the newest that is not void; zeros without any.
    fn last(&self) -> [u8; 32] {
        let counts = |id: &[u8; 16]| self.known.get(id).is_some_and(|known| !known.is_void);
        let last = self.taken.iter().rev().find(|(_, id)| counts(id));
        last.map_or([0; 32], |(hash, _)| *hash)
    }
}
