//! What going on behind a gap takes, and what it bars.

use super::*;

conform!(
    a_gap_counts_as_taken_and_revoked,
    going_on_where_nothing_is_missing_records_it_all_the_same,
    a_krl_that_was_taken_over_is_older_than_every_next,
    a_request_of_the_time_before_is_refused,
    an_enrolment_that_may_have_been_taken_away_serves_once_it_is_confirmed,
    a_clock_that_was_set_back_stops_the_run,
    what_became_of_a_killed_run_is_told_once,
    what_somebody_still_holds_is_not_given_up,
    heads_and_places_are_recorded,
    a_ceremony_is_recorded_once_with_the_words_of_its_transcript,
    a_copy_of_a_key_stays_visible_until_it_is_destroyed,
);

fn recovery(requests_from: u64, enrolments: u8) -> Option<Recovery> {
    Some(Recovery {
        requests_from,
        enrolments,
        ..Recovery::default()
    })
}

impl Fixture {
    fn resume(&mut self, after: u64, recovery: Option<Recovery>) -> Option<u64> {
        let (ca, after) = (self.ca.clone(), after.try_into().unwrap());
        let resumed = self.ledger.resume(&ca, after, recovery, String::new(), NOW);
        resumed.unwrap()
    }
}

fn a_gap_counts_as_taken_and_revoked(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.next();
    fixture.exactly(20).unwrap();
    assert_eq!(fixture.resume(10, None), Some(2));
    assert_eq!(fixture.ledger.gaps(&fixture.ca).unwrap(), [(2, 10)]);
    for serial in [2, 10] {
        let taken = fixture.exactly(serial);
        assert!(matches!(taken, Err(ReserveError::SerialTaken(_))));
        let serial = serial.try_into().unwrap();
        let revoked = fixture.ledger.serial_is_revoked(&fixture.ca, serial);
        assert!(revoked.unwrap());
    }
    assert_eq!([fixture.next(), fixture.next()], [11, 12]);
    assert_eq!(fixture.resume(12, None), None);
    fixture.is_whole();
}

fn going_on_where_nothing_is_missing_records_it_all_the_same(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.next();
    let size = fixture.ledger.size();
    assert_eq!(fixture.resume(1, None), None);
    assert_eq!(fixture.ledger.size(), size);
    assert_eq!(fixture.resume(1, recovery(NOW + 600, 1)), None);
    assert_eq!(fixture.ledger.size(), size + 1);
    assert_eq!(fixture.next(), 2);
    fixture.is_whole();
}

fn a_krl_that_was_taken_over_is_older_than_every_next(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.resume(5, recovery(NOW, 1));
    assert_eq!(fixture.ledger.last_krl_version().unwrap(), None);
    let taken_over = Recovery {
        krl_version: 7,
        ..Recovery::default()
    };
    fixture.resume(6, Some(taken_over));
    let refused = fixture.make_krl(7, Vec::new());
    assert!(matches!(
        refused,
        Err(LedgerError::KrlVersion { newest: 7, .. })
    ));
    fixture.make_krl(8, Vec::new()).unwrap();
    fixture.is_whole();
}

fn a_request_of_the_time_before_is_refused(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.resume(5, recovery(NOW + 600, 1));
    fixture.resume(7, recovery(NOW - 600, 1));
    let made = |created| {
        grounds::peters(9, |basis| {
            basis.request_id = Some([7; 16]);
            basis.created = Some(created);
        })
    };
    let refused = fixture.ask(made(NOW + 599));
    assert!(matches!(refused, Err(ReserveError::RequestTooOld { from, .. }) if from == NOW + 600));
    fixture.ask(made(NOW + 600)).unwrap();
}

fn an_enrolment_that_may_have_been_taken_away_serves_once_it_is_confirmed(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let (card, other) = (Credential::Card(7), Credential::Card(8));
    fixture.enrol("peter", card.clone()).unwrap();
    fixture.resume(3, recovery(NOW, 1));
    let serves = |fixture: &Fixture, card| fixture.ledger.requester_of(card).unwrap();
    assert_eq!(serves(&fixture, &card).as_deref(), Some("peter"));
    fixture.resume(5, recovery(NOW, 0));
    assert_eq!(serves(&fixture, &card), None);
    let others = fixture.enrol("erik", card.clone());
    assert!(matches!(others, Err(EnrolError::Enrolled(name)) if name == "peter"));
    fixture.enrol("peter", card.clone()).unwrap();
    fixture.enrol("erik", other.clone()).unwrap();
    assert_eq!(serves(&fixture, &card).as_deref(), Some("peter"));
    assert_eq!(serves(&fixture, &other).as_deref(), Some("erik"));
    assert_eq!(fixture.ledger.requesters().unwrap().len(), 2);
    fixture.is_whole();
}

fn a_clock_that_was_set_back_stops_the_run(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let reserve = |fixture: &mut Fixture, time| {
        let wanted = vec![wanted(9, SerialChoice::Next)];
        fixture.ledger.reserve(wanted, time)
    };
    reserve(&mut fixture, NOW - 60).unwrap();
    reserve(&mut fixture, NOW).unwrap();
    let back = reserve(&mut fixture, NOW - 61);
    assert!(matches!(
        back,
        Err(LedgerError::Clock(ClockError::BehindLedger { behind: 61 }))
    ));
    let corrected = ClockCorrected {
        wrong: NOW,
        reason: "battery".to_owned(),
        keyboard: String::new(),
    };
    fixture.ledger.correct_clock(corrected, NOW - 5000).unwrap();
    reserve(&mut fixture, NOW - 4999).unwrap();
    assert_eq!(fixture.ledger.last_time().unwrap(), Some(NOW - 4999));
}

