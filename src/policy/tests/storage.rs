//! The suffix says what was proved, and nothing else does.

use std::slice::from_ref;

use super::*;
use crate::policy::least_proof::Shortfall;

fn required() -> Role {
    engineer_with("storage", "storage = \"require\"")
}

fn operator() -> Role {
    Role::operator()
}

fn direct() -> Ask {
    Ask {
        key_id: KeyId::parse("x").ok(),
        ..ask()
    }
}

#[test]
fn a_proved_key_gets_the_suffix_of_its_class_on_every_principal() {
    let proof = piv(ed25519(), facts());
    let asked = for_principals("peter,dev-1,web");
    let decided = judge(&role(ENGINEER), asked, "peter", &[proof]).unwrap();
    assert_eq!(
        principals(&decided),
        "peter_physical,dev-1_physical,web_physical"
    );
    assert_eq!(decided.proof_in_words(), "piv");
}

#[test]
fn less_than_the_class_asks_for_is_marked_as_unproved() {
    for poor in [
        Facts {
            touch: Some(TouchPolicy::Never),
            ..facts()
        },
        Facts {
            touch: None,
            ..facts()
        },
        Facts {
            pin: Some(PinPolicy::Never),
            ..facts()
        },
        Facts {
            pin: None,
            ..facts()
        },
    ] {
        let decided = judge(&role(ENGINEER), ask(), "peter", &[piv(ed25519(), poor)]).unwrap();
        assert_eq!(principals(&decided), "peter_file");
        assert!(
            matches!(decided.warnings(), [Warning::Short { class, .. }] if class == "physical")
        );
    }
}

#[test]
fn a_role_that_requires_proof_says_what_is_missing() {
    assert_eq!(
        judge(&required(), ask(), "peter", &[]).unwrap_err(),
        [Refusal::NoProof]
    );
    let poor = Facts {
        touch: Some(TouchPolicy::Never),
        ..facts()
    };
    assert_eq!(
        judge(&required(), ask(), "peter", &[piv(ed25519(), poor)]).unwrap_err(),
        [Refusal::Proof {
            by: "suffix class `physical`".to_owned(),
            shortfall: Shortfall::Touch(Some(TouchPolicy::Never), TouchPolicy::Cached),
        }]
    );
}

#[test]
fn a_bare_sk_key_is_no_proof_that_a_role_requires() {
    let proof = Proof::sk(sk_ed25519()).unwrap();
    let refused = judge_key(sk_ed25519(), &required(), ask(), "peter", from_ref(&proof));
    assert_eq!(
        refused.unwrap_err(),
        [Refusal::Proof {
            by: "role `engineer`".to_owned(),
            shortfall: Shortfall::Kind(ProofKind::Sk),
        }]
    );
    let marked = judge_key(sk_ed25519(), &role(ENGINEER), ask(), "peter", &[proof]).unwrap();
    assert_eq!(principals(&marked), "peter_sk");
}

#[test]
fn a_role_may_ask_for_more_than_the_class() {
    let text = format!("{ENGINEER}\nproof = {{ pin = \"always\", firmware = \"5.7.2\" }}");
    let refused = judge(&role(&text), ask(), "peter", &[piv(ed25519(), facts())]).unwrap_err();
    let words: Vec<_> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "role `engineer`: PIN once, where always is the least",
            "role `engineer`: firmware 5.7.1, where 5.7.2 is the least",
        ]
    );
}

#[test]
fn a_role_that_ignores_storage_writes_no_suffix() {
    let role = engineer_with("storage", "storage = \"ignore\"");
    let decided = judge(&role, ask(), "peter", &[piv(ed25519(), facts())]).unwrap();
    assert_eq!(principals(&decided), "peter");
}

#[test]
fn a_proof_of_another_key_proves_nothing() {
    let proof = piv(ecdsa256(), facts());
    assert_eq!(
        judge(&role(ENGINEER), ask(), "peter", &[proof]).unwrap_err(),
        [Refusal::ProofOfOtherKey("piv")]
    );
}

#[test]
fn a_faulty_firmware_is_refused_unless_the_role_only_warns() {
    let old = Facts {
        firmware: Some(Firmware(5, 4, 3)),
        ..facts()
    };
    let proof = [piv(ecdsa256(), old)];
    let refused = judge_key(ecdsa256(), &role(ENGINEER), ask(), "peter", &proof).unwrap_err();
    assert!(
        matches!(refused.as_slice(), [Refusal::FirmwareFault(_)]),
        "{refused:?}"
    );
    let lax = role(&format!("{ENGINEER}\nwarn-of-faults = [\"eucleak\"]"));
    let decided = judge_key(ecdsa256(), &lax, ask(), "peter", &proof).unwrap();
    assert!(matches!(decided.warnings(), [Warning::FirmwareFault(_)]));
}

