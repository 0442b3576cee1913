//! Keys that are whose they should not be, and who should not be served.

use super::*;

#[test]
fn a_key_of_a_ca_or_of_the_ledger_as_a_subject_and_the_other_way_round() {
    assert_named(&[
        (
            |history| {
                history.certificate(HOSTS);
            },
            "broken 4: its subject is the key of a CA",
        ),
        (
            |history| {
                history.head(LEDGER);
                history.certificate(LEDGER);
            },
            "broken 5: its subject is a key of the ledger",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.krl(1);
                history.certificate(LEDGER);
            },
            "broken 6: its subject is a key of the ledger",
        ),
        (
            |history| {
                history.certificate(10);
                history.ca("more", 10, Purpose::User);
            },
            "broken 6: the key of the CA was certified as a subject's before",
        ),
        (
            |history| {
                history.certificate(11);
                history.revoke_key(10);
                history.ca("more", 10, Purpose::User);
            },
            "broken 7: the key of the CA was revoked before",
        ),
        (
            |history| {
                history.certificate(11);
                history.enrol("erik", Credential::Key(blob(10)));
                history.ca("more", 10, Purpose::User);
            },
            "broken 7: the key of the CA was enrolled as a requester's",
        ),
        (
            |history| {
                history.head(LEDGER);
                history.ca("more", LEDGER, Purpose::User);
            },
            "broken 5: the key of the CA is the ledger's own",
        ),
        (
            |history| {
                history.ca("users", 4, Purpose::User);
            },
            "broken 4: its name or key is a CA's already",
        ),
        (
            |history| {
                history.ca("more", USERS, Purpose::User);
            },
            "broken 4: its name or key is a CA's already",
        ),
    ]);
}

#[test]
fn who_was_revoked_barred_or_is_somebody_else() {
    assert_named(&[
        (
            |history| {
                history.revoke_key(10);
                history.certificate(10);
            },
            "broken 5: its subject was revoked before",
        ),
        (
            |history| {
                history.revoke_key(10);
                history.enrol("peter", Credential::Key(blob(10)));
            },
            "broken 5: its subject was revoked before",
        ),
        (
            |history| {
                history.revoke_key(USERS);
                history.certificate(10);
            },
            "broken 5: the key of its CA was revoked before",
        ),
        (
            |history| {
                history.bar(Barred {
                    requesters: vec!["peter".to_owned()],
                    ..Barred::default()
                });
                history.certificate(10);
            },
            "broken 5: requester \"peter\" was barred before",
        ),
        (
            |history| {
                history.certificate(10);
                history.reserve_with(Content::of(10, 2), |reserved| {
                    reserved.requester = "erik".to_owned();
                });
            },
            "broken 6: the key is that of requester \"peter\", not of \"erik\"",
        ),
        (
            |history| {
                history.enrol("erik", Credential::Key(blob(10)));
                history.certificate(10);
            },
            "broken 5: the key is that of requester \"erik\", not of \"peter\"",
        ),
        (
            |history| {
                history.certificate(10);
                history.enrol("erik", Credential::Key(blob(10)));
            },
            "broken 6: the key is that of requester \"peter\", not of \"erik\"",
        ),
        (
            |history| {
                history.enrol("erik", Credential::Card(7));
                history.enrol("peter", Credential::Card(7));
            },
            "broken 5: it is enrolled for requester \"erik\" already",
        ),
        (
            |history| {
                history.unenrol("erik", Credential::Card(7));
            },
            "broken 4: it was not enrolled for that requester",
        ),
    ]);
}

#[test]
fn a_card_that_was_barred_by_number_or_by_family() {
    fn with_card(history: &mut History, family: &str) {
        let facts = format!(r#"{{"serial":7,"family":"{family}"}}"#);
        let evidence = history.evidence(10, "piv", &facts);
        history.reserve_with(Content::of(10, 1), |reserved| {
            reserved.proof = "piv".to_owned();
            let grounds = reserved.grounds.as_mut().unwrap();
            grounds.evidence = Some(evidence);
            grounds.card = Some(7);
            grounds.known.as_mut().unwrap().family = family.to_owned();
        });
    }
    let card = || CardId {
        family: "yubico".to_owned(),
        serial: 7,
    };
    let mut by_number = History::begun();
    by_number.bar(Barred {
        cards: vec![7],
        ..Barred::default()
    });
    with_card(&mut by_number, "yubico");
    assert_eq!(said(&by_number), ["broken 6: card 7 was barred before"]);
    let mut by_family = History::begun();
    by_family.bar(Barred {
        family_cards: vec![card()],
        ..Barred::default()
    });
    let mut other = by_family.clone();
    with_card(&mut by_family, "yubico");
    assert_eq!(said(&by_family), ["broken 6: card 7 was barred before"]);
    with_card(&mut other, "SHA256:x");
    assert_eq!(said(&other), Vec::<String>::new());
}

#[test]
fn an_enrolment_is_confirmed_once_behind_a_gap_that_left_it_open() {
    let mut history = History::begun();
    history.enrol("peter", Credential::Card(7));
    history.resume(1, 9);
    history.enrol("peter", Credential::Card(7));
    assert_eq!(said(&history), Vec::<String>::new());
    history.enrol("peter", Credential::Card(7));
    assert_eq!(
        said(&history),
        ["broken 7: it is enrolled for requester \"peter\" already"]
    );
}
