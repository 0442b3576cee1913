//! The plan's own entries of the ledger, each held field by field against plan and transcript, in its time and place.
//!
//! Each kind is taken apart without a rest: of a field that is new the compiler asks what it is held against. A field
//! that is passed over with `_` is the machine's or the device's own word, or is held by the file that stands beside
//! it here.

mod field;
mod places;
#[cfg(test)]
mod tests;
mod times;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::ceremony::conduct::{SECRET_CHECK, check_of};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Plan, Task};
use crate::ceremony::steps::Act;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::certificate::subject::fingerprint;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{
    Bound, Ca, CaAdded, CaRetired, CeremonyHeld, CheckpointSigned, CopyKind, CopySeen, CopyTried,
    Entry, Event, HEADS, HeadPlaces, LISTS, Ledger, LedgerKeyAdded, NotBound, PlaceAllowed,
    SecretsDerived, StageReached, SuffixesSet, TailCut, TriedFor,
};
use crate::wire::{hex, words};

use field::{Other, is, is_place, other};
use times::Times;

/// What the plan's own entries are held against.
pub(super) struct Own<'a> {
    plan: &'a Plan,
    transcript: &'a Transcript,
    ledger: &'a Ledger,
    /// The ledger key of the ceremony.
    key: &'a KeyData,
    cas: Vec<Ca>,
    end: &'a Checkpoint,
    times: Times,
}

impl<'a> Own<'a> {
    pub(super) fn of(
        (plan, transcript): (&'a Plan, &'a Transcript),
        (ledger, end): (&'a Ledger, &'a Checkpoint),
        key: &'a KeyData,
    ) -> Result<Self, VerdictFault> {
        Ok(Self {
            plan,
            transcript,
            ledger,
            key,
            cas: ledger.cas()?,
            end,
            times: Times::of(plan, transcript),
        })
    }

    /// Each entry behind `found`, up to the signed head, that is none of the strangers.
    pub(super) fn are_held(
        &self,
        (found, head): (u64, u64),
        strangers: &BTreeSet<u64>,
    ) -> Result<(), VerdictFault> {
        let mut fault = None;
        self.ledger
            .each_entry(found.saturating_add(1), &mut |position, bytes| {
                if position > head {
                    return ControlFlow::Break(());
                }
                let entry = Entry::from_bytes(bytes);
                fault = match entry.ok().filter(|_| !strangers.contains(&position)) {
                    None => None,
                    Some(entry) => self.is_held(position, &entry).err(),
                };
                match fault {
                    Some(_) => ControlFlow::Break(()),
                    None => ControlFlow::Continue(()),
                }
            })?;
        fault.map_or(Ok(()), Err)
    }

    fn is_held(&self, position: u64, entry: &Entry) -> Result<(), VerdictFault> {
        self.is_in_its_place(position, &entry.event)?;
        self.times.has(position, entry, self.end.size)?;
        let other = |other: Other| VerdictFault::OwnEntry {
            position,
            field: other.field,
            found: other.found,
            wanted: other.wanted,
        };
        self.has_its_fields(position, &entry.event).map_err(other)
    }

    /// The transcript ends with a head behind all that the plan did. Behind that stand the ceremony's own entry and
    /// what was signed of it.
    fn is_in_its_place(&self, position: u64, event: &Event) -> Result<(), VerdictFault> {
        let is_behind = position > self.end.size;
        let may_be = match event {
            Event::TailCut(_) => true,
            Event::CeremonyHeld(_) => is_behind,
            Event::CheckpointSigned(_) => is_behind || self.plan.signing().is_some(),
            _ => !is_behind,
        };
        if may_be {
            return Ok(());
        }
        let size = self.end.size;
        Err(VerdictFault::OwnPlace { position, size })
    }

