//! What the rules let through, a replay finds in order: an honest history is never called
//! forged; what they refuse, it finds wherever somebody writes it all the same.

mod deeds;
mod mutated;

use std::ops::ControlFlow;

use super::*;
use crate::ledger::replay::{Grade, Replay, Replayed, Signatures};
use crate::signer::yubikey::TouchPolicy;
use deeds::{Deed, Writing, deed};

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

/// What was refused, as somebody with the file in his hands may write it.
enum Forgery {
    Event(Box<Event>),
    Reserve(Box<Wanted>),
}

fn blob(seed: u8) -> Vec<u8> {
    PublicKey::from(public(seed)).to_bytes().unwrap()
}

impl Fixture {
    /// Does it; where it is refused, nothing changed, and it is handed back to be forged.
    fn try_to(&mut self, deed: &Deed) -> Option<Forgery> {
        match deed {
            Deed::Reserve { becomes, .. } => {
                let reserved = self.ask(wanted_of(deed));
                return match (reserved, becomes) {
                    (Ok(reservation), Some(is_issued)) => {
                        self.record(&reservation, *is_issued);
                        None
                    }
                    (Ok(_), None) => None,
                    (Err(_), _) => Some(Forgery::Reserve(Box::new(wanted_of(deed)))),
                };
            }
            Deed::Marked(_) => {
                let reserved = self.ask(wanted_of(deed));
                return reserved
                    .is_err()
                    .then(|| Forgery::Reserve(Box::new(wanted_of(deed))));
            }
            Deed::Write(writing) => {
                let event = self.event(writing);
                let written = self.write(event.clone());
                return (!written).then_some(Forgery::Event(Box::new(event)));
            }
            Deed::Roll(old, new) => return self.roll(*old, *new),
            Deed::RevokeKey(key) => self.end(
                Some(Revoked {
                    keys: vec![blob(*key)],
                    ..Revoked::default()
                }),
                None,
            ),
            Deed::RevokeSerials(first, last) => self.end(
                Some(Revoked {
                    ca: blob(1),
                    serials: vec![(*first, *last)],
                    ..Revoked::default()
                }),
                None,
            ),
            Deed::Bar(name) => self.end(
                None,
                Some(Barred {
                    requesters: vec![(*name).to_owned()],
                    ..Barred::default()
                }),
            ),
            Deed::Resume(after) => {
                let (ca, after) = (self.ca.clone(), (*after).try_into().unwrap());
                let recovery = Some(Recovery::default());
                let resumed = self.ledger.resume(&ca, after, recovery, keyboard(), NOW);
                resumed.unwrap();
            }
            Deed::Retire => {
                let retired = CaRetired {
                    ca: self.ca.position,
                    reason: String::new(),
                    keyboard: keyboard(),
                };
                self.ledger.retire_ca(retired, None, NOW).unwrap();
            }
            Deed::Abandon => {
                self.ledger.close_abandoned(NOW).unwrap();
            }
        }
        None
    }

    fn end(&mut self, revoked: Option<Revoked>, barred: Option<Barred>) {
        let ended = self.ledger.revoke_and_bar(revoked, barred, NOW);
        ended.unwrap();
    }

    fn roll(&mut self, old: u8, new: u8) -> Option<Forgery> {
        let statement = self.ledger.rollover(&blob(old), &blob(new)).unwrap();
        let word = |seed| crate::krl::rollover::tests::word(&key(seed), &statement);
        let rolled = LedgerKeyRolled {
            old: blob(old),
            new: blob(new),
            purposes: statement.purposes(),
            by_old: word(old),
            by_new: word(new),
            keyboard: keyboard(),
        };
        let done = self.ledger.roll_ledger_key(rolled.clone(), NOW);
        done.is_err()
            .then_some(Forgery::Event(Box::new(Event::LedgerKeyRolled(rolled))))
    }

