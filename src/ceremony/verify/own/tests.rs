//! What the plan's own entries may say, each field changed by itself.

use sha2::{Digest, Sha256};

use super::*;
use crate::ceremony::plan::tests::filled;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::tests::{KEY, events};
use crate::ledger::{Origin, Purpose, for_tests};

/// A ceremony that made a CA and a ledger key, as far as lines and entries go.
struct Held {
    plan: Plan,
    transcript: Transcript,
    entries: Vec<(Event, u64)>,
    /// How many of them stand before the end.
    end: u64,
}

fn key() -> PublicKey {
    KEY.parse().unwrap()
}

fn held() -> Held {
    let plan = Plan::parse(filled(3).as_bytes()).unwrap();
    let mut transcript = Transcript::default();
    let time = plan.window.0.seconds();
    for event in events(&plan) {
        transcript.push(time, event).unwrap();
    }
    let blob = key().to_bytes().unwrap();
    let place = |step: &str| transcript.intent(step).unwrap().to_owned();
    let added = CaAdded {
        name: "users".to_owned(),
        public_key: blob.clone(),
        purpose: Purpose::User,
        origin: Origin::Generated,
        token_says: "sensitive".to_owned(),
        next_serial: 1,
        keyboard: String::new(),
    };
    let bound = Bound {
        ca: 1,
        device: place("key users"),
        keyboard: String::new(),
    };
    let ledger_key = LedgerKeyAdded {
        key: blob,
        purposes: HEADS | LISTS,
        place: place("ledger-key"),
        keyboard: String::new(),
    };
    let ceremony = CeremonyHeld {
        plan: plan.sha256,
        transcript: transcript.value(),
        words: words(&transcript.value()),
        keyboard: String::new(),
    };
    let entries = [
        Event::CaAdded(added),
        Event::Bound(bound),
        Event::LedgerKeyAdded(ledger_key),
        Event::CeremonyHeld(ceremony),
    ];
    let entries = entries.into_iter().map(|event| (event, time)).collect();
    Held {
        plan,
        transcript,
        entries,
        end: 3,
    }
}

impl Held {
    fn verdict(&self) -> Result<(), VerdictFault> {
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        for (event, time) in &self.entries {
            ledger.forge(event.clone(), *time).unwrap();
        }
        let end = Checkpoint {
            origin: ledger.checkpoint().unwrap().unwrap().origin,
            size: self.end,
            root: [0; 32],
        };
        let key = key();
        let of = (&self.plan, &self.transcript);
        let own = Own::of(of, (&ledger, &end), key.key_data()).unwrap();
        own.are_held((0, ledger.size()), &BTreeSet::new())
    }

    /// The field that is named when an entry of this kind is changed.
    fn named(mut self, change: impl Fn(&mut Event)) -> &'static str {
        self.entries.iter_mut().for_each(|(event, _)| change(event));
        match self.verdict().unwrap_err() {
            VerdictFault::OwnEntry { field, .. } => field,
            other => panic!("{other}"),
        }
    }
}

#[test]
fn what_a_ceremony_wrote_is_in_order() {
    held().verdict().unwrap();
}

#[test]
fn each_field_that_says_otherwise_is_named() {
    let added = |change: &dyn Fn(&mut LedgerKeyAdded)| {
        held().named(|event| {
            if let Event::LedgerKeyAdded(added) = event {
                change(added);
            }
        })
    };
    let elsewhere = |place: &mut String| *place = place.replace("serial=fe12", "serial=fe13");
    assert_eq!(added(&|added| elsewhere(&mut added.place)), "place");
    assert_eq!(added(&|added| added.purposes = HEADS), "purposes");
    assert_eq!(added(&|added| added.key.push(0)), "key");
    let bound = |change: &dyn Fn(&mut String)| {
        held().named(|event| {
            if let Event::Bound(bound) = event {
                change(&mut bound.device);
            }
        })
    };
    assert_eq!(bound(&elsewhere), "device");
    assert_eq!(
        bound(&|device| *device = device.replace("%07", "%08")),
        "device"
    );
    assert_eq!(
        bound(&|device| *device = "pkcs11:object=users".to_owned()),
        "device"
    );
    let serial = held().named(|event| {
        if let Event::CaAdded(added) = event {
            added.next_serial = 7;
        }
    });
    assert_eq!(serial, "next serial");
    let ceremony = |change: &dyn Fn(&mut CeremonyHeld)| {
        held().named(|event| {
            if let Event::CeremonyHeld(held) = event {
                change(held);
            }
        })
    };
    assert_eq!(ceremony(&|held| held.words.push('s')), "words");
    assert_eq!(ceremony(&|held| held.transcript = [9; 32]), "transcript");
}

#[test]
fn a_head_that_was_signed_is_one_of_the_ledger_by_its_key() {
    let signed = |size, root: [u8; 32], key: String| {
        let mut held = held();
        let event = Event::CheckpointSigned(CheckpointSigned {
            size,
            root,
            key,
            keyboard: String::new(),
        });
        held.entries.push((event, held.plan.window.0.seconds()));
        held.verdict()
    };
    let print = fingerprint(key().key_data());
    let root = Sha256::digest([]).into();
    for (size, key, named) in [
        (0, &print, "head"),
        (9, &print, "head"),
        (4, &String::new(), "key"),
    ] {
        let fault = signed(size, root, key.clone()).unwrap_err();
        assert!(
            matches!(fault, VerdictFault::OwnEntry { field, .. } if field == named),
            "{fault}"
        );
    }
}

#[test]
fn the_end_stands_behind_all_that_the_plan_did_and_before_the_ceremony() {
    for end in [0, 1, 2, 4] {
        let fault = Held { end, ..held() }.verdict().unwrap_err();
        assert!(matches!(fault, VerdictFault::OwnPlace { .. }), "{fault}");
    }
}

#[test]
fn an_entry_of_another_time_than_its_lines_is_named() {
    for at in 0..held().entries.len() {
        let mut late = held();
        late.entries[at..].iter_mut().for_each(|one| one.1 += 3600);
        let mut early = held();
        early.entries[..=at]
            .iter_mut()
            .for_each(|one| one.1 -= 3600);
        // Behind its end a transcript says of no time how late it is.
        if at < 3 {
            let fault = late.verdict().unwrap_err();
            assert!(matches!(fault, VerdictFault::OwnTime { .. }), "{fault}");
        }
        let fault = early.verdict().unwrap_err();
        assert!(matches!(fault, VerdictFault::OwnTime { .. }), "{fault}");
    }
    // A clock may be set a little while a ceremony is under way.
    let mut little = held();
    little.entries[1..].iter_mut().for_each(|one| one.1 += 60);
    little.verdict().unwrap();
}
