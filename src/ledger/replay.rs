//! An audit that believes nothing: all entries in order, through a model of the rules.
//!
//! Stands beside the ledger, and uses nothing of it but the entries' bytes: no index, no
//! constraint of a database, which a forger drops first. Whatever an entry says is held
//! against what the entries before it say. What comes out is a list of findings; none is
//! an error, so that one forged entry hides no other.
//!
//! Memory grows with the ledger by some 200 bytes an entry, whatever the entries hold:
//! hashes of keys and ids are kept, and of contents only those of open reservations.

mod bundles;
mod ceremonies;
mod content;
mod copies;
mod custody;
mod delegations;
mod entitled;
mod facts;
mod fault;
mod finding;
mod fit;
mod keys;
mod logins;
mod places;
mod positions;
mod replayed;
mod reservations;
mod rollovers;
mod serials;
mod subjects;
mod suffixes;
#[cfg(test)]
mod tests;
mod tree;

use super::EntryError;
use super::clock::{DAY, LAST_SECOND, LEAP_DAYS, NO_EARLIER, TOLERANCE};
use super::entry::{Bound, CaAdded, ClockCorrected, Entry, Event, NotBound, Resumed, Revoked};
use super::merkle::{Hash, leaf_hash};
use crate::wire::{PublicKey, c_string};
pub use fault::Fault;
pub use finding::{Finding, Grade, MOST_FINDINGS};
pub use replayed::{HeadError, Replayed};

use bundles::Bundles;
use ceremonies::Ceremonies;
use copies::Copies;
use custody::Custody;
use entitled::Entitled;
use finding::Findings;
use keys::{Keys, sha256};
use reservations::Reservations;
use rollovers::Rollovers;
use subjects::Subjects;
use suffixes::Suffixes;
use tree::Tree;

/// Whether the CA's signature of every certificate is checked too, which takes long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// Every one.
    Check,
    /// None.
    #[default]
    Skip,
}

/// Takes the entries of a ledger one by one.
#[derive(Debug)]
pub struct Replay {
    signatures: Signatures,
    tree: Tree,
    first_leaf: Option<Hash>,
    last_time: Option<u64>,
    found: Findings,
    counts: Counts,
    keys: Keys,
    entitled: Entitled,
    suffixes: Suffixes,
    reservations: Reservations,
    subjects: Subjects,
    ceremonies: Ceremonies,
    bundles: Bundles,
    copies: Copies,
    custody: Custody,
    rollovers: Rollovers,
    /// The number of the newest delegation of lists.
    delegations: u64,
    /// The greatest kind of each family of kinds that replace one another.
    newest: Newest,
}

#[derive(Debug, Default)]
struct Counts {
    cas: u64,
    reserved: u64,
    issued: u64,
    failed: u64,
    evidence: u64,
    revocations: u64,
    krls: u64,
    gaps: u64,
}

/// The newest kind that was seen of reservations, of KRLs and of gaps: a format that was
/// left is not written again.
#[derive(Debug, Default)]
struct Newest {
    reserved: u8,
    krl: u8,
    resumed: u8,
}

impl Replay {
    /// Before the first entry.
    #[must_use]
    pub fn new(signatures: Signatures) -> Self {
        Self {
            signatures,
            tree: Tree::default(),
            first_leaf: None,
            last_time: None,
            found: Findings::default(),
            counts: Counts::default(),
            keys: Keys::new(signatures),
            entitled: Entitled::default(),
            suffixes: Suffixes::default(),
            reservations: Reservations::default(),
            subjects: Subjects::default(),
            ceremonies: Ceremonies::default(),
            bundles: Bundles::default(),
            copies: Copies::default(),
            custody: Custody::default(),
            rollovers: Rollovers::default(),
            delegations: 0,
            newest: Newest::default(),
        }
    }

    /// Takes the canonical bytes of the next entry. Positions count from 1, without holes.
    pub fn entry(&mut self, bytes: &[u8]) {
        let leaf = leaf_hash(bytes);
        self.first_leaf.get_or_insert(leaf);
        let kind = bytes.first().copied().unwrap_or_default();
        self.found.begin(self.tree.size() + 1, kind);
        match Entry::from_bytes(bytes) {
            Ok(entry) => self.take(kind, entry),
            Err(EntryError::Unknown {
                field: "kind",
                value,
            }) => self.found.unchecked(Fault::Kind(value)),
            Err(error) => self.found.broken(Fault::Bytes(error.to_string())),
        }
        self.tree.push(leaf);
    }

