//! Whose a key or a card is, what names and duties somebody has, and that whoever is barred has none.

use super::grounds::{blob, peters, proof};
use super::*;
use crate::attestation::Family;
use crate::ledger::{DutiesSet, RequesterNamed};

conform!(
    an_enrolled_key_is_its_requesters_until_it_is_taken_away,
    the_newest_names_of_a_requester_count_and_none_of_one_who_is_barred,
    the_newest_duties_of_a_requester_count_and_none_of_one_who_is_barred,
    an_enrolment_is_in_one_frame_with_its_reservation,
    a_card_of_one_maker_is_not_that_of_another,
    who_was_barred_is_neither_certified_nor_enrolled,
);

fn an_enrolled_key_is_its_requesters_until_it_is_taken_away(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let key = || Credential::Key(blob(9));
    fixture.enrol("erik", key()).unwrap();
    fixture.enrol("erik", Credential::Card(7)).unwrap();
    let again = fixture.enrol("peter", key());
    assert!(matches!(again, Err(EnrolError::Enrolled(name)) if name == "erik"));
    assert_eq!(
        fixture.ledger.requester_of(&key()).unwrap().as_deref(),
        Some("erik")
    );
    let refused = fixture.ask(peters(9, |_| ()));
    assert!(matches!(refused, Err(ReserveError::KeyOfAnother { owner, .. }) if owner == "erik"));
    let remove = |name: &str| RequesterRemoved {
        name: name.to_owned(),
        credential: key(),
        keyboard: String::new(),
    };
    assert!(
        !fixture
            .ledger
            .remove_requester(remove("peter"), NOW)
            .unwrap()
    );
    fixture.is_whole();
    assert!(
        fixture
            .ledger
            .remove_requester(remove("erik"), NOW)
            .unwrap()
    );
    assert_eq!(fixture.ledger.requester_of(&key()).unwrap(), None);
    assert_eq!(fixture.ledger.requesters().unwrap().len(), 1);
    fixture.ask(peters(9, |_| ())).unwrap();
    fixture.is_whole();
}

fn the_newest_names_of_a_requester_count_and_none_of_one_who_is_barred(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let name = |fixture: &mut Fixture, requester: &str, names: &[&str]| {
        let named = RequesterNamed {
            name: requester.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            keyboard: "tester".to_owned(),
        };
        fixture.ledger.name_requester(named, NOW)
    };
    name(&mut fixture, "web1", &["web1", "web2"]).unwrap();
    name(&mut fixture, "web2", &["web2"]).unwrap();
    name(&mut fixture, "web1", &["web1"]).unwrap();
    let names = fixture.ledger.requester_names().unwrap();
    assert_eq!(names["web1"], ["web1"]);
    assert_eq!(names["web2"], ["web2"]);
    name(&mut fixture, "web2", &[]).unwrap();
    assert_eq!(fixture.ledger.requester_names().unwrap().len(), 1);
    fixture.bar(Vec::new(), &["web2"]);
    let barred = name(&mut fixture, "web2", &["web1"]);
    assert!(matches!(barred, Err(EnrolError::Barred(_))));
    let operator = name(&mut fixture, "operator", &["web1"]);
    assert!(matches!(operator, Err(EnrolError::Operator)));
    fixture.is_whole();
}

fn the_newest_duties_of_a_requester_count_and_none_of_one_who_is_barred(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let set = |fixture: &mut Fixture, requester: &str, registrar: &[&str], revoker| {
        let set = DutiesSet {
            name: requester.to_owned(),
            registrar: registrar.iter().map(|&role| role.to_owned()).collect(),
            revoker,
            keyboard: "tester".to_owned(),
        };
        fixture.ledger.set_duties(set, NOW)
    };
    set(&mut fixture, "ole", &["engineer", "server"], false).unwrap();
    set(&mut fixture, "anna", &[], true).unwrap();
    set(&mut fixture, "ole", &["server"], true).unwrap();
    let duties = fixture.ledger.duties().unwrap();
    assert_eq!(duties.keys().collect::<Vec<_>>(), ["anna", "ole"]);
    assert_eq!(
        (duties["ole"].registrar.as_slice(), duties["ole"].revoker),
        (&["server".to_owned()][..], true)
    );
    set(&mut fixture, "anna", &[], false).unwrap();
    assert!(!fixture.ledger.duties().unwrap().contains_key("anna"));
    for role in ["operator", "", "a b"] {
        let refused = set(&mut fixture, "anna", &["server", role], false);
        assert!(matches!(refused, Err(EnrolError::RegistrarOf(named)) if named == role));
    }
    let operator = set(&mut fixture, "operator", &["server"], false);
    assert!(matches!(operator, Err(EnrolError::Operator)));
    fixture.bar(Vec::new(), &["ole"]);
    assert!(fixture.ledger.duties().unwrap().is_empty());
    let barred = set(&mut fixture, "ole", &["server"], false);
    assert!(matches!(barred, Err(EnrolError::Barred(_))));
    fixture.is_whole();
}

