//! What no version writes: each forged kind of entry is named by its position.

use super::*;
use crate::ledger::entry::*;
use history::{Content, HOSTS, LEDGER, USERS};

/// A forger's hand on a history that begins with two CAs and a policy, and the words for it.
type Forgery = (fn(&mut History), &'static str);

#[track_caller]
fn assert_named(forgeries: &[Forgery]) {
    for (forge, words) in forgeries {
        let mut history = History::begun();
        forge(&mut history);
        assert_eq!(said(&history), [*words]);
    }
}

#[test]
fn a_serial_that_is_used_twice_or_out_of_order() {
    assert_named(&[
        (
            |history| {
                history.certificate(10);
                history.certificate(11);
            },
            "broken 6: serial 1 was taken before",
        ),
        (
            |history| {
                history.explicit(10, 5);
                history.explicit(11, 5);
            },
            "broken 5: serial 5 was taken before",
        ),
        (
            |history| {
                history.certificate_of(Content::of(10, 3));
            },
            "broken 4: serial 3 comes next, and 1 was left out",
        ),
        (
            |history| {
                history.resume(1, 9);
                history.certificate_of(Content::of(10, 12));
            },
            "broken 5: serial 12 comes next, and 10 was left out",
        ),
        (
            |history| {
                history.resume(1, 9);
                history.explicit(10, 4);
            },
            "broken 5: serial 4 was taken before",
        ),
        (
            |history| {
                history.explicit(10, 0);
            },
            "broken 4: its serial is 0",
        ),
        (
            |history| {
                history.certificate(10);
                history.resume(1, 9);
            },
            "broken 6: the gap begins at 1, and the sequence stands at 2",
        ),
        (
            |history| {
                history.resume(1, 1_000_001);
            },
            "odd 4: the gap from 1 to 1000001 is larger than a million serials",
        ),
    ]);
}

#[test]
fn a_serial_behind_the_sequence() {
    let mut history = History::begun();
    history.is_format_4 = false;
    history.certificate_of(Content::of(10, 3));
    history.certificate_of(Content::of(11, 2));
    assert_eq!(
        said(&history)[1..],
        ["broken 6: serial 2 is behind the sequence"]
    );
}

#[test]
fn an_outcome_that_is_none() {
    assert_named(&[
        (
            |history| {
                let reserved = history.certificate(10);
                history.issue(reserved);
            },
            "broken 6: the outcome of entry 4 was recorded before",
        ),
        (
            |history| {
                let reserved = history.certificate(10);
                history.fail(reserved);
            },
            "broken 6: the outcome of entry 4 was recorded before",
        ),
        (
            |history| {
                let signature = history.signature(1);
                history.push(Event::Issued(Issued {
                    reserved: 1,
                    signature,
                }));
            },
            "broken 4: it refers to entry 1, which is not what it should be",
        ),
        (
            |history| {
                history.fail(u64::MAX);
            },
            "broken 4: it refers to entry 18446744073709551615, which is not what it should be",
        ),
        (
            |history| {
                let reserved = history.reserve(Content::of(10, 1));
                let signature = history.signature(1);
                history.push(Event::Issued(Issued {
                    reserved,
                    signature,
                }));
            },
            "broken 5: the CA's signature is not valid",
        ),
        (
            |history| {
                let reserved = history.reserve(Content::of(10, 1));
                history.push(Event::Issued(Issued {
                    reserved,
                    signature: vec![1, 2, 3],
                }));
            },
            "broken 5: the signature is malformed",
        ),
    ]);
}

#[test]
fn a_content_that_is_not_that_of_its_entry() {
    assert_named(&[
        (
            |history| {
                history.reserve_with(Content::of(10, 9), |reserved| reserved.serial = 1);
            },
            "broken 4: its content has another serial",
        ),
        (
            |history| {
                let other = Content {
                    ca: HOSTS,
                    ..Content::of(10, 1)
                };
                history.reserve_with(other, |reserved| reserved.ca = 1);
            },
            "broken 4: its content has another CA",
        ),
        (
            |history| {
                let user = Content {
                    ca: HOSTS,
                    ..Content::of(10, 1)
                };
                history.certificate_of(user);
            },
            "broken 4: the CA signs no user certificates",
        ),
        (
            |history| {
                let host = Content {
                    kind: 2,
                    ..Content::of(10, 1)
                };
                history.certificate_of(host);
            },
            "broken 4: the CA signs no host certificates",
        ),
        (
            |history| {
                let anybody = Content {
                    principals: Vec::new(),
                    ..Content::of(10, 1)
                };
                history.certificate_of(anybody);
            },
            "broken 4: its content names no principal",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.to_be_signed.pop();
                });
            },
            "broken 4: its content is none of a certificate",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| reserved.ca = 3);
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
        (
            |history| {
                history.push(Event::NotBound(NotBound {
                    ca: 3,
                    device: String::new(),
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
    ]);
}

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
                history.krl(1);
                history.certificate(LEDGER);
            },
            "broken 5: its subject is a key of the ledger",
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
        let evidence = history.evidence(10, "piv", r#"{"serial":7}"#);
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
fn a_request_or_a_challenge_that_is_used_twice() {
    fn asked(history: &mut History, serial: u64, id: u8, challenge: Option<u64>) {
        history.reserve_with(Content::of(10, serial), |reserved| {
            let grounds = reserved.grounds.as_mut().unwrap();
            grounds.request_id = Some([id; 16]);
            grounds.challenge = challenge;
        });
    }
    assert_named(&[
        (
            |history| {
                asked(history, 1, 5, None);
                asked(history, 2, 5, None);
            },
            "broken 5: its request was used before",
        ),
        (
            |history| {
                let challenge = history.challenge(8, NOW + 600);
                asked(history, 1, 5, Some(challenge));
                asked(history, 2, 6, Some(challenge));
            },
            "broken 6: its challenge was answered before",
        ),
        (
            |history| {
                let challenge = history.challenge(8, NOW + 5);
                asked(history, 1, 5, Some(challenge));
            },
            "broken 5: its challenge expired 0 s before",
        ),
        (
            |history| asked(history, 1, 5, Some(2)),
            "broken 4: it refers to entry 2, which is not what it should be",
        ),
        (
            |history| {
                history.challenge(8, NOW + 5);
                history.challenge(8, NOW + 600);
            },
            "broken 5: the number of the challenge was used before",
        ),
    ]);
}

#[test]
fn a_policy_or_evidence_that_is_not_there() {
    assert_named(&[
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.grounds.as_mut().unwrap().policy = [9; 32];
                });
            },
            "broken 4: no entry before it has its policy",
        ),
        (
            |history| {
                history.push(Event::PolicySeen(PolicySeen {
                    digest: [9; 32],
                    text: "{}".to_owned(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: the policy is not the one of its digest",
        ),
        (
            |history| {
                history.policy("{}");
            },
            "broken 4: the policy was written down before",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.grounds.as_mut().unwrap().evidence = Some(5);
                });
            },
            "broken 4: it refers to entry 5, which is not what it should be",
        ),
        (
            |history| {
                let evidence = history.evidence(11, "piv", "{}");
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "piv".to_owned();
                    reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
                });
            },
            "broken 5: its evidence is about another key",
        ),
        (
            |history| {
                let evidence = history.evidence(10, "witnessed", "{}");
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "piv".to_owned();
                    reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
                });
            },
            "broken 5: its evidence says another kind of proof",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.proof = "piv".to_owned();
                });
            },
            "broken 4: its evidence says another kind of proof",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    reserved.grounds.as_mut().unwrap().card = Some(7);
                });
            },
            "broken 4: its evidence says another card",
        ),
    ]);
}

