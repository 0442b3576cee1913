//! What the rules let through, a replay finds in order: an honest history is never called
//! forged.

use std::ops::ControlFlow;

use super::*;
use crate::ledger::replay::{Replay, Replayed, Signatures};

impl Fixture {
    /// What an audit says of all entries, signatures and all.
    pub(super) fn replay(&self) -> Replayed {
        let mut replay = Replay::new(Signatures::Check);
        let each = &mut |_, bytes: &[u8]| {
            replay.entry(bytes);
            ControlFlow::Continue(())
        };
        self.ledger.each_entry(1, each).unwrap();
        replay.end()
    }

    fn record(&mut self, reservation: &Reservation, is_issued: bool) {
        let signature = sign(reservation);
        let outcome = if is_issued {
            Outcome::Issued(reservation, &signature)
        } else {
            Outcome::Failed(reservation, "pulled".to_owned())
        };
        self.ledger.record(&[outcome], NOW).unwrap();
    }
}

/// Something that an admin may try; the rules refuse some of it.
#[derive(Clone, Debug)]
enum Deed {
    Reserve {
        requester: &'static str,
        subject: u8,
        serial: Option<u64>,
        becomes: Option<bool>,
    },
    Revoke(u8),
    Bar(&'static str),
    Enrol(&'static str, u8),
    Unenrol(&'static str, u8),
    Resume(u64),
    Head(u8),
    Krl(u64),
    Abandon,
}

fn requester() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("peter"), Just("erik"), Just("operator")]
}

/// Of the seeds, 1 is the CA's; few, so that deeds meet.
fn seed() -> impl Strategy<Value = u8> {
    1_u8..7
}

fn deed() -> impl Strategy<Value = Deed> {
    let reserve = (
        requester(),
        seed(),
        prop::option::of(1_u64..30),
        prop::option::of(any::<bool>()),
    );
    let reserve = reserve.prop_map(|(requester, subject, serial, becomes)| Deed::Reserve {
        requester,
        subject,
        serial,
        becomes,
    });
    prop_oneof![
        8 => reserve,
        1 => (3_u8..7).prop_map(Deed::Revoke),
        1 => requester().prop_map(Deed::Bar),
        2 => (requester(), seed()).prop_map(|(name, key)| Deed::Enrol(name, key)),
        1 => (requester(), seed()).prop_map(|(name, key)| Deed::Unenrol(name, key)),
        1 => (1_u64..40).prop_map(Deed::Resume),
        1 => seed().prop_map(Deed::Head),
        1 => (1_u64..9).prop_map(Deed::Krl),
        1 => Just(Deed::Abandon),
    ]
}

fn blob(seed: u8) -> Vec<u8> {
    PublicKey::from(public(seed)).to_bytes().unwrap()
}

/// Does it, or is refused; both are honest.
fn try_to(fixture: &mut Fixture, deed: Deed) {
    let keyboard = || "tester".to_owned();
    match deed {
        Deed::Reserve {
            requester,
            subject,
            serial,
            becomes,
        } => {
            let serial = serial.map_or(SerialChoice::Next, |serial| {
                SerialChoice::Exactly(serial.try_into().unwrap())
            });
            let wanted = vec![wanted_by(requester, subject, serial)];
            let reserved = fixture.ledger.reserve(wanted, NOW).unwrap().remove(0);
            if let (Ok(reservation), Some(is_issued)) = (reserved, becomes) {
                fixture.record(&reservation, is_issued);
            }
        }
        Deed::Revoke(key) => {
            let revoked = Revoked {
                keys: vec![blob(key)],
                ..Revoked::default()
            };
            fixture
                .ledger
                .revoke_and_bar(Some(revoked), None, NOW)
                .unwrap();
        }
        Deed::Bar(name) => {
            let barred = Barred {
                requesters: vec![name.to_owned()],
                ..Barred::default()
            };
            fixture
                .ledger
                .revoke_and_bar(None, Some(barred), NOW)
                .unwrap();
        }
        Deed::Enrol(name, key) => {
            let added = RequesterAdded {
                name: name.to_owned(),
                credential: Credential::Key(blob(key)),
                keyboard: keyboard(),
            };
            let _may_be_refused = fixture.ledger.add_requester(added, NOW);
        }
        Deed::Unenrol(name, key) => {
            let removed = RequesterRemoved {
                name: name.to_owned(),
                credential: Credential::Key(blob(key)),
                keyboard: keyboard(),
            };
            fixture.ledger.remove_requester(removed, NOW).unwrap();
        }
        Deed::Resume(after) => {
            let (ca, after) = (fixture.ca.clone(), after.try_into().unwrap());
            let recovery = Some(Recovery::default());
            fixture
                .ledger
                .resume(&ca, after, recovery, keyboard(), NOW)
                .unwrap();
        }
        Deed::Head(seed) => {
            let head = fixture.ledger.checkpoint().unwrap().unwrap();
            let signed = CheckpointSigned {
                size: head.size,
                root: head.root,
                key: key(seed).fingerprint(Default::default()).to_string(),
                keyboard: keyboard(),
            };
            let _may_be_refused = fixture.ledger.record_checkpoint(signed, NOW);
        }
        Deed::Krl(version) => {
            let made = KrlMade {
                version,
                sha256: [0; 32],
                keyboard: keyboard(),
                list: None,
            };
            let _may_be_refused = fixture.ledger.record_krl(made, NOW);
        }
        Deed::Abandon => {
            fixture.ledger.close_abandoned(NOW).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_honest_history_is_never_called_forged(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut fixture = fixture(memory_shelf, 1);
        for deed in deeds {
            try_to(&mut fixture, deed);
        }
        let replayed = fixture.replay();
        let broken = replayed.broken();
        prop_assert!(broken.is_empty(), "{broken:?}");
        prop_assert_eq!(replayed.head(), fixture.ledger.checkpoint().unwrap());
        fixture.is_whole();
    }
}
