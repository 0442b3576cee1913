//! An honest ledger, one entry of which another hand changed into what no rule lets through.

use super::*;
use crate::ledger::Entry;

/// A hand on an entry; false where it has nothing to change.
type Hand = fn(&mut Entry, u64) -> bool;

const HANDS: [Hand; 13] = [
    |entry, _| {
        entry.time = u64::MAX;
        true
    },
    |entry, _| {
        entry.time = 7;
        true
    },
    |entry, position| {
        entry.time -= 3600;
        position > 1
    },
    |entry, position| match &mut entry.event {
        Event::Reserved(reserved) => {
            reserved.ca = position;
            true
        }
        Event::Issued(issued) => {
            issued.reserved = position;
            true
        }
        Event::Failed(failed) => {
            failed.reserved = position;
            true
        }
        Event::SuffixesSet(set) => {
            set.ca = position;
            true
        }
        Event::Resumed(resumed) => {
            resumed.ca = position;
            true
        }
        _ => false,
    },
    |entry, _| match &mut entry.event {
        Event::Reserved(reserved) => {
            reserved.serial += 1;
            true
        }
        Event::CaAdded(added) => {
            added.next_serial = 0;
            true
        }
        Event::Resumed(resumed) => {
            resumed.first += 1;
            true
        }
        _ => false,
    },
    |entry, _| match &mut entry.event {
        Event::Reserved(reserved) => reserved.to_be_signed.pop().is_some(),
        Event::Issued(issued) => issued.signature.pop().is_some(),
        Event::PolicySeen(seen) => seen.text.pop().is_some(),
        _ => false,
    },
    |entry, _| match &mut entry.event {
        Event::Reserved(reserved) => {
            "other".clone_into(&mut reserved.proof);
            true
        }
        Event::EvidenceSeen(seen) => seen.facts.pop().is_some(),
        _ => false,
    },
    |entry, position| {
        let Some(grounds) = grounds(entry) else {
            return false;
        };
        grounds.evidence = Some(position);
        true
    },
    |entry, position| {
        let Some(grounds) = grounds(entry) else {
            return false;
        };
        grounds.challenge = Some(position);
        true
    },
    |entry, _| {
        let Some(grounds) = grounds(entry) else {
            return false;
        };
        grounds.policy = [9; 32];
        true
    },
    |entry, _| {
        let Some(known) = grounds(entry).and_then(|grounds| grounds.known.as_mut()) else {
            return false;
        };
        "hearsay".clone_into(&mut known.by);
        true
    },
    |entry, _| match &mut entry.event {
        Event::RequesterAdded(added) => {
            OPERATOR.clone_into(&mut added.name);
            true
        }
        Event::RequesterRemoved(removed) => {
            "nobody".clone_into(&mut removed.name);
            true
        }
        Event::LoginBound(bound) => {
            OPERATOR.clone_into(&mut bound.name);
            true
        }
        Event::RequesterNamed(named) => {
            named.names.push("-".to_owned());
            true
        }
        Event::DutiesSet(set) => {
            set.registrar.push(OPERATOR.to_owned());
            true
        }
        Event::CheckpointSigned(signed) => {
            signed.root = [9; 32];
            true
        }
        Event::LedgerKeyAdded(added) => {
            added.purposes = 0;
            true
        }
        Event::LedgerKeyRolled(rolled) => rolled.by_old.pop().is_some(),
        Event::ListsDelegated(delegated) => delegated.word.pop().is_some(),
        Event::Revoked(revoked) => {
            revoked.serials.push((2, 1));
            true
        }
        _ => false,
    },
    |entry, _| {
        let Some(key) = key_of(entry) else {
            return false;
        };
        let weak =
            include_str!("../../../../../softhsm-tests/vectors/weak-keys/ed25519-order-8.pub");
        *key = PublicKey::from_openssh(weak).unwrap().to_bytes().unwrap();
        true
    },
];

fn grounds(entry: &mut Entry) -> Option<&mut Grounds> {
    match &mut entry.event {
        Event::Reserved(reserved) => reserved.grounds.as_mut(),
        _ => None,
    }
}

fn key_of(entry: &mut Entry) -> Option<&mut Vec<u8>> {
    match &mut entry.event {
        Event::CaAdded(added) => Some(&mut added.public_key),
        Event::LedgerKeyAdded(added) => Some(&mut added.key),
        Event::RequesterAdded(added) => match &mut added.credential {
            Credential::Key(key) => Some(key),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the same once more is what the rules refuse.
fn stands_once(entry: &Entry) -> bool {
    match &entry.event {
        Event::Resumed(resumed) => resumed.first <= resumed.last,
        Event::CaAdded(_)
        | Event::Reserved(_)
        | Event::Issued(_)
        | Event::Failed(_)
        | Event::KrlMade(_)
        | Event::PolicySeen(_)
        | Event::ChallengeMade(_) => true,
        _ => false,
    }
}

fn is_found(entries: &[Entry]) -> bool {
    let mut replay = Replay::new(Signatures::Check);
    for entry in entries {
        replay.entry(&entry.to_bytes().unwrap());
    }
    !replay.end().is_in_order()
}

impl Fixture {
    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let each = &mut |_, bytes: &[u8]| {
            entries.push(Entry::from_bytes(bytes).unwrap());
            ControlFlow::Continue(())
        };
        self.ledger.each_entry(1, each).unwrap();
        entries
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn an_entry_that_another_hand_changed_is_found(
        deeds in proptest::collection::vec(deed(), 1..40),
    ) {
        let mut fixture = fixture(memory_shelf, 1);
        for deed in &deeds {
            let _refused = fixture.try_to(deed);
        }
        let entries = fixture.entries();
        for at in 0..entries.len() {
            let position = u64::try_from(at + 1).unwrap();
            for (number, hand) in HANDS.iter().enumerate() {
                let mut forged = entries.clone();
                if hand(&mut forged[at], position) {
                    prop_assert!(is_found(&forged), "hand {number} on {:?}", entries[at]);
                }
            }
            if stands_once(&entries[at]) {
                let mut forged = entries.clone();
                forged.push(entries[at].clone());
                prop_assert!(is_found(&forged), "once more: {:?}", entries[at]);
            }
        }
    }
}