    /// After the last entry.
    #[must_use]
    pub fn end(self) -> Replayed {
        let counts = self.counts;
        let moduli_left = self.found.moduli_left();
        let (findings, more) = self.found.end();
        Replayed {
            cas: counts.cas,
            reserved: counts.reserved,
            issued: counts.issued,
            failed: counts.failed,
            evidence: counts.evidence,
            revocations: counts.revocations,
            krls: counts.krls,
            gaps: counts.gaps,
            findings,
            more,
            moduli_left,
            revoked_ledger_keys: self.keys.revoked_ledger_keys(),
            tree: self.tree,
        }
    }

    fn take(&mut self, kind: u8, entry: Entry) {
        self.time(kind, &entry);
        self.succession(kind);
        let (position, time) = (self.tree.size() + 1, entry.time);
        self.bundles
            .before(&entry.event, &self.keys, &self.entitled);
        let found = &mut self.found;
        match entry.event {
            Event::CaAdded(added) => self.ca(position, added),
            Event::Reserved(reserved) => {
                self.counts.reserved += 1;
                self.reserved(position, time, reserved);
            }
            Event::Issued(issued) => {
                self.counts.issued += 1;
                let check = self.signatures;
                self.reservations.issued(found, &self.keys, &issued, check);
            }
            Event::Failed(failed) => {
                self.counts.failed += 1;
                self.reservations.failed(found, &mut self.subjects, &failed);
            }
            Event::Revoked(revoked) => self.revoked(&revoked),
            Event::Resumed(resumed) => self.resumed(&resumed),
            Event::KrlMade(made) => {
                self.counts.krls += 1;
                self.keys.krl(found, &self.subjects, &self.tree, &made);
            }
            Event::CheckpointSigned(signed) => {
                self.keys.head(found, &self.subjects, &self.tree, &signed);
            }
            Event::LedgerKeyAdded(added) => {
                self.keys.ledger_key(found, &self.subjects, &added);
            }
            Event::LedgerKeyRolled(rolled) => {
                self.keys.rolled(found, &self.subjects, &self.tree, &rolled);
            }
            Event::LedgerKeyRevoked(revoked) => self.keys.ledger_key_revoked(found, &revoked),
            Event::EvidenceSeen(seen) => {
                self.counts.evidence += 1;
                self.reservations.evidence(found, position, &seen);
            }
            Event::PolicySeen(seen) => self.reservations.policy(found, &seen),
            Event::ChallengeMade(made) => self.reservations.challenge(found, position, &made),
            Event::RequesterAdded(added) => {
                self.entitled
                    .added(found, &self.keys, &self.subjects, added);
            }
            Event::RequesterRemoved(removed) => self.entitled.removed(found, &removed),
            Event::RequesterNamed(named) => self.entitled.named(found, &named),
            Event::DutiesSet(set) => self.entitled.duties(found, &set),
            Event::Barred(barred) => self.entitled.barred(barred),
            Event::LoginBound(bound) => self.entitled.bound(found, bound),
            Event::SuffixesSet(set) => self.suffixes.set(found, &self.keys, set),
            Event::HeadAdopted(adopted) => places::adopted(found, &self.tree, &adopted),
            Event::HeadPlaces(set) => places::head_places(found, &set),
            Event::CeremonyHeld(held) => self.ceremonies.held(found, &held),
            Event::BundleTaken(taken) => {
                let about = (&self.keys, &mut self.entitled);
                self.bundles.taken(found, about, &taken);
            }
            Event::PendingTaken(taken) => {
                let about = (&self.keys, &self.entitled);
                self.bundles.pending(found, about, &taken);
            }
            Event::PendingRefused(refused) => self.bundles.refused(found, &refused),
            Event::BundleClosed(end) => self.bundles.closed(found, &mut self.entitled, &end),
            Event::CaRetired(retired) => {
                self.keys.retired(found, retired.ca);
                self.rollovers.retired(found, retired.ca);
            }
            Event::StageReached(reached) => self.rollovers.reached(found, &self.keys, &reached),
            Event::SecretsDerived(derived) => self.custody.derived(found, &derived),
            Event::LoginSeen(seen) => {
                self.entitled
                    .logged_in(found, &self.keys, (position, time), seen);
            }
            Event::ListsDelegated(delegated) => self.delegated(time, &delegated),
            Event::CopyTried(tried) => self.copies.tried(found, &self.keys, (&tried, time)),
            Event::CopySeen(seen) => self.copies.seen(found, &self.keys, &seen),
            Event::TailCut(cut) => places::tail(found, &cut),
            Event::Bound(Bound { ca, .. }) | Event::NotBound(NotBound { ca, .. }) => {
                if self.keys.ca(ca).is_none() {
                    found.broken(Fault::Reference(ca));
                }
            }
            Event::RootDistrusted(_) | Event::PlaceAllowed(_) | Event::ClockCorrected(_) => {}
        }
    }

