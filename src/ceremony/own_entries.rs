//! Which entries of the ledger are a ceremony's: what its plan has done there, and nothing else.
//!
//! A run that goes on and an outsider's check ask alike, so that nothing can be done in the ledger between two
//! runs and stay unsaid. Each kind of entry is named here: of a new one the compiler asks whose it is.

mod asked;
mod told;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use ssh_key::PublicKey;

use super::counters::AtTheEnd;
use super::facts::{
    LEDGER_BEFORE, LEDGER_KEY, SECRET_CHECK, check_of, head_of_words, opened_by_fact,
};
use super::files::file_sha256;
use super::key_place;
use super::plan::{Copies, Pins, Plan, Task};
use super::public_files::LIST_FILE;
use super::transcript::{Event as LineEvent, Transcript};
use crate::ledger::{
    Bound, CopySeen, Derivation, Entry, Event, Ledger, LedgerError, NotBound, RequestId,
    SecretsDerived, Stage,
};
use crate::signer::Locator;

/// What a ceremony does in its ledger.
pub(super) struct OwnEntries<'p> {
    plan: &'p Plan,
    /// The size of the ledger that was found; 0 where the ceremony makes it, none where it was not looked
    /// at yet.
    found: Option<u64>,
    /// The ledger key that was made, where that is known by now.
    ledger_key: Option<Vec<u8>>,
    /// SHA-256 of the list that was made.
    list: Option<[u8; 32]>,
    /// What the bundles of the plan ask for.
    requests: HashSet<RequestId>,
    /// Where keys were to be made, or to come out of their wrapped files.
    intents: Vec<Locator>,
    /// What tells the secret that shares open from another one.
    secret: Option<[u8; 32]>,
    /// What the devices are left with that shares open, by serial, of those of which the transcript says it by now.
    left: HashMap<String, AtTheEnd>,
}

/// An entry that is none of the plan's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stranger {
    /// Where it stands.
    pub(super) position: u64,
    /// What it says.
    pub(super) what: String,
}

/// What was seen of the ledger on the way through it.
#[derive(Default)]
struct Walk {
    /// Where the CAs stand whose keys are made here.
    made: Vec<u64>,
    /// Where those stand that the plan finds.
    before: Vec<u64>,
    /// Their public keys.
    keys: Vec<Vec<u8>>,
    /// The public keys of those that are made here.
    made_keys: Vec<Vec<u8>>,
    has_ledger_key: bool,
    /// Reservations that are the ceremony's.
    reserved: HashSet<u64>,
    /// Reservations that are not.
    foreign: HashSet<u64>,
}

/// What else stands in the frame of an entry.
#[derive(Clone, Copy)]
struct Frame {
    takes_bundle: bool,
    reserves: bool,
}

impl<'p> OwnEntries<'p> {
    /// Of a ceremony whose outputs lie where `path` says.
    pub(super) fn of(
        plan: &'p Plan,
        transcript: &Transcript,
        path: impl Fn(&str) -> PathBuf,
    ) -> Self {
        let found = match &plan.ledger {
            None => Some(0),
            // As it was found first: what came since was told when the run went on.
            Some(_) => transcript
                .facts()
                .find(|(name, _)| *name == LEDGER_BEFORE)
                .and_then(|(_, words)| head_of_words(words))
                .map(|head| head.size),
        };
        let key = transcript
            .fact(LEDGER_KEY)
            .and_then(|line| line.parse::<PublicKey>().ok());
        let bundles = plan.signing().into_iter().flat_map(|sign| &sign.bundles);
        let left = plan.devices.iter().filter_map(|device| {
            let end = transcript.fact(&opened_by_fact(device))?;
            Some((device.serial(), AtTheEnd::parse(end)?))
        });
        Self {
            plan,
            found,
            ledger_key: key.and_then(|key| key.to_bytes().ok()),
            list: file_sha256(&path(LIST_FILE)).ok(),
            requests: bundles
                .flat_map(|bundle| asked::requests(&path(&bundle.file)))
                .collect(),
            intents: transcript.events().filter_map(intent).collect(),
            secret: transcript.fact(SECRET_CHECK).and_then(check_of),
            left: left.collect(),
        }
    }

    /// The size of the ledger that was found; none where it was not looked at.
    pub(super) fn found(&self) -> Option<u64> {
        self.found
    }