    fn event(&self, writing: &Writing) -> Event {
        let added = |seed: u8, purposes| LedgerKeyAdded {
            key: blob(seed),
            purposes,
            place: String::new(),
            keyboard: keyboard(),
        };
        match writing.clone() {
            Writing::Enrol(name, credential) => Event::RequesterAdded(RequesterAdded {
                name: name.to_owned(),
                credential,
                keyboard: keyboard(),
            }),
            Writing::Unenrol(name, credential) => Event::RequesterRemoved(RequesterRemoved {
                name: name.to_owned(),
                credential,
                keyboard: keyboard(),
            }),
            Writing::Name(name) => Event::RequesterNamed(RequesterNamed {
                name: name.to_owned(),
                names: vec!["p".to_owned()],
                keyboard: keyboard(),
            }),
            Writing::Ca(name, seed) => Event::CaAdded(super::added(name, seed, 1)),
            Writing::LedgerKey(seed, purposes) => Event::LedgerKeyAdded(added(seed, purposes)),
            Writing::EndLedgerKey(seed, last_size) => Event::LedgerKeyRevoked(LedgerKeyRevoked {
                key: blob(seed),
                last_size,
                reason: String::new(),
                keyboard: keyboard(),
            }),
            Writing::Head(seed, is_true) => {
                let head = self.ledger.checkpoint().unwrap().unwrap();
                Event::CheckpointSigned(CheckpointSigned {
                    size: head.size,
                    root: if is_true { head.root } else { [7; 32] },
                    key: key(seed).fingerprint(Default::default()).to_string(),
                    keyboard: keyboard(),
                })
            }
            Writing::Krl(version, signer) => Event::KrlMade(KrlMade {
                version,
                sha256: [0; 32],
                keyboard: keyboard(),
                list: Some(ListSigned {
                    signer: signer.map(blob).unwrap_or_default(),
                    size: 0,
                    root: [0; 32],
                }),
            }),
            Writing::Challenge(nonce) => Event::ChallengeMade(ChallengeMade {
                nonce: [nonce; 32],
                expires: NOW + 600,
                keyboard: keyboard(),
            }),
            Writing::Suffixes(suffixes) => Event::SuffixesSet(SuffixesSet {
                ca: self.ca.position,
                suffixes,
                keyboard: keyboard(),
            }),
            Writing::Copy(is_first, became) => Event::CopySeen(CopySeen {
                ca: self.ca.position,
                kind: CopyKind::Imported,
                became,
                device: if is_first { "a" } else { "b" }.to_owned(),
                holder: String::new(),
                word: "lost".to_owned(),
                keyboard: keyboard(),
            }),
            Writing::Tried(is_first, tried_for, result) => Event::CopyTried(CopyTried {
                ca: self.ca.position,
                device: if is_first { "a" } else { "b" }.to_owned(),
                holder: String::new(),
                tried_for,
                result,
                word: "no PIN opened it".to_owned(),
                next_due: 0,
                plan: [1; 32],
                keyboard: keyboard(),
            }),
            Writing::Secrets(is_first, generation, counter, set) => {
                let serial = if is_first { "1" } else { "2" };
                Event::SecretsDerived(SecretsDerived {
                    device: format!("yubikey:serial={serial}"),
                    serial: serial.to_owned(),
                    generation,
                    counter,
                    check: [u8::try_from(generation).unwrap(); 32],
                    set,
                    keyboard: keyboard(),
                })
            }
            Writing::Stage(new, stage) => {
                let cas = self.ledger.cas().unwrap();
                let new = cas.iter().find(|ca| *ca.public_key() == public(new));
                Event::StageReached(StageReached {
                    old: self.ca.position,
                    // Of a key that is no CA's, there is no such entry.
                    new: new.map_or(u64::MAX, Ca::position),
                    stage,
                    word: String::new(),
                    keyboard: keyboard(),
                })
            }
            Writing::Clock(wrong) => Event::ClockCorrected(ClockCorrected {
                wrong,
                reason: String::new(),
                keyboard: keyboard(),
            }),
        }
    }

