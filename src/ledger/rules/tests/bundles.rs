//! Bundles: in order, once, and by whoever is a registrar then.

use super::*;
use crate::ledger::{BundleClosed, BundleRefused, BundleTaken, DutiesSet, RequesterAdded};

conform!(
    a_bundle_is_signed_once_and_in_its_order,
    a_bundle_that_is_void_stands_between_no_others,
    a_registrar_is_one_when_the_bundle_is_signed,
);

const OLES: u8 = 40;

fn taken(id: u8, before: u8) -> BundleTaken {
    BundleTaken {
        id: [id; 16],
        sha256: [id; 32],
        before: [before; 32],
        made: NOW,
        items: 2,
        registrar: "ole".to_owned(),
        key: PublicKey::from(public(OLES)).to_bytes().unwrap(),
        keyboard: String::new(),
    }
}

fn closed(id: u8, is_signed: u8) -> BundleClosed {
    let reason = if is_signed == 0 { "lost" } else { "" };
    BundleClosed {
        id: [id; 16],
        is_signed,
        refused: Vec::new(),
        reason: reason.to_owned(),
        keyboard: String::new(),
    }
}

fn duties(roles: &[&str]) -> DutiesSet {
    DutiesSet {
        name: "ole".to_owned(),
        registrar: roles.iter().map(|role| (*role).to_owned()).collect(),
        ..DutiesSet::default()
    }
}

fn with_registrar(stand: Stand) -> Fixture {
    let mut fixture = fixture(stand, 1);
    let added = RequesterAdded {
        name: "ole".to_owned(),
        credential: Credential::Key(taken(1, 0).key),
        keyboard: String::new(),
    };
    fixture.ledger.add_requester(added, NOW).unwrap();
    fixture
        .ledger
        .set_duties(duties(&["engineer"]), NOW)
        .unwrap();
    fixture
}

fn a_bundle_is_signed_once_and_in_its_order(stand: Stand) {
    let mut fixture = with_registrar(stand);
    let ledger = &mut fixture.ledger;
    let refused = ledger.take_bundle(taken(1, 9), Brought::default(), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Order { .. })),
        "{refused:?}"
    );
    ledger
        .take_bundle(taken(1, 0), Brought::default(), NOW)
        .unwrap();
    let size = ledger.size();
    // What was begun goes on, and is not begun again.
    ledger
        .take_bundle(taken(1, 0), Brought::default(), NOW)
        .unwrap();
    assert_eq!(ledger.size(), size);
    let refused = ledger.take_bundle(taken(2, 1), Brought::default(), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Other(_))),
        "{refused:?}"
    );
    let mut malformed = closed(1, 1);
    malformed.refused = vec![(3, "no".to_owned())];
    let refused = ledger.close_bundle(malformed, NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Malformed)),
        "{refused:?}"
    );
    ledger.close_bundle(closed(1, 1), NOW).unwrap();
    assert_eq!(ledger.open_bundle().unwrap(), None);
    let refused = ledger.take_bundle(taken(1, 0), Brought::default(), NOW);
    assert!(matches!(refused, Err(BundleRefused::Signed)), "{refused:?}");
    let refused = ledger.close_bundle(closed(1, 1), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::NotOpen)),
        "{refused:?}"
    );
    ledger
        .take_bundle(taken(2, 1), Brought::default(), NOW)
        .unwrap();
    fixture.is_whole();
}

fn a_bundle_that_is_void_stands_between_no_others(stand: Stand) {
    let mut fixture = with_registrar(stand);
    let ledger = &mut fixture.ledger;
    // One that was lost on the way here.
    ledger.close_bundle(closed(8, 0), NOW).unwrap();
    let refused = ledger.take_bundle(taken(8, 0), Brought::default(), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Void(_))),
        "{refused:?}"
    );
    ledger
        .take_bundle(taken(1, 0), Brought::default(), NOW)
        .unwrap();
    let refused = ledger.close_bundle(closed(9, 0), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Other(_))),
        "{refused:?}"
    );
    ledger.close_bundle(closed(1, 1), NOW).unwrap();
    // One whose answer was lost, and one that was given up in the middle.
    ledger.close_bundle(closed(1, 0), NOW).unwrap();
    ledger
        .take_bundle(taken(2, 0), Brought::default(), NOW)
        .unwrap();
    ledger.close_bundle(closed(2, 0), NOW).unwrap();
    let refused = ledger.close_bundle(closed(2, 0), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::Void(_))),
        "{refused:?}"
    );
    ledger
        .take_bundle(taken(3, 0), Brought::default(), NOW)
        .unwrap();
    fixture.is_whole();
}

fn a_registrar_is_one_when_the_bundle_is_signed(stand: Stand) {
    let mut fixture = with_registrar(stand);
    let ledger = &mut fixture.ledger;
    ledger.set_duties(duties(&[]), NOW).unwrap();
    let refused = ledger.take_bundle(taken(1, 0), Brought::default(), NOW);
    assert!(
        matches!(refused, Err(BundleRefused::NoRegistrar(_))),
        "{refused:?}"
    );
    let mut other = taken(1, 0);
    other.key = PublicKey::from(public(41)).to_bytes().unwrap();
    let refused = ledger.take_bundle(other, Brought::default(), NOW);
    assert!(matches!(refused, Err(BundleRefused::Key(_))), "{refused:?}");
    fixture.is_whole();
}