fn what_became_of_a_killed_run_is_told_once(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.next();
    let done = fixture.reserve(SerialChoice::Next).unwrap();
    let outcome = Outcome::Failed(&done, "pulled".to_owned());
    fixture.ledger.record(&[outcome], NOW).unwrap();
    fixture.next();
    drop(fixture.ledger);
    let mut ledger = fixture.shelf.open().unwrap();
    assert_eq!(ledger.close_abandoned(NOW).unwrap(), 2);
    assert_eq!(ledger.close_abandoned(NOW).unwrap(), 0);
    let mut open = 0;
    ledger
        .each_record(&mut |record| open += u64::from(record.state == State::Reserved))
        .unwrap();
    assert_eq!(open, 0);
}

fn what_somebody_still_holds_is_not_given_up(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let held = fixture.reserve(SerialChoice::Next).unwrap();
    fixture.next();
    assert_eq!(fixture.ledger.close_abandoned(NOW).unwrap(), 1);
    assert_eq!(fixture.ledger.close_abandoned(NOW).unwrap(), 0);
    let outcome = Outcome::Failed(&held, "pulled".to_owned());
    fixture.ledger.record(&[outcome], NOW).unwrap();
    drop(held);
    drop(fixture.reserve(SerialChoice::Next).unwrap());
    assert_eq!(fixture.ledger.close_abandoned(NOW).unwrap(), 1);
    fixture.is_whole();
}

fn heads_and_places_are_recorded(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let head = fixture.ledger.checkpoint().unwrap().unwrap();
    let adopted = |size, root| HeadAdopted {
        size,
        root,
        word: "paper".to_owned(),
        keyboard: String::new(),
    };
    let other = fixture.ledger.adopt_head(adopted(1, [0; 32]), NOW);
    assert!(matches!(other, Err(LedgerError::OtherHead { .. })));
    let word = adopted(0, [0; 32]);
    fixture.ledger.adopt_head(word, NOW).unwrap();
    let shown = adopted(head.size, head.root);
    fixture.ledger.adopt_head(shown, NOW).unwrap();
    for places in [vec!["/a".to_owned()], vec!["/b".to_owned()]] {
        let keyboard = String::new();
        let places = HeadPlaces { places, keyboard };
        fixture.ledger.set_head_places(places, NOW).unwrap();
    }
    let places = fixture.ledger.head_places().unwrap().unwrap().places;
    assert_eq!(places, ["/b"]);
    fixture.is_whole();
}

fn a_ceremony_is_recorded_once_with_the_words_of_its_transcript(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let mut hold = |transcript| {
        let keyboard = String::new();
        fixture
            .ledger
            .record_ceremony([1; 32], transcript, keyboard, NOW)
    };
    hold([2; 32]).unwrap();
    let again = hold([2; 32]);
    assert!(
        matches!(again, Err(LedgerError::CeremonyKnown)),
        "{again:?}"
    );
    hold([3; 32]).unwrap();
    let held = fixture.ledger.ceremonies().unwrap();
    let words: Vec<_> = held.iter().map(|(_, held)| held.words.as_str()).collect();
    assert_eq!(
        words,
        [[2; 32], [3; 32]].map(|value| crate::wire::words(&value))
    );
    fixture.is_whole();
}

fn a_copy_of_a_key_stays_visible_until_it_is_destroyed(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let ca = fixture.ca.clone();
    let seen = |device: &str, became, word: &str| CopySeen {
        ca: ca.position(),
        kind: CopyKind::Imported,
        became,
        device: device.to_owned(),
        holder: String::new(),
        word: word.to_owned(),
        keyboard: String::new(),
    };
    let ledger = &mut fixture.ledger;
    ledger
        .record_copy(seen("a", Became::Made, ""), NOW)
        .unwrap();
    ledger
        .record_copy(seen("b", Became::Made, ""), NOW)
        .unwrap();
    for refused in [
        seen("a", Became::Made, ""),
        seen("a", Became::Missing, ""),
        seen("", Became::Made, ""),
    ] {
        let refused = ledger.record_copy(refused, NOW);
        assert!(matches!(refused, Err(LedgerError::Copy { .. })));
    }
    ledger
        .record_copy(seen("a", Became::Missing, "lost"), NOW)
        .unwrap();
    let left = ledger.copies_left(&ca).unwrap();
    let left: Vec<_> = left
        .iter()
        .map(|copy| (copy.seen.device.as_str(), copy.seen.became))
        .collect();
    assert_eq!(left, [("a", Became::Missing), ("b", Became::Made)]);
    // What is found again can be destroyed.
    for device in ["a", "b"] {
        ledger
            .record_copy(seen(device, Became::Destroyed, ""), NOW)
            .unwrap();
    }
    assert_eq!(ledger.copies_left(&ca).unwrap(), []);
    assert_eq!(ledger.copies(&ca).unwrap().len(), 2);
    fixture.is_whole();
}
