//! A security key's flags at enrolment bind no later login: the certificate does.

use super::*;
use crate::policy::least_proof::Shortfall;

fn verify_required(decided: &Decided) -> bool {
    let critical = decided.body().options.critical();
    critical.contains_key("verify-required")
}

fn judge_sk(role: &Role, ask: Ask, proof: Proof) -> Result<Decided, Vec<Refusal>> {
    judge_key(sk_ed25519(), role, ask, "peter", &[proof])
}

/// The engineer's role under classes of this text.
fn judge_under(
    classes: &str,
    role: &Role,
    ask: Ask,
    proof: Proof,
) -> Result<Decided, Vec<Refusal>> {
    let suffixes = toml::from_str(classes).unwrap();
    let subject = sk_ed25519();
    let request = Request { subject, ask };
    let decided = decide(
        &request,
        &by("peter"),
        &[proof],
        &users(role, &suffixes),
        NOW,
    );
    decided.map_err(Refusals::into_reasons)
}

fn no_touch_allowed() -> Role {
    engineer_with(
        "extensions",
        "extensions = { allowed = [\"no-touch-required\"] }",
    )
}

#[test]
fn a_class_that_asks_for_a_pin_forces_verify_required() {
    let decided = judge_sk(&role(ENGINEER), ask(), fido(shown(true, true))).unwrap();
    assert_eq!(principals(&decided), "peter_physical");
    assert!(verify_required(&decided));
    // Whoever leaves everything out doesn't leave this out.
    for left_out in ["clear", "no-verify-required"] {
        let asked = with_options(&[left_out]);
        let decided = judge_sk(&role(ENGINEER), asked, fido(shown(true, true))).unwrap();
        assert!(verify_required(&decided), "{left_out}");
    }
}

#[test]
fn a_class_that_asks_for_no_pin_forces_nothing() {
    let touch = "physical = { suffix = \"_physical\", proof = [\"fido\"], touch = \"always\" }";
    let facts = Facts {
        user_verified: Some(false),
        ..shown(true, false)
    };
    let required = engineer_with("storage", "storage = \"require\"");
    let decided = judge_under(touch, &required, ask(), fido(facts.clone())).unwrap();
    assert_eq!(principals(&decided), "peter_physical");
    assert!(!verify_required(&decided));
    // The role asks for more.
    let text = format!("{ENGINEER}\nproof = {{ pin = \"once\" }}");
    let refused = judge_under(touch, &role(&text), ask(), fido(facts)).unwrap_err();
    assert!(refused.contains(&Refusal::Proof {
        by: "role `engineer`".to_owned(),
        shortfall: Shortfall::Pin(Some(PinPolicy::Never), PinPolicy::Once),
    }));
    let decided = judge_under(touch, &role(&text), ask(), fido(shown(true, true)));
    assert!(verify_required(
        &decided.unwrap_or_else(|refused| panic!("{refused:?}"))
    ));
}

#[test]
fn a_signature_that_shows_less_than_the_class_asks_for_proves_less() {
    let required = engineer_with("storage", "storage = \"require\"");
    let pin = |found| Shortfall::Pin(found, PinPolicy::Once);
    let touch = |found| Shortfall::Touch(found, TouchPolicy::Cached);
    let not_used = Facts {
        used: None,
        ..shown(true, true)
    };
    for (facts, missing) in [
        (shown(true, false), vec![pin(Some(PinPolicy::Never))]),
        (shown(false, true), vec![touch(Some(TouchPolicy::Never))]),
        (not_used, vec![touch(None), pin(None)]),
    ] {
        let marked = judge_sk(&role(ENGINEER), ask(), fido(facts.clone())).unwrap();
        assert_eq!(principals(&marked), "peter_file", "{facts:?}");
        let refused = judge_sk(&required, ask(), fido(facts)).unwrap_err();
        let by = "suffix class `physical`";
        let missing = missing.into_iter().map(|shortfall| Refusal::Proof {
            by: by.to_owned(),
            shortfall,
        });
        assert_eq!(refused, missing.collect::<Vec<_>>());
    }
}

/// CTAP 2.1 devices make a key that wants its PIN without asking for it.
#[test]
fn how_the_key_was_made_counts_less_than_how_it_signs() {
    for made_so in [Some(true), Some(false), None] {
        let facts = Facts {
            user_verified: made_so,
            ..shown(true, true)
        };
        let decided = judge_sk(&role(ENGINEER), ask(), fido(facts)).unwrap();
        assert_eq!(principals(&decided), "peter_physical");
        assert!(verify_required(&decided));
    }
}

#[test]
fn no_touch_required_is_refused_where_touch_counts() {
    let by_class = || Refusal::NoTouch("the class of suffix `_physical`".to_owned());
    let asked = with_options(&["no-touch-required"]);
    for line in [
        "extensions = { allowed = [\"no-touch-required\"] }",
        "extensions = { default = [\"no-touch-required\"] }",
        "extensions = { forced = [\"no-touch-required\"] }",
    ] {
        let lax = engineer_with("extensions", line);
        let refused = judge_sk(&lax, asked.clone(), fido(shown(true, true))).unwrap_err();
        assert_eq!(refused, [by_class()], "{line}");
    }
    let by_role = Refusal::NoTouch("role `engineer`".to_owned());
    let ignored = ENGINEER
        .replace("\"mark\"", "\"ignore\"")
        .replace("permit-port-forwarding", "no-touch-required");
    let lax = role(&format!("{ignored}\nproof = {{ touch = \"cached\" }}"));
    let refused = judge_sk(&lax, asked, fido(shown(true, true))).unwrap_err();
    assert_eq!(refused, [by_role]);
}

#[test]
fn no_touch_required_is_the_roles_business_where_touch_does_not_count() {
    let asked = with_options(&["no-touch-required"]);
    let decided = judge_sk(&no_touch_allowed(), asked, fido(shown(true, false))).unwrap();
    assert_eq!(principals(&decided), "peter_file");
    let extensions = decided.body().options.extensions();
    assert!(extensions.contains_key("no-touch-required"));
}

#[test]
fn a_witnessed_security_key_is_held_to_its_class_too() {
    let classes = "physical = { suffix = \"_physical\", proof = [\"witnessed\"], touch = \"cached\", pin = \"once\" }";
    let seen = Proof::witnessed(sk_ed25519(), "seen".to_owned());
    let required = engineer_with("storage", "storage = \"require\"");
    let decided = judge_under(classes, &required, ask(), seen).unwrap();
    assert!(verify_required(&decided));
}

#[test]
fn a_faulty_security_key_is_refused_by_name_unless_the_role_only_warns() {
    let subject = key(include_str!(
        "../../../softhsm-tests/vectors/keys/ecdsa-sk.pub"
    ));
    let facts = Facts {
        firmware: Some(Firmware(5, 4, 3)),
        ..shown(true, true)
    };
    let proof = [Proof::for_tests(subject.clone(), ProofKind::Fido, facts)];
    let refused = judge_key(subject.clone(), &role(ENGINEER), ask(), "peter", &proof);
    let words: Vec<_> = refused
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        words,
        [
            "the device's firmware has a fault: whoever has the device in a laboratory can read \
          out the key (EUCLEAK)"
        ]
    );
    let lax = role(&format!("{ENGINEER}\nwarn-of-faults = [\"eucleak\"]"));
    let decided = judge_key(subject, &lax, ask(), "peter", &proof).unwrap();
    assert!(matches!(decided.warnings(), [Warning::FirmwareFault(_)]));
    assert_eq!(principals(&decided), "peter_physical");
}