#[test]
fn a_head_that_never_was_or_by_a_key_that_is_not_for_it() {
    assert_named(&[
        (
            |history| {
                history.signed_head(LEDGER, 2, [9; 32]);
            },
            "broken 4: the head of 2 entries is not one of this ledger",
        ),
        (
            |history| {
                let root = history.root();
                history.signed_head(LEDGER, 4, root);
            },
            "broken 4: the head of 4 entries is not one of this ledger",
        ),
        (
            |history| {
                let list = ListSigned {
                    signer: blob(LEDGER),
                    size: 1,
                    root: [9; 32],
                };
                history.krl_with(1, Some(list));
            },
            "broken 4: the head of 1 entries is not one of this ledger",
        ),
        (
            |history| {
                history.push(Event::HeadAdopted(HeadAdopted {
                    size: 1,
                    root: [9; 32],
                    word: "paper".to_owned(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: the head of 1 entries is not one of this ledger",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.ledger_key(4, HEADS);
                history.head(LEDGER);
            },
            "odd 6: key SHA256:… is not for heads",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, LISTS);
                history.krl(1);
                history.push(Event::LedgerKeyRevoked(LedgerKeyRevoked {
                    key: blob(LEDGER),
                    last_size: 3,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
                history.krl(2);
            },
            "odd 7: key SHA256:… was ended before",
        ),
        (
            |history| {
                history.certificate(10);
                history.ledger_key(10, HEADS);
            },
            "broken 6: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        (
            |history| {
                history.head(USERS);
            },
            "broken 4: key SHA256:… is a subject's or a CA's, and no ledger's",
        ),
        (
            |history| {
                history.ledger_key(LEDGER, 0);
            },
            "broken 4: the ledger key is malformed, or for nothing",
        ),
    ]);
}

#[test]
fn a_rollover_that_one_key_did_not_sign() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, HEADS);
    let good = history.rolled(LEDGER, 4);
    let mut forged = history.clone();
    history.push(Event::LedgerKeyRolled(good.clone()));
    history.head(4);
    assert_eq!(said(&history), Vec::<String>::new());
    history.head(LEDGER);
    assert_eq!(said(&history), ["odd 7: key SHA256:… was ended before"]);
    forged.push(Event::LedgerKeyRolled(LedgerKeyRolled {
        by_old: good.by_new.clone(),
        ..good
    }));
    assert_eq!(
        said(&forged),
        ["broken 5: the rollover is not signed by both keys"]
    );
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

#[test]
fn a_krl_that_is_no_newer_and_a_revocation_of_nothing() {
    assert_named(&[
        (
            |history| {
                history.krl(7);
                history.krl(7);
            },
            "broken 5: KRL 7 is no newer than KRL 7",
        ),
        (
            |history| {
                history.resume_with(1, 9, 7);
                history.krl(7);
            },
            "broken 5: KRL 7 is no newer than KRL 7",
        ),
        (
            |history| {
                history.push(Event::Revoked(Revoked::default()));
            },
            "odd 4: it revokes nothing",
        ),
    ]);
}

#[test]
fn a_suffix_without_its_proof_or_one_that_is_taken_back() {
    const PIV: &str = r#"{"kinds":["piv"]}"#;
    fn with(history: &mut History, principal: &'static str) {
        let content = Content {
            principals: vec!["peter", principal],
            ..Content::of(10, 1)
        };
        history.certificate_of(content);
    }
    assert_named(&[
        (
            |history| {
                history.suffixes(&[("_physical", PIV, 0)]);
                with(history, "peter_Physical");
            },
            "broken 5: principal \"peter_Physical\" ends in the reserved \"_physical\", and nothing was proved",
        ),
        (
            |history| {
                history.suffixes(&[("_file", "", 1)]);
                with(history, "peter_file");
            },
            "broken 5: principal \"peter_file\" ends in the reserved \"_file\", and its class had ended",
        ),
        (
            |history| {
                history.suffixes(&[("_physical", PIV, 0), ("_file", "", 0)]);
                history.suffixes(&[("_physical", PIV, 0)]);
            },
            "broken 5: suffix \"_file\" was reserved before, and is not any more",
        ),
        (
            |history| {
                history.suffixes(&[("_physical", PIV, 0)]);
                history.suffixes(&[("_physical", r#"{"kinds":["piv","witnessed"]}"#, 0)]);
            },
            "broken 5: suffix \"_physical\" asks for less than before",
        ),
        (
            |history| {
                history.suffixes(&[("_physical", PIV, 1)]);
                history.suffixes(&[("_physical", PIV, 0)]);
            },
            "broken 5: suffix \"_physical\" asks for less than before",
        ),
        (
            |history| {
                history.suffixes(&[("_physical", "nonsense", 0)]);
            },
            "broken 4: what suffix \"_physical\" asks for cannot be read",
        ),
    ]);
    let mut history = History::begun();
    history.suffixes(&[("_physical", PIV, 0)]);
    let evidence = history.evidence(10, "witnessed", "{}");
    let content = Content {
        principals: vec!["peter_physical"],
        ..Content::of(10, 1)
    };
    history.reserve_with(content, |reserved| {
        reserved.proof = "witnessed".to_owned();
        reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
    });
    assert_eq!(
        said(&history),
        [
            "broken 6: principal \"peter_physical\" ends in the reserved \"_physical\", and other proof is asked for"
        ]
    );
}

#[test]
fn time_that_runs_backwards() {
    assert_named(&[
        (
            |history| {
                history.time -= 3600;
                history.certificate(10);
            },
            "broken 4: its time is 3599 s before that of the entry before it",
        ),
        (
            |history| {
                history.time -= 3600;
                history.push(Event::ClockCorrected(ClockCorrected {
                    wrong: 7,
                    reason: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it corrects the time 7, and the entry before it has 1795400003",
        ),
    ]);
    let mut history = History::begun();
    history.time -= 61;
    history.certificate(10);
    assert_eq!(said(&history), Vec::<String>::new());
    let reserved = history.reserve(Content::of(10, 2));
    history.time -= 3600;
    history.issue(reserved);
    assert_eq!(
        said(&history),
        ["broken 7: its time is 3599 s before that of the entry before it"]
    );
}

#[test]
fn a_kind_that_was_left_or_is_not_known_yet() {
    let mut history = History::begun();
    history.certificate(10);
    history.is_format_4 = false;
    history.reserve(Content::of(10, 2));
    assert_eq!(
        said(&history),
        ["broken 6: an entry of kind 8 behind one of kind 18, which took its place"]
    );
    let mut replay = Replay::new(Signatures::Skip);
    replay.entry(&[[200].as_slice(), &[0; 24]].concat());
    replay.entry(&[1, 2, 3]);
    let found = replay.end().findings;
    assert_eq!(found[0].grade, Grade::NotChecked);
    assert_eq!(found[0].fault, Fault::Kind(200));
    assert_eq!(found[1].grade, Grade::Broken);
    assert!(matches!(found[1].fault, Fault::Bytes(_)));
}

#[test]
fn what_was_put_aside_or_where_heads_lie_is_malformed() {
    assert_named(&[
        (
            |history| {
                history.push(Event::TailCut(TailCut {
                    offset: 4096,
                    length: 0,
                    sha256: [0; 32],
                    copy: "l.tail".to_owned(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: what was put aside is malformed",
        ),
        (
            |history| {
                history.push(Event::HeadPlaces(HeadPlaces {
                    places: vec!["heads".to_owned()],
                    keyboard: String::new(),
                }));
            },
            "broken 4: place \"heads\" is no absolute path",
        ),
        (
            |history| {
                history.push(Event::Bound(Bound {
                    ca: 3,
                    device: String::new(),
                    keyboard: String::new(),
                }));
            },
            "broken 4: it refers to entry 3, which is not what it should be",
        ),
    ]);
}
