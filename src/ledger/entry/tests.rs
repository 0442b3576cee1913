//! What holds for every kind of entry.

use proptest::prelude::*;

use super::*;

fn reserved() -> Entry {
    Entry {
        time: 1_795_000_000,
        salt: [7; SALT],
        event: Event::Reserved(Reserved {
            ca: 1,
            serial: 42,
            sequence: Sequence::Explicit,
            role: "operator".into(),
            decided_by: "punchmark 0.1.0".into(),
            requester: "operator".into(),
            keyboard: "root on ca1".into(),
            proof: "none".into(),
            request: [3; 32],
            to_be_signed: vec![1, 2, 3],
            grounds: None,
        }),
    }
}

#[test]
fn reads_back_what_it_writes() {
    let entry = reserved();
    let bytes = entry.to_bytes().unwrap();
    assert_eq!(Entry::from_bytes(&bytes).unwrap(), entry);
}

#[test]
fn the_bytes_of_format_1_stay_what_they_are() {
    let entry = Entry {
        time: 1,
        salt: [0xaa; SALT],
        event: Event::Failed(Failed {
            reserved: 2,
            reason: "no".into(),
        }),
    };
    let mut expected = vec![4, 0, 0, 0, 0, 0, 0, 0, 1];
    expected.extend([0xaa; SALT]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, b'n', b'o']);
    assert_eq!(entry.to_bytes().unwrap(), expected);
}

#[test]
fn refuses_a_byte_too_many_and_a_byte_too_few() {
    let mut bytes = reserved().to_bytes().unwrap();
    bytes.push(0);
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Encoding(_))
    ));
    bytes.truncate(bytes.len() - 2);
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Encoding(_))
    ));
}

#[test]
fn refuses_a_kind_of_a_later_version() {
    let mut bytes = reserved().to_bytes().unwrap();
    bytes[0] = 200;
    assert!(matches!(
        Entry::from_bytes(&bytes),
        Err(EntryError::Unknown {
            field: "kind",
            value: 200
        })
    ));
}

fn grounds() -> Grounds {
    Grounds {
        policy: [1; 32],
        request_id: Some([2; 16]),
        challenge: Some(3),
        evidence: Some(4),
        card: Some(12_345_678),
        reason: "on call".into(),
        known: None,
    }
}

fn known() -> Known {
    Known {
        by: "card".into(),
        family: "yubico".into(),
    }
}