    /// Whether the ledger takes it, by the rule of its kind.
    fn write(&mut self, event: Event) -> bool {
        let (ledger, ca) = (&mut self.ledger, self.ca.clone());
        match event {
            Event::RequesterAdded(added) => ledger.add_requester(added, NOW).is_ok(),
            Event::RequesterRemoved(removed) => ledger.remove_requester(removed, NOW).unwrap(),
            Event::RequesterNamed(named) => ledger.name_requester(named, NOW).is_ok(),
            Event::CaAdded(added) => ledger.add_ca(added, NOW).is_ok(),
            Event::LedgerKeyAdded(added) => ledger.add_ledger_key(added, NOW).is_ok(),
            Event::LedgerKeyRevoked(revoked) => ledger.revoke_ledger_key(revoked, NOW).is_ok(),
            Event::CheckpointSigned(signed) => ledger.record_checkpoint(signed, NOW).is_ok(),
            Event::KrlMade(made) => ledger.record_krl(made, NOW).is_ok(),
            Event::ChallengeMade(made) => ledger.make_challenge(made, NOW).is_ok(),
            Event::SuffixesSet(set) => {
                let set = ledger.set_suffixes(&ca, set.suffixes, set.keyboard, NOW);
                set.is_ok()
            }
            Event::ClockCorrected(corrected) => ledger.correct_clock(corrected, NOW).is_ok(),
            Event::CopySeen(seen) => ledger.record_copy(seen, NOW).is_ok(),
            Event::CopyTried(tried) => ledger.record_trial(tried, NOW).is_ok(),
            Event::SecretsDerived(derived) => ledger.record_secrets(derived, NOW).is_ok(),
            Event::StageReached(reached) => ledger.reach_stage(reached, NOW).is_ok(),
            other => panic!("{other:?}"),
        }
    }

    /// Writes it all the same, and returns its position; none for a content that nothing encodes.
    fn forge(&mut self, forgery: Forgery) -> Option<u64> {
        match forgery {
            Forgery::Event(event) => Some(self.ledger.forge(*event, NOW).unwrap()),
            Forgery::Reserve(wanted) => {
                let ca = self.ca.clone();
                let reservation = self.ledger.forge_reservation(&ca, *wanted, NOW);
                reservation.ok().map(|reservation| reservation.position)
            }
        }
    }
}

fn keyboard() -> String {
    "tester".to_owned()
}

fn wanted_of(deed: &Deed) -> Wanted {
    match deed {
        Deed::Reserve {
            requester,
            subject,
            serial,
            ..
        } => {
            let serial = serial.map_or(SerialChoice::Next, |serial| {
                SerialChoice::Exactly(serial.try_into().unwrap())
            });
            wanted_by(requester, *subject, serial)
        }
        Deed::Marked(touch) => super::suffixes::marked(touch.map(super::suffixes::proved)),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn an_honest_history_is_in_order(deeds in proptest::collection::vec(deed(), 1..60)) {
        let mut fixture = fixture(memory_shelf, 1);
        for deed in &deeds {
            let _refused = fixture.try_to(deed);
        }
        let replayed = fixture.replay();
        prop_assert!(replayed.is_in_order(), "{:?}", replayed.findings);
        prop_assert_eq!(replayed.head(), fixture.ledger.checkpoint().unwrap());
        prop_assert_eq!(fixture.ledger.index_fault().unwrap(), None);
    }

    #[test]
    fn what_is_refused_is_found_where_it_is_written_all_the_same(
        deeds in proptest::collection::vec(deed(), 10..60),
        refusals in 0_usize..8,
    ) {
        let mut fixture = fixture(memory_shelf, 1);
        // What tells format 4 from those before, whose faults are findings of another grade.
        fixture.ledger.add_ledger_key(of_receipts(), NOW).unwrap();
        let mut refused = 0;
        for deed in &deeds {
            let Some(forgery) = fixture.try_to(deed) else {
                continue;
            };
            refused += 1;
            let position = (refused > refusals).then(|| fixture.forge(forgery)).flatten();
            if let Some(position) = position {
                let found = fixture.replay().findings;
                let mut here = found.iter().filter(|found| found.position == position);
                let is_broken = here.any(|found| found.grade == Grade::Broken);
                prop_assert!(is_broken, "{:?}: {:?}", deed, found);
                break;
            }
        }
    }
}

fn of_receipts() -> LedgerKeyAdded {
    LedgerKeyAdded {
        key: blob(30),
        purposes: RECEIPTS,
        place: String::new(),
        keyboard: keyboard(),
    }
}
