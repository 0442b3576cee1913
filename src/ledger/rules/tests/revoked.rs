//! By which revocation a certificate is not taken any more, asked in two ways.

use crate::ledger::store::Place;

use super::*;

conform!(
    each_way_to_revoke_is_named_with_its_reason,
    the_first_of_several_revocations_counts,
    all_of_a_ca_ends_with_its_key,
    what_was_said_before_is_known_and_what_is_new_is_not,
    what_is_revoked_is_found_without_looking_at_the_rest,
    ends_of_trust_are_listed_in_order_with_the_lists_behind_them,
    what_ends_together_stands_in_one_frame,
    what_was_revoked_before_it_was_given_out_is_given_to_nobody,
);

impl Fixture {
    fn revoke(&mut self, reason: &str, of: impl FnOnce(&mut Revoked)) {
        let mut revoked = Revoked {
            ca: self.ca.added().public_key.clone(),
            reason: reason.to_owned(),
            keyboard: "tester".to_owned(),
            ..Revoked::default()
        };
        of(&mut revoked);
        self.ledger
            .revoke_and_bar(Some(revoked), None, NOW)
            .unwrap();
    }

    /// What both ways say of a serial: they must agree.
    fn said(&self, serial: u64) -> Option<(RevokedBy, String)> {
        let record = self.reserved_as(serial);
        let looked_up = self.ledger.revocation_of(&record).unwrap();
        let set = RevokedSet::of(&self.ledger).unwrap();
        assert_eq!(set.revocation_of(&record), looked_up, "serial {serial}");
        looked_up.map(|revocation| (revocation.by, revocation.reason))
    }

    /// What the frame that begins here says, which is the last one or stands before others.
    fn frame_at(&self, place: Place) -> Vec<Event> {
        let frame = self.ledger.frames.read(place).unwrap().unwrap();
        let read = frame.entries.iter().map(|bytes| Entry::from_bytes(bytes));
        read.map(|entry| entry.unwrap().event).collect()
    }

    fn reserved_as(&self, serial: u64) -> Record {
        let serial = serial.try_into().unwrap();
        self.ledger.record_of(&self.ca, serial).unwrap().unwrap()
    }
}

fn because(by: RevokedBy, reason: &str) -> Option<(RevokedBy, String)> {
    Some((by, reason.to_owned()))
}

fn hash(seed: u8) -> [u8; 32] {
    public(seed)
        .fingerprint(Default::default())
        .sha256()
        .unwrap()
}

fn what_was_revoked_before_it_was_given_out_is_given_to_nobody(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    assert_eq!(fixture.next(), 1);
    fixture.revoke("typed", |revoked| {
        revoked.serials = vec![(2, 2), (3, 4), (9, 9)]
    });
    assert_eq!(fixture.next(), 5);
    let refused = fixture.exactly(9).unwrap_err();
    assert!(
        matches!(refused, ReserveError::SerialRevoked(_)),
        "{refused}"
    );
    fixture.is_whole();
    let rest = (6, u64::MAX);
    fixture.revoke("all", |revoked| revoked.serials = vec![rest]);
    let refused = fixture.reserve(SerialChoice::Next).unwrap_err();
    assert!(matches!(refused, ReserveError::NoSerialLeft), "{refused}");
    let body = wanted(9, SerialChoice::Next);
    let key_id = body.decided().body().key_id.as_str().to_owned();
    fixture.revoke("left", |revoked| revoked.key_ids = vec![key_id.clone()]);
    let refused = fixture.reserve(SerialChoice::Next).unwrap_err();
    let says = format!("key ID \"{key_id}\" was revoked");
    assert!(refused.to_string().starts_with(&says), "{refused}");
    fixture.is_whole();
}

fn each_way_to_revoke_is_named_with_its_reason(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    for subject in [9, 8, 7] {
        fixture.ask(wanted(subject, SerialChoice::Next)).unwrap();
    }
    fixture.exactly(20).unwrap();
    assert_eq!(fixture.said(1), None);
    fixture.revoke("lost", |revoked| revoked.serials = vec![(2, 2), (30, 40)]);
    fixture.revoke("copied", |revoked| revoked.sha256s = vec![hash(7)]);
    assert_eq!(fixture.said(1), None);
    assert_eq!(fixture.said(2), because(RevokedBy::Serial, "lost"));
    assert_eq!(fixture.said(3), because(RevokedBy::Key, "copied"));
    let (ca, after) = (fixture.ca.clone(), 25_u64.try_into().unwrap());
    let keyboard = "tester".to_owned();
    fixture
        .ledger
        .resume(&ca, after, None, keyboard, NOW)
        .unwrap();
    assert!(matches!(fixture.said(20), Some((RevokedBy::Gap, _))));
    fixture.revoke("left", |revoked| revoked.key_ids = vec!["peter".to_owned()]);
    assert_eq!(fixture.said(1), because(RevokedBy::KeyId, "left"));
    fixture.is_whole();
}

fn the_first_of_several_revocations_counts(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ask(wanted(9, SerialChoice::Next)).unwrap();
    fixture.revoke("of any CA", |revoked| {
        revoked.ca.clear();
        revoked.serials = vec![(1, 5)];
    });
    fixture.revoke("again", |revoked| revoked.serials = vec![(1, 1)]);
    fixture.revoke("and again", |revoked| revoked.sha256s = vec![hash(9)]);
    assert_eq!(fixture.said(1), because(RevokedBy::Serial, "of any CA"));
}

fn all_of_a_ca_ends_with_its_key(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.next();
    fixture.revoke("stolen", |revoked| revoked.sha256s = vec![hash(1)]);
    assert_eq!(fixture.said(1), because(RevokedBy::CaKey, "stolen"));
}