/// One of each kind, from 1.
fn each_kind() -> Vec<Event> {
    let with_grounds = |grounds| match reserved().event {
        Event::Reserved(reserved) => Event::Reserved(Reserved {
            grounds,
            ..reserved
        }),
        other => other,
    };
    let keyboard = || "tester".to_owned();
    let (name, credential) = ("peter".to_owned(), Credential::Card(7));
    vec![
        Event::CaAdded(CaAdded {
            name: "users".into(),
            public_key: vec![1, 2],
            purpose: Purpose::Both,
            origin: Origin::Software,
            token_says: "nothing".into(),
            next_serial: 1,
            keyboard: keyboard(),
        }),
        with_grounds(None),
        Event::Issued(Issued {
            reserved: 2,
            signature: vec![9; 83],
        }),
        Event::Failed(Failed {
            reserved: 2,
            reason: String::new(),
        }),
        Event::Revoked(Revoked {
            ca: vec![1, 2],
            serials: vec![(1, 1), (7, u64::MAX)],
            key_ids: vec!["peter".into(), String::new()],
            keys: vec![vec![3; 40]],
            sha256s: vec![[4; 32]],
            reason: "lost".into(),
            keyboard: keyboard(),
        }),
        Event::KrlMade(KrlMade {
            version: 9,
            sha256: [5; 32],
            keyboard: keyboard(),
            list: None,
        }),
        Event::Resumed(Resumed {
            ca: 1,
            first: 7,
            last: 9,
            keyboard: keyboard(),
            recovery: None,
        }),
        with_grounds(Some(grounds())),
        Event::EvidenceSeen(EvidenceSeen {
            subject: vec![1; 51],
            kind: "piv".into(),
            facts: "{}".into(),
            evidence: vec![4; 900],
            keyboard: keyboard(),
        }),
        Event::CheckpointSigned(CheckpointSigned {
            size: 9,
            root: [1; 32],
            key: "SHA256:x".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterAdded(RequesterAdded {
            name: name.clone(),
            credential: Credential::Key(vec![1; 51]),
            keyboard: keyboard(),
        }),
        Event::ChallengeMade(ChallengeMade {
            nonce: [8; 32],
            expires: 1_795_000_000,
            keyboard: keyboard(),
        }),
        Event::ClockCorrected(ClockCorrected {
            wrong: u64::MAX,
            reason: "battery".into(),
            keyboard: keyboard(),
        }),
        Event::Barred(Barred {
            family_cards: Vec::new(),
            cards: vec![7, u64::MAX],
            requesters: vec![name.clone()],
            reason: "left".into(),
            keyboard: keyboard(),
        }),
        Event::PolicySeen(PolicySeen {
            digest: [6; 32],
            text: "{}".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterRemoved(RequesterRemoved {
            name: name.clone(),
            credential,
            keyboard: keyboard(),
        }),
        Event::Barred(Barred {
            cards: vec![7],
            family_cards: vec![CardId {
                family: "yubico".into(),
                serial: 12_345_678,
            }],
            requesters: vec![name],
            reason: "left".into(),
            keyboard: keyboard(),
        }),
        with_grounds(Some(Grounds {
            known: Some(Box::new(known())),
            ..grounds()
        })),
        Event::SuffixesSet(SuffixesSet {
            ca: 1,
            suffixes: vec![SuffixSet {
                class: "physical".into(),
                suffix: "_physical".into(),
                proof: "{}".into(),
                ended: 0,
            }],
            keyboard: keyboard(),
        }),
        Event::HeadAdopted(HeadAdopted {
            size: 7,
            root: [2; 32],
            word: "paper".into(),
            keyboard: keyboard(),
        }),
        Event::HeadPlaces(HeadPlaces {
            places: vec!["/var/lib/punchmark/heads".into()],
            keyboard: keyboard(),
        }),
        Event::TailCut(TailCut {
            offset: 4096,
            length: 100,
            sha256: [3; 32],
            copy: "punchmark.ledger.tail-4096".into(),
            keyboard: keyboard(),
        }),
        Event::LedgerKeyAdded(LedgerKeyAdded {
            key: vec![1; 51],
            purposes: HEADS | LISTS,
            place: "pkcs11:token=Audit;object=ledger".into(),
            keyboard: keyboard(),
        }),
        Event::LedgerKeyRolled(LedgerKeyRolled {
            old: vec![1; 51],
            new: vec![2; 51],
            purposes: LISTS,
            by_old: vec![3; 80],
            by_new: vec![4; 80],
            keyboard: keyboard(),
        }),
        Event::KrlMade(KrlMade {
            version: 10,
            sha256: [5; 32],
            keyboard: keyboard(),
            list: Some(ListSigned {
                signer: vec![1; 51],
                size: 40,
                root: [6; 32],
            }),
        }),
        Event::Resumed(Resumed {
            ca: 1,
            first: 7,
            last: 9,
            keyboard: keyboard(),
            recovery: Some(Recovery {
                requests_from: 1_795_000_000,
                krl_version: 9,
                enrolments: 1,
                word: String::new(),
            }),
        }),
        Event::LedgerKeyRevoked(LedgerKeyRevoked {
            key: vec![1; 51],
            last_size: 30,
            reason: "stolen".into(),
            keyboard: keyboard(),
        }),
        Event::RootDistrusted(RootDistrusted {
            root: [7; 32],
            reason: "leaked".into(),
            keyboard: keyboard(),
        }),
        Event::Bound(Bound {
            ca: 1,
            device: "yubikey:serial=12345678;slot-id=9c".into(),
            keyboard: keyboard(),
        }),
        Event::PlaceAllowed(PlaceAllowed {
            what: "nfs".into(),
            keyboard: keyboard(),
        }),
        Event::NotBound(NotBound {
            ca: 1,
            device: "yubikey:serial=12345678;slot-id=9c".into(),
            reason: "YubiKey 12345678 keeps no management key behind its PIN".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterNamed(RequesterNamed {
            name: "web1".into(),
            names: vec!["web1".into(), "web1.example.org".into()],
            keyboard: keyboard(),
        }),
        Event::DutiesSet(DutiesSet {
            name: "ole".into(),
            registrar: vec!["engineer".into(), "server".into()],
            revoker: true,
            keyboard: keyboard(),
        }),
        Event::CeremonyHeld(CeremonyHeld {
            plan: [1; 32],
            transcript: [2; 32],
            words: "absurd aftermath".into(),
            keyboard: keyboard(),
        }),
    ]
}

fn bytes_of(event: Event) -> Vec<u8> {
    let (time, salt) = (1, [6; SALT]);
    Entry { time, salt, event }.to_bytes().unwrap()
}

#[test]
fn every_kind_has_its_number_and_reads_back_what_it_writes() {
    for (kind, event) in (1..).zip(each_kind()) {
        let bytes = bytes_of(event.clone());
        assert_eq!(bytes[0], kind);
        assert_eq!(Entry::from_bytes(&bytes).unwrap().event, event);
    }
}

#[test]
fn every_kind_refuses_a_byte_too_many_and_any_too_few() {
    for event in each_kind() {
        let mut bytes = bytes_of(event);
        for length in 0..bytes.len() {
            let cut = Entry::from_bytes(&bytes[..length]);
            assert!(matches!(cut, Err(EntryError::Encoding(_))), "{length}");
        }
        bytes.push(0);
        let long = Entry::from_bytes(&bytes);
        assert!(matches!(long, Err(EntryError::Encoding(_))));
    }
}

#[test]
fn a_request_id_of_another_length_is_refused() {
    let bytes = bytes_of(each_kind().swap_remove(7));
    let id = [&16_u32.to_be_bytes()[..], &[2; 16]].concat();
    let at = bytes.windows(20).position(|window| window == id).unwrap();
    let shorter = [
        &bytes[..at],
        &15_u32.to_be_bytes(),
        &[2; 15],
        &bytes[at + 20..],
    ]
    .concat();
    let refused = Entry::from_bytes(&shorter);
    assert!(matches!(refused, Err(EntryError::Encoding(_))));
}

#[test]
fn a_count_that_lies_takes_no_memory() {
    for kind in [5, 14] {
        let mut bytes = vec![kind];
        bytes.extend([0; 8 + SALT]);
        bytes.extend([0xff; 8]);
        let refused = Entry::from_bytes(&bytes);
        assert!(matches!(refused, Err(EntryError::Encoding(_))));
    }
}

proptest! {
    #[test]
    fn a_changed_byte_is_refused_or_another_entry(kind in 0_usize..31, at: prop::sample::Index, to: u8) {
        let event = each_kind().swap_remove(kind);
        let mut bytes = bytes_of(event.clone());
        let at = at.index(bytes.len());
        let same = bytes[at] == to;
        bytes[at] = to;
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
            prop_assert!(same || entry.event != event || at < 1 + 8 + SALT);
        }
    }

    #[test]
    fn any_grounds_read_back(policy: [u8; 32], id: Option<[u8; 16]>, numbers in prop::array::uniform3(prop::option::of(1_u64..)), reason: String) {
        let [challenge, evidence, card] = numbers;
        let grounds = Grounds { policy, request_id: id, challenge, evidence, card, reason, known: None };
        let Event::Reserved(reserved) = reserved().event else { unreachable!() };
        let event = Event::Reserved(Reserved { grounds: Some(grounds), ..reserved });
        prop_assert_eq!(Entry::from_bytes(&bytes_of(event.clone())).unwrap().event, event);
    }
    #[test]
    fn never_panics_on_any_bytes_and_is_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
        }
    }
}