    fn has_its_fields(&self, position: u64, event: &Event) -> Result<(), Other> {
        match event {
            Event::CaAdded(added) => self.ca_added(added),
            Event::Bound(Bound {
                ca,
                device,
                keyboard: _,
            })
            | Event::NotBound(NotBound {
                ca,
                device,
                reason: _,
                keyboard: _,
            }) => self.is_place_of_key(*ca, device),
            Event::LedgerKeyAdded(added) => self.ledger_key_added(added),
            Event::CopySeen(seen) => self.copy_seen(seen),
            Event::CopyTried(tried) => self.copy_tried(tried),
            Event::SecretsDerived(derived) => self.secrets_derived(derived),
            Event::CheckpointSigned(signed) => self.checkpoint_signed(position, signed),
            Event::CeremonyHeld(held) => self.ceremony_held(held),
            Event::CaRetired(CaRetired {
                ca: _,
                reason,
                keyboard: _,
            }) => is("reason", reason, &self.reason()),
            Event::Revoked(revoked) if self.plan.signing().is_none() => {
                is("reason", &revoked.reason, &self.reason())
            }
            Event::StageReached(StageReached {
                old,
                new,
                stage: _,
                word: _,
                keyboard: _,
            }) => self.stage_reached(*old, *new),
            // Of the machine: what a crash left, where heads are kept, what the config reserves.
            Event::TailCut(TailCut {
                offset: _,
                length: _,
                sha256: _,
                copy: _,
                keyboard: _,
            })
            | Event::HeadPlaces(HeadPlaces {
                places: _,
                keyboard: _,
            })
            | Event::PlaceAllowed(PlaceAllowed {
                what: _,
                keyboard: _,
            })
            | Event::SuffixesSet(SuffixesSet {
                ca: _,
                suffixes: _,
                keyboard: _,
            }) => Ok(()),
            // By the list itself.
            Event::KrlMade(_) => Ok(()),
            // By the bundles and their answers, and by the emergency certificates.
            Event::Revoked(_)
            | Event::Reserved(_)
            | Event::Issued(_)
            | Event::Failed(_)
            | Event::PolicySeen(_)
            | Event::EvidenceSeen(_)
            | Event::BundleTaken(_)
            | Event::BundleClosed(_)
            | Event::PendingTaken(_)
            | Event::PendingRefused(_)
            | Event::RequesterAdded(_)
            | Event::RequesterNamed(_)
            | Event::DutiesSet(_)
            | Event::Barred(_) => Ok(()),
            // No plan has one of these.
            Event::Resumed(_)
            | Event::ChallengeMade(_)
            | Event::ClockCorrected(_)
            | Event::RequesterRemoved(_)
            | Event::HeadAdopted(_)
            | Event::LedgerKeyRolled(_)
            | Event::LedgerKeyRevoked(_)
            | Event::RootDistrusted(_)
            | Event::LoginBound(_)
            | Event::LoginSeen(_)
            | Event::ListsDelegated(_) => Ok(()),
        }
    }

    /// Key, purpose and origin are held with the CAs.
    fn ca_added(&self, added: &CaAdded) -> Result<(), Other> {
        let CaAdded {
            name: _,
            public_key: _,
            purpose: _,
            origin: _,
            token_says: _,
            next_serial,
            keyboard: _,
        } = added;
        is("next serial", &next_serial.to_string(), "1")
    }

    fn ledger_key_added(&self, added: &LedgerKeyAdded) -> Result<(), Other> {
        let LedgerKeyAdded {
            key,
            purposes,
            place,
            keyboard: _,
        } = added;
        let own = PublicKey::from(self.key.clone()).to_bytes();
        is("key", &hex(key), &hex(&own.unwrap_or_default()))?;
        is(
            "purposes",
            &purposes.to_string(),
            &(HEADS | LISTS).to_string(),
        )?;
        let intent = self.intent_of(&|act| act == Act::LedgerKey);
        is_place("place", place, intent.as_slice())
    }

    /// A key that is made is where the transcript announced it, and its copies are in the devices that the plan has
    /// for them; one that is brought out of its file is where that was announced.
    fn is_place_of_key(&self, ca: u64, device: &str) -> Result<(), Other> {
        is_place("device", device, &self.places_of(ca))
    }

