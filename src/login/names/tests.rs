//! Names that are taken, changed, alike or spelled out.

use super::*;

const WORK: &str = "https://id.example.org";
const CORP: &str = "https://corp.example.org";

fn asked(name: &str, known: &Known, said: &Said<'_>) -> Result<Allowed, NameRefusal> {
    let subject = LoginSubject {
        issuer: WORK.to_owned(),
        subject: "7".to_owned(),
    };
    let name = name.parse().unwrap();
    let named = Named {
        subject: &subject,
        name: &name,
    };
    may_have(named, known, said)
}

fn held(name: &str, by: HeldBy) -> Known {
    Known {
        bound: None,
        holders: vec![Holder {
            name: name.to_owned(),
            by,
        }],
    }
}

fn bound(name: &str, counts: bool) -> Known {
    Known {
        bound: Some(BoundTo {
            name: name.to_owned(),
            counts,
        }),
        holders: Vec::new(),
    }
}

#[test]
fn a_free_name_is_bound_at_the_first_login_and_had_from_then_on() {
    let said = Said::default();
    assert_eq!(
        asked("peter", &Known::default(), &said),
        Ok(Allowed::FirstLogin)
    );
    assert_eq!(
        asked("peter", &bound("peter", true), &said),
        Ok(Allowed::Bound)
    );
    let open = asked("peter", &bound("peter", false), &said);
    assert_eq!(open, Err(NameRefusal::Open("peter".to_owned())));
}

#[test]
fn whom_the_provider_calls_otherwise_is_refused_even_by_case() {
    for name in ["anna", "Peter"] {
        let refused = asked(name, &bound("peter", true), &Said::default()).unwrap_err();
        let words = refused.to_string();
        assert!(
            words.contains(name) && words.contains("`peter` before"),
            "{words}"
        );
    }
}

#[test]
fn nobody_is_operator_or_has_a_name_that_the_ca_writes() {
    for name in ["operator", "OPERATOR"] {
        let refused = asked(name, &bound(name, true), &Said::default());
        assert_eq!(refused, Err(NameRefusal::Operator));
    }
    let said = Said {
        reserved_end: Some("_file"),
        ..Said::default()
    };
    let refused = asked("peter_file", &bound("peter_file", true), &said);
    assert!(matches!(refused, Err(NameRefusal::Suffix { .. })));
}

#[test]
fn a_name_that_somebody_has_is_refused_unless_both_are_the_same_people() {
    let start: MethodName = "start".parse().unwrap();
    let methods = [start.clone()];
    let same = Said {
        same_as_keys: true,
        same_as: &methods,
        same_as_issuers: &[CORP, WORK],
        ..Said::default()
    };
    for (by, is_same) in [
        (HeldBy::Enrolment, true),
        (HeldBy::Method(start), true),
        (HeldBy::Method("other".parse().unwrap()), false),
        (HeldBy::Subject(CORP.to_owned()), true),
        // Two of one provider are two people, whatever the config says.
        (HeldBy::Subject(WORK.to_owned()), false),
        (HeldBy::Certificate, false),
        (HeldBy::Removed, false),
    ] {
        let known = held("peter", by.clone());
        let refused = asked("peter", &known, &Said::default()).unwrap_err();
        assert!(matches!(&refused, NameRefusal::Held { by: told, .. } if *told == by));
        assert_eq!(asked("peter", &known, &same).is_ok(), is_same, "{by:?}");
        let other_case = asked("peter", &held("Peter", by), &same);
        assert!(matches!(other_case, Err(NameRefusal::OtherCase { .. })));
    }
}

#[test]
fn certificates_of_somebody_who_is_the_same_are_theirs() {
    let mut known = held("peter", HeldBy::Certificate);
    known
        .holders
        .extend(held("peter", HeldBy::Enrolment).holders);
    let same = Said {
        same_as_keys: true,
        ..Said::default()
    };
    assert_eq!(asked("peter", &known, &same), Ok(Allowed::FirstLogin));
    assert!(asked("peter", &known, &Said::default()).is_err());
}

#[test]
fn a_name_that_the_config_spells_out_must_be_bound_beforehand() {
    let said = Said {
        is_spelled_out: true,
        ..Said::default()
    };
    let refused = asked("anna", &Known::default(), &said);
    assert_eq!(refused, Err(NameRefusal::SpelledOut("anna".to_owned())));
    assert_eq!(
        asked("anna", &bound("anna", true), &said),
        Ok(Allowed::Bound)
    );
}