    /// The entries behind the ledger that was found, up to one, that are not the ceremony's.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(super) fn strangers(
        &self,
        ledger: &Ledger,
        end: u64,
    ) -> Result<Vec<Stranger>, LedgerError> {
        let Some(found) = self.found else {
            return Ok(Vec::new());
        };
        let (mut walk, mut strangers) = (self.begin(ledger)?, Vec::new());
        let from = found.saturating_add(1);
        ledger.each_frame_from(from, &mut |first, entries| {
            let entries: Vec<_> = entries
                .iter()
                .map(|bytes| Entry::from_bytes(bytes).map(|entry| entry.event))
                .collect();
            let any = |is: &dyn Fn(&Event) -> bool| entries.iter().flatten().any(is);
            let frame = Frame {
                takes_bundle: any(&|event| self.takes_bundle(event)),
                reserves: any(
                    &|event| matches!(event, Event::Reserved(reserved) if self.asked_for(reserved)),
                ),
            };
            for (position, event) in (first..).zip(&entries) {
                if position > end {
                    return ControlFlow::Break(());
                }
                let what = match event {
                    _ if position < from => None,
                    Ok(event) if self.is_own(&mut walk, frame, position, event) => None,
                    Ok(event) => Some(told::told(event)),
                    Err(error) => Some(error.to_string()),
                };
                strangers.extend(what.map(|what| Stranger { position, what }));
            }
            ControlFlow::Continue(())
        })?;
        Ok(strangers)
    }

    fn begin(&self, ledger: &Ledger) -> Result<Walk, LedgerError> {
        let mut walk = Walk::default();
        let cas = ledger.cas()?;
        for planned in self.plan.ledger.iter().flat_map(|before| &before.cas) {
            let is_it = |ca: &&crate::ledger::Ca| {
                ca.name() == planned.name.as_str()
                    && ca.public_key().fingerprint(ssh_key::HashAlg::Sha256) == planned.fingerprint
            };
            if let Some(ca) = cas.iter().find(is_it) {
                walk.before.push(ca.position());
                walk.keys.push(ca.added().public_key.clone());
            }
        }
        let is_made = |name: &str| {
            let mut made = self.plan.cas().iter();
            made.any(|ca| ca.name.as_str() == name)
        };
        let made = cas.iter().filter(|ca| is_made(ca.name()));
        walk.made_keys
            .extend(made.map(|ca| ca.added().public_key.clone()));
        Ok(walk)
    }

    fn is_own(&self, walk: &mut Walk, frame: Frame, position: u64, event: &Event) -> bool {
        let is_new = self.plan.ledger.is_none();
        let signs = self.plan.signing().is_some();
        let issues = signs || self.plan.compromise().is_some();
        // Of CAs that it finds: whether their keys are revoked.
        let retires = match self.plan.task {
            Task::Create(_)
            | Task::Sign(_)
            | Task::Rollover(_)
            | Task::Drill(_)
            | Task::Restore(_) => false,
            Task::Compromise(_) | Task::Retire(_) => true,
        };
        match event {
            // A run that was killed left it.
            Event::TailCut(_) => true,
            Event::HeadPlaces(_) | Event::PlaceAllowed(_) => is_new,
            Event::CaAdded(added) => {
                let is_planned = self
                    .plan
                    .cas()
                    .iter()
                    .any(|ca| ca.name.as_str() == added.name);
                if is_planned {
                    walk.made.push(position);
                }
                is_planned
            }
            Event::SuffixesSet(set) => walk.made.contains(&set.ca),
            Event::Bound(Bound { ca, device, .. })
            | Event::NotBound(NotBound { ca, device, .. }) => {
                walk.made.contains(ca) || (walk.before.contains(ca) && self.is_announced(device))
            }
            Event::LedgerKeyAdded(added) => self.is_own_key(walk, &added.key),
            Event::CopySeen(seen) => self.is_own_copy(walk, seen),
            Event::SecretsDerived(derived) => self.is_own_change(derived),
            Event::KrlMade(made) => self.list == Some(made.sha256),
            Event::CheckpointSigned(_) => signs,
            Event::CeremonyHeld(held) => held.plan == self.plan.sha256,
            Event::CaRetired(retired) => retires && walk.before.contains(&retired.ca),
            Event::Revoked(revoked) => {
                let of_keys = revoked.serials.is_empty()
                    && revoked.key_ids.is_empty()
                    && revoked.sha256s.is_empty()
                    && revoked.keys.iter().all(|key| walk.keys.contains(key));
                (retires && of_keys) || frame.takes_bundle
            }
            Event::StageReached(reached) => {
                let is_ours = match reached.stage {
                    Stage::Made => true,
                    Stage::Trusted => self.plan.compromise().is_some(),
                    _ => false,
                };
                is_ours && walk.made.contains(&reached.new)
            }
            Event::BundleTaken(_) => self.takes_bundle(event),
            Event::BundleClosed(closed) => {
                closed.is_signed != 0
                    && self
                        .plan
                        .signing()
                        .is_some_and(|sign| sign.bundles.iter().any(|one| one.id == closed.id))
            }
            Event::Reserved(reserved) => self.is_own_reservation(walk, position, reserved),
            Event::Issued(issued) => walk.reserved.contains(&issued.reserved),
            // What a run before it left open is given up by a session that signs.
            Event::Failed(failed) => issues && !walk.foreign.contains(&failed.reserved),
            // A card said of a CA's key that it was born there.
            Event::EvidenceSeen(seen) if walk.made_keys.contains(&seen.subject) => true,
            Event::PolicySeen(_) | Event::EvidenceSeen(_) => frame.reserves,
            Event::CopyTried(tried) => tried.plan == self.plan.sha256,
            Event::PendingTaken(_)
            | Event::PendingRefused(_)
            | Event::RequesterAdded(_)
            | Event::RequesterNamed(_)
            | Event::DutiesSet(_)
            | Event::Barred(_) => frame.takes_bundle,
            Event::Resumed(_)
            | Event::ChallengeMade(_)
            | Event::ClockCorrected(_)
            | Event::RequesterRemoved(_)
            | Event::HeadAdopted(_)
            | Event::LedgerKeyRolled(_)
            | Event::LedgerKeyRevoked(_)
            | Event::RootDistrusted(_)
            | Event::ListsDelegated(_)
            | Event::LoginBound(_)
            | Event::LoginSeen(_) => false,
        }
    }

    /// Of a CA that is made, a copy that the plan has made; of one that is found, a copy whose end the plan has, or one
    /// that comes out of its wrapped file.
    fn is_own_copy(&self, walk: &Walk, seen: &CopySeen) -> bool {
        if walk.made.contains(&seen.ca) {
            let mut cas = self.plan.cas().iter();
            return cas.any(|ca| ca.copies != Copies::None);
        }
        let mut ends = self.plan.copies_that_end().iter();
        walk.before.contains(&seen.ca)
            && (self.is_announced(&seen.device)
                || ends.any(|copy| key_place::is_end_of(self.plan, copy, &seen.device)))
    }

    /// Of the secret that shares open, as long as the transcript doesn't say what the device was left with, and up to
    /// that: what comes behind it is of a session by itself.
    fn is_own_change(&self, derived: &SecretsDerived) -> bool {
        let custody = self.plan.custody.as_ref();
        let is_new = self.plan.ledger.is_none();
        let changes = is_new || custody.is_some_and(|custody| custody.rotates);
        let is_up_to =
            |by: &Derivation| derived.generation == by.generation && derived.counter <= by.counter;
        let is_before = match self.left.get(&derived.serial) {
            // No session opens a card that was reset.
            None | Some(AtTheEnd::Reset) => true,
            Some(AtTheEnd::Changed(by)) => is_up_to(by),
            Some(AtTheEnd::Kept(_) | AtTheEnd::Missing(_)) => false,
        };
        let mut devices = self.plan.devices.iter();
        changes
            && is_before
            && self.secret == Some(derived.check)
            && devices.any(|one| one.pins == Pins::Shares && one.serial() == derived.serial)
    }

    /// Whether the transcript has as an intent that a key comes to this place.
    fn is_announced(&self, device: &str) -> bool {
        let there = device.parse::<Locator>();
        there.is_ok_and(|there| self.intents.iter().any(|intent| intent.covers(&there)))
    }

    /// The key of the transcript; before that has one, the first.
    fn is_own_key(&self, walk: &mut Walk, key: &[u8]) -> bool {
        let is_planned = self.plan.ledger_key().is_some();
        let is_first = !std::mem::replace(&mut walk.has_ledger_key, true);
        let is_it = match &self.ledger_key {
            Some(own) => own == key,
            None => is_first,
        };
        is_planned && is_it
    }
}

fn intent(event: &LineEvent) -> Option<Locator> {
    match event {
        LineEvent::Intent { locator, .. } => locator.parse().ok(),
        _ => None,
    }
}
