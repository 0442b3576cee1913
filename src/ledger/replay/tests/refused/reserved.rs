//! A reservation, and an enrolment with it.

use super::*;

fn asked(history: &mut History, serial: u64, challenge: Option<u64>) {
    history.reserve_with(Content::of(10, serial), |reserved| {
        let grounds = reserved.grounds.as_mut().unwrap();
        grounds.request_id = Some([5; 16]);
        grounds.challenge = challenge;
    });
}

#[test]
fn a_reservation_that_the_ledger_refuses() {
    hold(rows!(ReserveError:
        UnknownCa => Found(
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| reserved.ca = 3);
            },
            "broken 5: it refers to entry 3, which is not what it should be",
        ),
        OtherPurpose => Found(
            |history| {
                history.reserve(Content { kind: 2, ..Content::of(10, 1) });
            },
            "broken 5: the CA signs no host certificates",
        ),
        SerialTaken => Found(
            |history| {
                history.certificate(10);
                history.explicit(11, 1);
            },
            "broken 7: serial 1 was taken before",
        ),
        SerialRevoked => Found(
            |history| {
                revoked(history, Revoked { serials: vec![(7, 9)], ..Revoked::default() });
                history.explicit(10, 8);
            },
            "broken 6: serial 8 was revoked before",
        ),
        KeyIdRevoked => Found(
            |history| {
                let key_ids = vec!["peter".to_owned()];
                revoked(history, Revoked { ca: blob(USERS), key_ids, ..Revoked::default() });
                history.certificate(10);
            },
            "broken 6: key ID \"peter\" was revoked before",
        ),
        KeyRevoked => Found(
            |history| {
                history.revoke_key(10);
                history.certificate(10);
            },
            "broken 6: its subject was revoked before",
        ),
        CaRetired => Found(
            |history| {
                let (ca, reason, keyboard) = (1, String::new(), String::new());
                history.push(Event::CaRetired(CaRetired { ca, reason, keyboard }));
                history.certificate(10);
            },
            "broken 6: its CA was retired before",
        ),
        CaRevoked => Found(
            |history| {
                history.revoke_key(USERS);
                history.certificate(10);
            },
            "broken 6: the key of its CA was revoked before",
        ),
        CaKey => Found(
            |history| {
                history.certificate(HOSTS);
            },
            "broken 5: its subject is the key of a CA",
        ),
        Suffix => Found(
            |history| {
                history.suffixes(&[("_physical", r#"{"kinds":["piv"]}"#, 0)]);
                let principals = vec!["peter_physical"];
                history.reserve(Content { principals, ..Content::of(10, 1) });
            },
            "broken 6: principal \"peter_physical\" ends in the reserved \"_physical\", and nothing was proved",
        ),
        LedgerKey => Found(
            |history| {
                history.certificate(LEDGER);
            },
            "broken 5: its subject is a key of the ledger",
        ),
        KeyOfAnother => Found(
            |history| {
                history.enrol("erik", Credential::Key(blob(10)));
                history.certificate(10);
            },
            "broken 6: the key is that of requester \"erik\", not of \"peter\"",
        ),
        Word => Found(
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    let grounds = reserved.grounds.as_mut().unwrap();
                    grounds.known.as_mut().unwrap().by = "registrar".to_owned();
                });
            },
            "broken 5: requester \"peter\" was not known by \"registrar\"",
        ),
        CardBarred => Found(
            |history| {
                history.bar(Barred { cards: vec![7], ..Barred::default() });
                let facts = r#"{"serial":7,"family":"yubico"}"#;
                let evidence = history.evidence(10, "piv", facts);
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "piv".to_owned();
                    let grounds = reserved.grounds.as_mut().unwrap();
                    (grounds.evidence, grounds.card) = (Some(evidence), Some(7));
                    grounds.known.as_mut().unwrap().family = "yubico".to_owned();
                });
            },
            "broken 7: card 7 was barred before",
        ),
        RequesterBarred => Found(
            |history| {
                let requesters = vec!["peter".to_owned()];
                history.bar(Barred { requesters, ..Barred::default() });
                history.certificate(10);
            },
            "broken 6: requester \"peter\" was barred before",
        ),
        RequestUsed => Found(
            |history| {
                asked(history, 1, None);
                asked(history, 2, None);
            },
            "broken 6: its request was used before",
        ),
        RequestTooOld => Untold("the entry has the id of its request, not the time it was made at"),
        ChallengeUnknown => Found(
            |history| asked(history, 1, Some(2)),
            "broken 5: it refers to entry 2, which is not what it should be",
        ),
        ChallengeExpired => Found(
            |history| {
                let challenge = history.challenge(8, NOW + 6);
                asked(history, 1, Some(challenge));
            },
            "broken 6: its challenge expired 0 s before",
        ),
        ChallengeUsed => Found(
            |history| {
                let challenge = history.challenge(8, NOW + 600);
                asked(history, 1, Some(challenge));
                history.reserve_with(Content::of(10, 2), |reserved| {
                    reserved.grounds.as_mut().unwrap().challenge = Some(challenge);
                });
            },
            "broken 7: its challenge was answered before",
        ),
        ProofOfAnotherKey => Found(
            |history| {
                let evidence = history.evidence(11, "witnessed", "{}");
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "witnessed".to_owned();
                    reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
                });
            },
            "broken 6: its evidence is about another key",
        ),
        NoSerialLeft => Found(
            |history| {
                history.explicit(10, u64::MAX);
                history.push(Event::CaAdded(CaAdded {
                    name: "spent".to_owned(),
                    public_key: blob(6),
                    purpose: Purpose::User,
                    origin: Origin::Generated,
                    token_says: String::new(),
                    next_serial: u64::MAX,
                    keyboard: String::new(),
                }));
                for serial in [u64::MAX, 5] {
                    history.reserve_with(Content { ca: 6, ..Content::of(10, serial) }, |_| ());
                }
            },
            "broken 8: serial 5 is behind the sequence",
        ),
        Enrol | Login => NoEntry("the rows of its own error stand for it"),
        Encode => Found(
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.to_be_signed.pop();
                });
            },
            "broken 5: its content is none of a certificate",
        ),
    ));
}