#[test]
fn evidence_that_lacks_a_root_counts_as_none_where_none_is_asked_for() {
    let judge = |role: &Role| {
        let request = Request {
            subject: ed25519(),
            ask: ask(),
        };
        let shown = StorageShown {
            proofs: &[],
            unbelieved: Some("no root"),
        };
        let decided = decide(
            &request,
            &by("peter"),
            shown,
            &users(role, &suffixes()),
            NOW,
        );
        decided.map_err(Refusals::into_reasons)
    };
    let why = || "no root".to_owned();
    let decided = judge(&role(ENGINEER)).unwrap();
    assert_eq!(decided.warnings(), [Warning::Unbelieved(why())]);
    assert_eq!(principals(&decided), "peter_file");
    let ignore = engineer_with("storage", "storage = \"ignore\"");
    assert!(judge(&ignore).is_ok());
    let asks_more = engineer_with(
        "storage",
        "storage = \"mark\"\nproof = { touch = \"always\" }",
    );
    for role in [required(), asks_more] {
        assert_eq!(judge(&role).unwrap_err(), [Refusal::Unbelieved(why())]);
    }
}

#[test]
fn a_private_root_of_a_security_key_leaves_the_key_id_as_it_was_asked() {
    let private = Facts {
        private_root: true,
        root: Some("CN=Lab".to_owned()),
        ..shown(true, true)
    };
    let proof = [fido(private)];
    let decided = judge_key(sk_ed25519(), &role(ENGINEER), ask(), "peter", &proof).unwrap();
    assert_eq!(principals(&decided), "peter_physical");
    assert_eq!(decided.body().key_id.as_str(), "peter, engineer");
}

#[test]
fn a_private_root_leaves_the_key_id_as_it_was_asked() {
    let private = Facts {
        private_root: true,
        root: Some("Lab".to_owned()),
        ..facts()
    };
    let decided = judge(&role(ENGINEER), ask(), "peter", &[piv(ed25519(), private)]).unwrap();
    assert_eq!(decided.body().key_id.as_str(), "peter, engineer");
}

#[test]
fn a_witness_has_a_class_of_its_own_unless_the_admin_counts_it() {
    let seen = || Proof::witnessed(ed25519(), "I saw it made".to_owned());
    let decided = judge(&operator(), direct(), "peter", &[seen()]).unwrap();
    assert_eq!(principals(&decided), "peter_witnessed");
    assert_eq!(decided.proof_in_words(), "witnessed: I saw it made");
    let counted: Suffixes = toml::from_str(
        r#"physical = { suffix = "_physical", proof = ["piv", "witnessed"], touch = "cached" }"#,
    )
    .unwrap();
    let request = Request {
        subject: ed25519(),
        ask: direct(),
    };
    let operator = operator();
    let rules = users(&operator, &counted);
    let decided = decide(&request, &by("peter"), &[seen()], &rules, NOW).unwrap();
    assert_eq!(principals(&decided), "peter_physical");
}

#[test]
fn the_direct_form_writes_no_suffix_without_proof_and_none_by_hand() {
    let decided = judge(&operator(), direct(), "peter", &[]).unwrap();
    assert_eq!(principals(&decided), "peter");
    let asked = Ask {
        principals: Principals::parse("peter_physical", Kind::User).ok(),
        ..direct()
    };
    for proofs in [vec![], vec![piv(ed25519(), facts())]] {
        assert!(
            judge(&operator(), asked.clone(), "peter", &proofs)
                .unwrap_err()
                .contains(&Refusal::ReservedSuffix {
                    principal: "peter_physical".to_owned(),
                    suffix: "_physical".to_owned(),
                })
        );
    }
}

#[test]
fn an_operator_whose_proof_is_too_little_is_told() {
    let poor = Facts {
        touch: None,
        ..facts()
    };
    let refused = judge(&operator(), direct(), "peter", &[piv(ed25519(), poor)]).unwrap_err();
    assert!(matches!(refused.as_slice(), [Refusal::Proof { .. }]));
}

#[test]
fn contradicting_classes_are_refused() {
    use crate::policy::suffix::SuffixesError as E;
    let fault = |text: &str| {
        let classes = toml::from_str::<std::collections::BTreeMap<_, _>>(text).unwrap();
        Suffixes::try_from(classes).unwrap_err()
    };
    assert!(matches!(
        fault("a = { suffix = \"_file\" }\nb = { suffix = \"_p_File\", proof = [\"piv\"] }"),
        E::EndsInAnother { .. }
    ));
    assert!(matches!(
        fault(
            "a = { suffix = \"_a\", proof = [\"piv\"] }\nb = { suffix = \"_b\", proof = [\"piv\"] }"
        ),
        E::KindTwice {
            kind: ProofKind::Piv,
            ..
        }
    ));
    assert!(matches!(
        fault("a = { suffix = \"_a\" }\nb = { suffix = \"_b\" }"),
        E::UnprovedTwice { .. }
    ));
    assert_eq!(
        fault("a = { suffix = \"_a\", touch = \"always\" }"),
        E::NothingToTell("a".to_owned())
    );
    assert_eq!(
        fault("a = { suffix = \"_a\", proof = [\"piv\", \"sk\"] }"),
        E::SkAmongOthers("a".to_owned())
    );
}
