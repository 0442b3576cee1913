//! Bundles: in order, once, and by whoever is a registrar then.

use super::*;
use crate::ledger::{
    BundleClosed, BundleRefused, BundleTaken, DutiesSet, PendingRevocation, PendingTaken,
    RequesterAdded,
};

conform!(
    a_bundle_is_signed_once_and_in_its_order,
    a_bundle_that_is_void_stands_between_no_others,
    a_registrar_is_one_when_the_bundle_is_signed,
    what_was_pending_ends_once_and_a_bundle_by_whom_it_ends_is_not_taken,
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

/// A revocation of one key, by a revoker's key.
fn revocation(number: u8, revoker: (&str, u8), key: u8) -> PendingRevocation {
    let blob = |seed| PublicKey::from(public(seed)).to_bytes().unwrap();
    PendingRevocation {
        taken: PendingTaken {
            sha256: [number; 32],
            made: NOW,
            revoker: revoker.0.to_owned(),
            key: blob(revoker.1),
            keyboard: "root".to_owned(),
        },
        revoked: Some(Revoked {
            keys: vec![blob(key)],
            ..Revoked::default()
        }),
        barred: None,
    }
}

fn what_was_pending_ends_once_and_a_bundle_by_whom_it_ends_is_not_taken(stand: Stand) {
    let mut fixture = with_registrar(stand);
    let ledger = &mut fixture.ledger;
    let both = DutiesSet {
        revoker: true,
        ..duties(&["engineer"])
    };
    ledger.set_duties(both, NOW).unwrap();
    let bring = |pending: Vec<PendingRevocation>| Brought {
        pending,
        ..Brought::default()
    };
    let size = ledger.size();
    // It revokes the key that signed the bundle: his word counts for nothing.
    let own = bring(vec![revocation(1, ("ole", OLES), OLES)]);
    let refused = ledger.take_bundle(taken(1, 0), own, NOW);
    assert!(
        matches!(refused, Err(BundleRefused::KeyRevoked)),
        "{refused:?}"
    );
    assert_eq!(ledger.size(), size);
    // One that counts, one by nobody, and one that was refused before anybody was asked.
    let nobodys = revocation(3, ("anna", 42), 44);
    let mut brought = bring(vec![revocation(2, ("ole", OLES), 43), nobodys.clone()]);
    let early = revocation(4, ("anna", 42), 45).taken;
    brought.refused = vec![early.refused("anna is no revoker".to_owned())];
    ledger.take_bundle(taken(1, 0), brought, NOW).unwrap();
    assert!(ledger.took_revocation(&[2; 32]).unwrap());
    for number in [3, 4] {
        let refused = ledger.refused_revocation(&[number; 32]).unwrap().unwrap();
        assert_eq!(refused.why, "anna is no revoker");
        assert!(!ledger.took_revocation(&[number; 32]).unwrap());
        assert!(ledger.ended_revocation(&[number; 32]).unwrap());
    }
    ledger.close_bundle(closed(1, 1), NOW).unwrap();
    // Whatever anna is later, that one stays refused.
    let anna = RequesterAdded {
        name: "anna".to_owned(),
        credential: Credential::Key(nobodys.taken.key.clone()),
        keyboard: String::new(),
    };
    ledger.add_requester(anna, NOW).unwrap();
    let revoker = DutiesSet {
        name: "anna".to_owned(),
        revoker: true,
        ..DutiesSet::default()
    };
    ledger.set_duties(revoker, NOW).unwrap();
    ledger
        .take_bundle(taken(2, 1), bring(vec![nobodys]), NOW)
        .unwrap();
    assert!(!ledger.took_revocation(&[3; 32]).unwrap());
    fixture.is_whole();
}