#[test]
fn an_enrolment_that_the_ledger_refuses() {
    hold(rows!(EnrolError:
        Enrolled => Found(
            |history| {
                history.enrol("erik", Credential::Card(7));
                history.enrol("peter", Credential::Card(7));
            },
            "broken 6: it is enrolled for requester \"erik\" already",
        ),
        CertifiedTo => Found(
            |history| {
                history.certificate(10);
                history.enrol("erik", Credential::Key(blob(10)));
            },
            "broken 7: the key is that of requester \"peter\", not of \"erik\"",
        ),
        Barred => Found(
            |history| {
                history.bar(Barred { cards: vec![7], ..Barred::default() });
                history.enrol("erik", Credential::Card(7));
            },
            "broken 6: card 7 was barred before",
        ),
        Operator => Found(
            |history| {
                history.push(Event::RequesterNamed(RequesterNamed {
                    name: "operator".to_owned(),
                    names: vec!["root".to_owned()],
                    keyboard: String::new(),
                }));
            },
            "broken 5: requester \"operator\" is whoever holds the token, and has nothing",
        ),
        RegistrarOf => Found(
            |history| {
                history.push(Event::DutiesSet(DutiesSet {
                    name: "ole".to_owned(),
                    registrar: vec!["engineer".to_owned(), "operator".to_owned()],
                    ..DutiesSet::default()
                }));
            },
            "broken 5: nobody can be a registrar for role \"operator\"",
        ),
        OwnKey => Found(
            |history| {
                history.enrol("erik", Credential::Key(blob(USERS)));
            },
            "broken 5: its subject is the key of a CA",
        ),
        Unfit => Found(
            |history| {
                history.enrol("erik", Credential::Key(weak()));
            },
            "broken 5: the requester's key is not fit for it: the private half of the key is no secret: its point is of small order",
        ),
        Key => Found(
            |history| {
                history.enrol("erik", Credential::Key(b"none".to_vec()));
            },
            "broken 5: the requester's key cannot be read",
        ),
        Ledger => NoEntry("the rows of its own error stand for it"),
    ));
}