    fn copy_seen(&self, seen: &CopySeen) -> Result<(), Other> {
        let CopySeen {
            ca,
            kind,
            became: _,
            device,
            holder: _,
            word: _,
            keyboard: _,
        } = seen;
        // What a key travels in is held with the copies.
        if matches!(kind, CopyKind::WrappingKey | CopyKind::Blob) {
            return Ok(());
        }
        let ends = self.plan.copies_that_end().iter();
        let is_end = |copy| key_place::is_end_of(self.plan, copy, device);
        if ends.clone().any(is_end) {
            return Ok(());
        }
        is_place("device", device, &self.places_of(*ca))
    }

    /// What came of it is held with restore and drill.
    fn copy_tried(&self, tried: &CopyTried) -> Result<(), Other> {
        let CopyTried {
            ca,
            device,
            holder: _,
            tried_for,
            result: _,
            word,
            next_due,
            plan: _,
            keyboard: _,
        } = tried;
        let (wanted, due) = match &self.plan.task {
            Task::Restore(_) => (TriedFor::Restore, 0),
            Task::Drill(drill) => (TriedFor::Drill, drill.next_due.seconds()),
            _ => (
                TriedFor::Create,
                self.plan
                    .drill()
                    .map_or(0, |drill| drill.next_due.seconds()),
            ),
        };
        is("purpose", &format!("{tried_for:?}"), &format!("{wanted:?}"))?;
        is("next drill", &next_due.to_string(), &due.to_string())?;
        if *tried_for == TriedFor::Create {
            is("word", word, "")?;
            return is_place("device", device, &self.places_of(*ca));
        }
        Ok(())
    }

    fn secrets_derived(&self, derived: &SecretsDerived) -> Result<(), Other> {
        let SecretsDerived {
            device,
            serial,
            generation: _,
            counter: _,
            check,
            set: _,
            keyboard: _,
        } = derived;
        let mut planned = self.plan.devices.iter();
        let planned = planned.find(|one| one.serial() == *serial);
        let wanted = planned.map(key_place::device).unwrap_or_default();
        is("device", device, &wanted)?;
        let told = self.transcript.fact(SECRET_CHECK).and_then(check_of);
        let told = told.map(|check| hex(&check)).unwrap_or_default();
        is("check", &hex(check), &told)
    }

    fn checkpoint_signed(&self, position: u64, signed: &CheckpointSigned) -> Result<(), Other> {
        let CheckpointSigned {
            size,
            root,
            key,
            keyboard: _,
        } = signed;
        is("key", key, &fingerprint(self.key))?;
        let head = Checkpoint {
            origin: self.end.origin.clone(),
            size: *size,
            root: *root,
        };
        if *size > 0 && *size < position && self.ledger.extends(&head).is_ok() {
            return Ok(());
        }
        let found = format!("{size} entries, root {}", hex(root));
        Err(other(
            "head",
            found,
            "a head of this ledger before it".to_owned(),
        ))
    }

    fn ceremony_held(&self, held: &CeremonyHeld) -> Result<(), Other> {
        let CeremonyHeld {
            plan: _,
            transcript,
            words: told,
            keyboard: _,
        } = held;
        let value = self.transcript.value();
        is("transcript", &hex(transcript), &hex(&value))?;
        is("words", told, &words(&value))
    }

    fn stage_reached(&self, old: u64, new: u64) -> Result<(), Other> {
        let named = |name: Option<&str>| {
            let ca = self.cas.iter().find(|ca| Some(ca.name()) == name);
            ca.map_or(0, Ca::position).to_string()
        };
        let planned = self.plan.old_ca().map(|old| old.name.as_str());
        is("old CA", &old.to_string(), &named(planned))?;
        let planned = self.plan.cas().first().map(|ca| ca.name.as_str());
        is("new CA", &new.to_string(), &named(planned))
    }

    fn reason(&self) -> String {
        match &self.plan.task {
            Task::Retire(retire) => retire.reason.clone(),
            Task::Compromise(compromise) => compromise.reason.as_str().to_owned(),
            _ => String::new(),
        }
    }
}