fn an_enrolment_is_in_one_frame_with_its_reservation(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let owner = |fixture: &Fixture, card| {
        let card = Credential::Card(card);
        fixture.ledger.requester_of(&card).unwrap()
    };
    let mut enrol = |name, subject, card, serial| {
        let wanted = wanted_by(name, subject, serial).enrolling(Credential::Card(card));
        let reserved = fixture.ledger.reserve(vec![wanted], NOW).unwrap().remove(0);
        let size = fixture.ledger.size();
        (reserved.map(drop), owner(&fixture, card), size)
    };
    let seven = || SerialChoice::Exactly(7.try_into().unwrap());
    let (reserved, of, size) = enrol("peter", 21, 5, seven());
    reserved.unwrap();
    assert_eq!(of.as_deref(), Some("peter"));
    // The card stays theirs, and is not enrolled twice.
    let (again, _, after) = enrol("peter", 21, 5, SerialChoice::Next);
    assert!(again.is_ok());
    assert_eq!(after, size + 1);
    // What gets no serial enrols nobody, and what can't be enrolled gets none.
    let (taken, of, untouched) = enrol("erik", 22, 6, seven());
    assert!(matches!(taken, Err(ReserveError::SerialTaken(_))));
    assert_eq!((of, untouched), (None, after));
    let (others, of, untouched) = enrol("erik", 22, 5, SerialChoice::Next);
    assert!(
        matches!(others, Err(ReserveError::Enrol(EnrolError::Enrolled(name))) if name == "peter")
    );
    assert_eq!((of.as_deref(), untouched), (Some("peter"), after));
    fixture.is_whole();
}

fn a_card_of_one_maker_is_not_that_of_another(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let other = CardId {
        family: Family::Private([7; 32]).to_string(),
        serial: 7,
    };
    let barred = Barred {
        family_cards: vec![other.clone()],
        ..Barred::default()
    };
    fixture
        .ledger
        .revoke_and_bar(None, Some(barred), NOW)
        .unwrap();
    let on_card = |seed| peters(seed, move |basis| basis.proof = Some(proof(seed, 7)));
    fixture.ask(on_card(9)).unwrap();
    let yubicos = CardId {
        family: Family::Yubico.to_string(),
        serial: 7,
    };
    let barred = Barred {
        family_cards: vec![yubicos.clone()],
        ..Barred::default()
    };
    fixture
        .ledger
        .revoke_and_bar(None, Some(barred), NOW)
        .unwrap();
    assert!(matches!(
        fixture.ask(on_card(8)),
        Err(ReserveError::CardBarred(7))
    ));
    for card in [other, yubicos] {
        assert!(matches!(
            fixture.enrol("peter", Credential::FamilyCard(card)),
            Err(EnrolError::Barred("the card"))
        ));
    }
    fixture.is_whole();
}

fn who_was_barred_is_neither_certified_nor_enrolled(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.bar(vec![7, u64::MAX], &["erik"]);
    fixture.bar(vec![7], &["erik"]);
    let on_card = peters(9, |basis| basis.proof = Some(proof(9, 7)));
    assert!(matches!(
        fixture.ask(on_card),
        Err(ReserveError::CardBarred(7))
    ));
    let eriks = wanted_by("erik", 8, SerialChoice::Next);
    assert!(matches!(
        fixture.ask(eriks),
        Err(ReserveError::RequesterBarred(_))
    ));
    for (name, credential) in [
        ("erik", Credential::Key(blob(5))),
        ("peter", Credential::Card(7)),
    ] {
        let refused = fixture.enrol(name, credential);
        assert!(matches!(refused, Err(EnrolError::Barred(_))), "{name}");
    }
    assert_eq!(fixture.ledger.barred().unwrap().len(), 2);
    assert_eq!(fixture.next(), 1, "what was refused took no serial");
    fixture.is_whole();
}