    /// Time runs forward, but for a minute, and but for what says that the clock was wrong.
    fn time(&mut self, kind: u8, entry: &Entry) {
        let is_shown = (NO_EARLIER..=LAST_SECOND).contains(&entry.time);
        if !is_shown {
            self.found.since_format_4(Fault::NoClock(entry.time));
        }
        let Some(last) = self.last_time.replace(entry.time) else {
            return;
        };
        let is_behind = entry.time.saturating_add(TOLERANCE) < last;
        if let Event::ClockCorrected(ClockCorrected { wrong, .. }) = &entry.event {
            self.corrected(*wrong, last, is_behind);
            return;
        }
        let days = entry.time.saturating_sub(last) / DAY;
        if is_shown && days > LEAP_DAYS {
            self.found.odd(Fault::Leap { days });
        }
        if !is_behind {
            return;
        }
        let fault = Fault::Time {
            behind: last - entry.time,
        };
        match kind {
            // Until format 4 the clock was looked at once a run, and not at all in `resume`.
            2 | 3 | 4 | 7 | 8 => self.found.since_format_4(fault),
            _ => self.found.broken(fault),
        }
    }

    /// What is corrected is the time of the entry before, and only a clock behind it calls for
    /// that.
    fn corrected(&mut self, wrong: u64, last: u64, is_behind: bool) {
        if wrong != last {
            self.found.broken(Fault::Corrected { wrong, last });
        }
        if !is_behind {
            self.found.broken(Fault::NothingToCorrect);
        }
    }

    fn succession(&mut self, kind: u8) {
        let newest = match kind {
            2 | 8 | 18 | 46 => &mut self.newest.reserved,
            6 | 25 => &mut self.newest.krl,
            7 | 26 => &mut self.newest.resumed,
            _ => return,
        };
        // A server's reservations and those of commands take turns.
        let kind = if kind == 46 { 18 } else { kind };
        if kind < *newest {
            self.found.broken(Fault::OldKind {
                kind,
                newest: *newest,
            });
        }
        *newest = kind.max(*newest);
    }

    fn ca(&mut self, position: u64, added: CaAdded) {
        self.counts.cas += 1;
        if self.subjects.contains(&sha256(&added.public_key)) {
            self.found.since_format_4(Fault::SubjectBecameCa);
        }
        if self.keys.is_revoked(&sha256(&added.public_key)) {
            self.found.since_format_4(Fault::RevokedBecameCa);
        }
        if self.entitled.is_enrolled(&added.public_key) {
            self.found.since_format_4(Fault::EnrolledBecameCa);
        }
        self.keys.add_ca(&mut self.found, position, added);
    }

    fn reserved(&mut self, position: u64, time: u64, reserved: super::Reserved) {
        let known = reservations::Known {
            keys: &self.keys,
            entitled: &self.entitled,
            suffixes: &self.suffixes,
            signatures: self.signatures,
            has_gap: self.counts.gaps > 0,
        };
        self.found.by(&reserved.decided_by);
        let found = &mut self.found;
        self.reservations.reserved(
            found,
            &mut self.subjects,
            &known,
            (position, time),
            &reserved,
        );
        self.keys.take_serial(found, &reserved);
    }

    fn revoked(&mut self, revoked: &Revoked) {
        self.counts.revocations += 1;
        if revoked.is_empty() {
            self.found.odd(Fault::RevokesNothing);
        }
        // Until format 4 such a key stopped every KRL behind it.
        for what in unnameable(revoked) {
            self.found.since_format_4(Fault::Unnameable(what));
        }
        self.keys.revoke(revoked);
        self.reservations.key_ids_revoked(revoked);
    }

    fn resumed(&mut self, resumed: &Resumed) {
        self.counts.gaps += 1;
        self.keys.resumed(&mut self.found, resumed);
        let recovery = resumed.recovery.as_ref();
        if recovery.is_some_and(|recovery| recovery.enrolments == 0) {
            self.entitled.must_be_confirmed();
        }
    }
}

/// What of a revocation no KRL can name.
fn unnameable(revoked: &Revoked) -> impl Iterator<Item = &'static str> {
    let is_no_key = |key: &Vec<u8>| PublicKey::from_blob(key).is_err();
    let is_no_key_id = |key_id: &String| c_string(key_id.as_bytes()).is_err();
    let is_no_range = |(first, last): &(u64, u64)| *first == 0 || first > last;
    let key = revoked.keys.iter().any(is_no_key).then_some("key");
    let key_id = revoked.key_ids.iter().any(is_no_key_id);
    let range = revoked.serials.iter().any(is_no_range);
    let others = [
        key_id.then_some("key ID"),
        range.then_some("range of serials"),
    ];
    key.into_iter().chain(others.into_iter().flatten())
}