fn what_was_said_before_is_known_and_what_is_new_is_not(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.revoke("a", |revoked| revoked.serials = vec![(1, 4), (9, 9)]);
    fixture.revoke("b", |revoked| {
        revoked.serials = vec![(5, 6)];
        revoked.key_ids = vec!["peter".to_owned()];
        revoked.sha256s = vec![hash(9)];
    });
    let set = RevokedSet::of(&fixture.ledger).unwrap();
    let before = |serials: &[(u64, u64)], key_ids: &[&str], keys: &[u8]| {
        let all = set.all_before(&Revoked {
            ca: fixture.ca.added().public_key.clone(),
            serials: serials.to_vec(),
            key_ids: key_ids.iter().map(|&id| id.to_owned()).collect(),
            sha256s: keys.iter().map(|&key| hash(key)).collect(),
            ..Revoked::default()
        })?;
        Some(all.into_iter().map(|one| one.reason).collect::<String>())
    };
    assert_eq!(before(&[(2, 6)], &[], &[]).as_deref(), Some("ab"));
    assert_eq!(before(&[(9, 9)], &["peter"], &[9]).as_deref(), Some("ab"));
    assert_eq!(before(&[(6, 7)], &[], &[]), None);
    assert_eq!(before(&[(1, 9)], &[], &[]), None);
    assert_eq!(before(&[(1, u64::MAX)], &[], &[]), None);
    assert_eq!(before(&[], &["erik"], &[]), None);
    assert_eq!(before(&[(1, 1)], &[], &[9, 8]), None);
}

fn what_is_revoked_is_found_without_looking_at_the_rest(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    for subject in [9, 8, 7] {
        fixture.ask(wanted(subject, SerialChoice::Next)).unwrap();
    }
    fixture.exactly(12).unwrap();
    let found = |fixture: &Fixture| {
        let set = RevokedSet::of(&fixture.ledger).unwrap();
        let mut serials = Vec::new();
        let each = &mut |record: Record| serials.push(record.reserved.serial);
        fixture
            .ledger
            .each_record_of(&[Term::Revoked(&set)], each)
            .unwrap();
        serials
    };
    assert_eq!(found(&fixture), [0; 0]);
    fixture.revoke("", |revoked| revoked.serials = vec![(3, 11)]);
    fixture.revoke("", |revoked| revoked.sha256s = vec![hash(8)]);
    assert_eq!(found(&fixture), [2, 3]);
    fixture.revoke("", |revoked| revoked.sha256s = vec![hash(1)]);
    assert_eq!(found(&fixture), [1, 2, 3, 12]);
}

fn ends_of_trust_are_listed_in_order_with_the_lists_behind_them(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.revoke("lost", |revoked| revoked.serials = vec![(1, 1)]);
    let barred = Barred {
        requesters: vec!["peter".to_owned()],
        reason: "left".to_owned(),
        ..Barred::default()
    };
    fixture
        .ledger
        .revoke_and_bar(None, Some(barred), NOW)
        .unwrap();
    let made = KrlMade {
        version: 7,
        sha256: [0; 32],
        keyboard: String::new(),
        list: None,
    };
    fixture.ledger.record_krl(made, NOW).unwrap();
    fixture.revoke("late", |revoked| revoked.sha256s = vec![hash(9)]);
    let ends = fixture.ledger.ends_of_trust().unwrap();
    let reasons: Vec<_> = ends.iter().map(|end| end.words().0).collect();
    assert_eq!(reasons, ["lost", "left", "late"]);
    let krls = fixture.ledger.krls().unwrap();
    let [(position, NOW, made)] = krls.as_slice() else {
        panic!("{krls:?}");
    };
    assert_eq!(made.version, 7);
    assert!(ends[1].position < *position && *position < ends[2].position);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// One look-up and all at once say the same, whatever overlaps.
    #[test]
    fn both_ways_agree(ranges in prop::collection::vec((1..14_u64, 0..6_u64, any::<bool>()), 0..9)) {
        let mut fixture = fixture(memory_shelf, 1);
        for _ in 0..12 {
            fixture.next();
        }
        for (at, (first, more, of_any)) in ranges.into_iter().enumerate() {
            fixture.revoke(&at.to_string(), |revoked| {
                revoked.serials = vec![(first, first + more)];
                if of_any {
                    revoked.ca.clear();
                }
            });
        }
        for serial in 1..=12 {
            fixture.said(serial);
        }
    }
}

/// A frame is durable whole or not at all, so that nothing ends by half.
fn what_ends_together_stands_in_one_frame(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let revoked = |serial| Revoked {
        ca: fixture.ca.added().public_key.clone(),
        serials: vec![(serial, serial)],
        ..Revoked::default()
    };
    let (first, second) = (revoked(1), revoked(2));
    let barred = Barred {
        cards: vec![7],
        ..Barred::default()
    };
    let distrusted = RootDistrusted {
        root: [7; 32],
        reason: "copied".to_owned(),
        keyboard: "tester".to_owned(),
    };
    let ledger = &mut fixture.ledger;
    let (_, before) = ledger.frames.end();
    let both = (Some(first.clone()), Some(barred.clone()));
    ledger.revoke_and_bar(both.0, both.1, NOW).unwrap();
    let (_, between) = ledger.frames.end();
    let all = vec![first.clone(), second.clone()];
    ledger.distrust_root(distrusted.clone(), all, NOW).unwrap();
    assert_eq!(
        fixture.frame_at(before),
        [Event::Revoked(first.clone()), Event::Barred(barred)]
    );
    assert_eq!(
        fixture.frame_at(between),
        [
            Event::RootDistrusted(distrusted),
            Event::Revoked(first),
            Event::Revoked(second)
        ]
    );
}
