//! How a CA ends, and another one takes its place.

use super::keys::blob;
use super::*;
use crate::ledger::rows::sha256;

conform!(
    a_retired_ca_takes_no_serial_and_its_key_ends_in_the_same_frame,
    one_ca_takes_the_place_of_another_stage_by_stage,
);

fn a_retired_ca_takes_no_serial_and_its_key_ends_in_the_same_frame(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let held = fixture.reserve(SerialChoice::Next).unwrap();
    let position = fixture.ca.position();
    let retired = || CaRetired {
        ca: position,
        reason: String::new(),
        keyboard: String::new(),
    };
    assert_eq!(fixture.ledger.retired(&fixture.ca).unwrap(), None);
    fixture.ledger.retire_ca(retired(), None, NOW).unwrap();
    let refused = fixture.reserve(SerialChoice::Next);
    assert!(matches!(refused, Err(ReserveError::CaRetired(name)) if name == "users"));
    // What was taken before has its outcome.
    let outcome = Outcome::Failed(&held, "pulled".to_owned());
    fixture.ledger.record(&[outcome], NOW).unwrap();
    let revoked = Revoked {
        keys: vec![blob(1)],
        ..Revoked::default()
    };
    let size = fixture.ledger.size();
    fixture
        .ledger
        .retire_ca(retired(), Some(revoked), NOW)
        .unwrap();
    assert_eq!(fixture.ledger.size(), size + 1);
    assert_eq!(fixture.ledger.retired(&fixture.ca).unwrap(), Some(NOW));
    assert!(fixture.ledger.key_is_revoked(&sha256(&blob(1))).unwrap());
    fixture.is_whole();
}

fn one_ca_takes_the_place_of_another_stage_by_stage(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let new = fixture.ledger.add_ca(added("users2", 5, 1), NOW).unwrap();
    let old = fixture.ca.clone();
    let reach = |fixture: &mut Fixture, new: &Ca, stage| {
        let reached = StageReached {
            old: old.position(),
            new: new.position(),
            stage,
            word: String::new(),
            keyboard: String::new(),
        };
        fixture.ledger.reach_stage(reached, NOW)
    };
    let refused = |why: Result<(), LedgerError>, words: &str| {
        assert!(matches!(why, Err(LedgerError::Stage(said)) if said == words));
    };
    refused(
        reach(&mut fixture, &new, Stage::Trusted),
        "the stage is not the next one",
    );
    refused(
        reach(&mut fixture, &old, Stage::Made),
        "a CA can't take its own place",
    );
    for stage in [Stage::Made, Stage::Trusted, Stage::Switched] {
        reach(&mut fixture, &new, stage).unwrap();
    }
    let third = fixture.ledger.add_ca(added("users3", 6, 1), NOW).unwrap();
    refused(
        reach(&mut fixture, &third, Stage::Ended),
        "another CA takes that place already",
    );
    refused(
        reach(&mut fixture, &new, Stage::Ended),
        "the old CA is not retired",
    );
    let retired = || CaRetired {
        ca: old.position(),
        reason: String::new(),
        keyboard: String::new(),
    };
    fixture.ledger.retire_ca(retired(), None, NOW).unwrap();
    reach(&mut fixture, &new, Stage::Ended).unwrap();
    refused(
        reach(&mut fixture, &new, Stage::Revoked),
        "the key of the old CA is not revoked",
    );
    let revoked = Revoked {
        keys: vec![blob(1)],
        ..Revoked::default()
    };
    fixture
        .ledger
        .retire_ca(retired(), Some(revoked), NOW)
        .unwrap();
    reach(&mut fixture, &new, Stage::Revoked).unwrap();
    reach(&mut fixture, &new, Stage::Destroyed).unwrap();
    refused(
        reach(&mut fixture, &new, Stage::Destroyed),
        "the stage is not the next one",
    );
    let stages = fixture.ledger.stages(&old).unwrap();
    let stages: Vec<_> = stages.iter().map(|(_, reached)| reached.stage).collect();
    assert_eq!(stages, Stage::ALL);
    fixture.is_whole();
}
