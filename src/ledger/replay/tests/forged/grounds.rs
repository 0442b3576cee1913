//! What stands behind a certificate: requests, challenges, policies, evidence, suffixes.

use super::*;

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

fn known_by(history: &mut History, serial: u64, by: &str) {
    history.reserve_with(Content::of(10, serial), |reserved| {
        by.clone_into(
            &mut reserved
                .grounds
                .as_mut()
                .unwrap()
                .known
                .as_mut()
                .unwrap()
                .by,
        );
    });
}

#[test]
fn whoever_was_not_known_as_it_says() {
    fn by_card(history: &mut History) {
        let evidence = history.evidence(10, "piv", r#"{"serial":7,"family":"yubico"}"#);
        history.reserve_with(Content::of(10, 1), |reserved| {
            reserved.proof = "piv".to_owned();
            let grounds = reserved.grounds.as_mut().unwrap();
            grounds.evidence = Some(evidence);
            grounds.card = Some(7);
            grounds.known = Some(Box::new(Known {
                by: "card".to_owned(),
                family: "yubico".to_owned(),
            }));
        });
    }
    assert_named(&[
        (
            |history| known_by(history, 1, "hearsay"),
            "broken 4: requester \"peter\" was not known by \"hearsay\"",
        ),
        (
            |history| known_by(history, 1, "operator"),
            "broken 4: requester \"peter\" was not known by \"operator\"",
        ),
        (
            |history| known_by(history, 1, "key"),
            "broken 4: requester \"peter\" was not known by \"key\"",
        ),
        (
            |history| {
                history.enrol("peter", Credential::Key(blob(10)));
                history.unenrol("peter", Credential::Key(blob(10)));
                known_by(history, 1, "key");
            },
            "broken 6: requester \"peter\" was not known by \"key\"",
        ),
        (
            |history| {
                history.enrol("peter", Credential::Key(blob(10)));
                history.resume(1, 9);
                known_by(history, 10, "key");
            },
            "broken 6: requester \"peter\" was not known by \"key\"",
        ),
        (
            |history| known_by(history, 1, "card"),
            "broken 4: requester \"peter\" was not known by \"card\"",
        ),
        (
            |history| {
                history.enrol("peter", Credential::Card(7));
                by_card(history);
            },
            "broken 6: requester \"peter\" was not known by \"card\"",
        ),
        (
            |history| {
                history.certificate(11);
                history.enrol("operator", Credential::Card(7));
            },
            "broken 6: requester \"operator\" is whoever holds the token, and has nothing",
        ),
    ]);
    let mut honest = History::begun();
    honest.enrol("peter", Credential::Key(blob(10)));
    known_by(&mut honest, 1, "key");
    honest.resume(2, 9);
    honest.enrol("peter", Credential::Key(blob(10)));
    known_by(&mut honest, 10, "key");
    assert_eq!(said(&honest), Vec::<String>::new());
    let card = Credential::FamilyCard(CardId {
        family: "yubico".to_owned(),
        serial: 7,
    });
    let mut honest = History::begun();
    honest.enrol("peter", card);
    by_card(&mut honest);
    assert_eq!(said(&honest), Vec::<String>::new());
}

#[test]
fn the_rules_of_another_role_and_what_no_certificate_is() {
    fn by_rules_of(history: &mut History, role: &str) {
        let policy = history.policy(&format!(r#"{{"role":"{role}"}}"#));
        history.reserve_with(Content::of(10, 1), |reserved| {
            reserved.grounds.as_mut().unwrap().policy = policy;
        });
    }
    assert_named(&[
        (
            |history| by_rules_of(history, "operator"),
            "broken 5: role \"engineer\" was decided by the rules of role \"operator\"",
        ),
        (
            |history| {
                history.certificate_of(Content {
                    principals: vec!["peter", ""],
                    ..Content::of(10, 1)
                });
            },
            "broken 4: its content names no principals: principal 1 of 1 is empty",
        ),
        (
            |history| {
                history.reserve_with(Content::of(10, 1), |reserved| {
                    let content = &mut reserved.to_be_signed;
                    let end = content.windows(8).position(|bytes| bytes == [0xff; 8]);
                    content[end.unwrap()..][..8].fill(0);
                });
            },
            "broken 4: it is valid from 0 to 0, which is never",
        ),
    ]);
    let mut honest = History::begun();
    by_rules_of(&mut honest, "engineer");
    assert_eq!(said(&honest), Vec::<String>::new());
}

#[test]
fn a_suffix_for_a_key_that_is_less_than_it_asks_for() {
    const LEAST: &str = r#"{"touch":"cached","pin":"once","firmware":"5.4.0"}"#;
    let findings = |facts: &str| {
        let mut history = History::begun();
        history.suffixes(&[("_physical", LEAST, 0)]);
        let evidence = history.evidence(10, "piv", facts);
        let content = Content {
            principals: vec!["peter_physical"],
            ..Content::of(10, 1)
        };
        history.reserve_with(content, |reserved| {
            reserved.proof = "piv".to_owned();
            reserved.grounds.as_mut().unwrap().evidence = Some(evidence);
        });
        said(&history)
    };
    let enough = r#"{"touch":"always","pin":"once","firmware":"5.4.3"}"#;
    assert_eq!(findings(enough), Vec::<String>::new());
    for less in [
        r#"{"touch":"never","pin":"once","firmware":"5.4.3"}"#,
        r#"{"touch":"cached","pin":"never","firmware":"5.4.3"}"#,
        r#"{"touch":"cached","pin":"once","firmware":"5.3.9"}"#,
        r#"{"touch":"cached","firmware":"5.4.3"}"#,
    ] {
        assert_eq!(
            findings(less),
            [
                "broken 6: principal \"peter_physical\" ends in the reserved \"_physical\", and more is asked of the key"
            ],
            "{less}"
        );
    }
}
