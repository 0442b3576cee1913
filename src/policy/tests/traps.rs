//! The traps that others fell into, each by its name.

use super::*;

/// Under it anybody's key would pass for one that nobody owns, and no bar would catch it.
#[test]
fn nobodys_name_asks_by_no_role() {
    let anybody = engineer_with("requesters", "requesters = [\"*\"]");
    let asked = for_principals("dev-1");
    assert_eq!(
        judge(&anybody, asked, "operator", &[]).unwrap_err(),
        [Refusal::NobodysName]
    );
}
use crate::certificate::{Place, Principal, PrincipalError};
use crate::policy::pattern::PatternError;

#[test]
fn an_option_that_is_asked_for_does_not_displace_a_forced_one() {
    let refused = judge(
        &role(ENGINEER),
        with_options(&["source-address=0.0.0.0/0"]),
        "peter",
        &[],
    );
    assert_eq!(
        refused.unwrap_err(),
        [Refusal::OptionForced {
            place: Place::Critical,
            name: "source-address".to_owned(),
            asked: Some("0.0.0.0/0".to_owned()),
            forced: "10.0.0.0/8".to_owned(),
        }]
    );
}

#[test]
fn an_option_allowed_with_any_value_does_not_displace_a_forced_one() {
    let line = "critical-options = { forced = { force-command = \"ls\" }, \
                allowed = [\"force-command=*\"] }";
    let role = engineer_with("critical-options", line);
    let refused = judge(&role, with_options(&["force-command=sh"]), "peter", &[]).unwrap_err();
    assert!(matches!(refused.as_slice(), [Refusal::OptionForced { .. }]));
}

#[test]
fn clear_leaves_out_defaults_and_nothing_that_is_forced() {
    let forced = "extensions = { forced = [\"permit-pty\"], default = [\"permit-user-rc\"] }";
    let role = engineer_with("extensions", forced);
    let decided = judge(&role, with_options(&["clear"]), "peter", &[]).unwrap();
    let options = &decided.body().options;
    assert_eq!(
        options.extensions().keys().collect::<Vec<_>>(),
        ["permit-pty"]
    );
    assert!(options.critical().contains_key("source-address"));
    let refused = judge(&role, with_options(&["no-pty"]), "peter", &[]).unwrap_err();
    assert!(matches!(
        refused.as_slice(),
        [Refusal::OptionForced { asked: None, .. }]
    ));
}

#[test]
fn a_default_critical_option_is_a_fetter_and_stays() {
    let line = "critical-options = { default = [\"verify-required\"] }";
    let role = engineer_with("critical-options", line);
    let decided = judge(&role, with_options(&["clear"]), "peter", &[]).unwrap();
    assert!(
        decided
            .body()
            .options
            .critical()
            .contains_key("verify-required")
    );
    let refused = judge(&role, with_options(&["no-verify-required"]), "peter", &[]).unwrap_err();
    assert!(matches!(refused.as_slice(), [Refusal::OptionForced { .. }]));
}

#[test]
fn a_plain_name_allows_the_flag_and_no_value() {
    let role = engineer_with("extensions", "extensions = { allowed = [\"team@x\"] }");
    assert!(judge(&role, with_options(&["extension:team@x"]), "peter", &[]).is_ok());
    let refused = judge(
        &role,
        with_options(&["extension:team@x=admin"]),
        "peter",
        &[],
    );
    assert!(matches!(
        refused.unwrap_err().as_slice(),
        [Refusal::OptionNotAllowed { .. }]
    ));
}

#[test]
fn an_empty_list_is_not_any() {
    for (field, line) in [
        ("requesters", "requesters = []"),
        ("principals", "principals = []"),
        ("key-types", "key-types = []"),
        ("lifetime", "lifetime = {}"),
    ] {
        let refused = judge(&engineer_with(field, line), ask(), "peter", &[]).unwrap_err();
        let fields: Vec<_> = refused.iter().map(Refusal::field).collect();
        assert_eq!(fields, [field]);
    }
    let kinds = toml::from_str::<RoleTable>("proof = { kinds = [] }").unwrap_err();
    assert!(kinds.message().contains("no kind of proof"), "{kinds}");
}

#[test]
fn a_glob_is_not_no_principals_needed() {
    let role = engineer_with("principals", "principals = [\"*\"]");
    let asked = Ask {
        principals: None,
        ..ask()
    };
    assert_eq!(
        judge(&role, asked.clone(), "peter", &[]).unwrap_err(),
        [Refusal::PrincipalNotNamed {
            choice: vec!["*".to_owned()]
        }]
    );
    let template = engineer_with("principals", "principals = [\"{requester}\"]");
    let decided = judge(&template, asked, "erik", &[]).unwrap();
    assert_eq!(principals(&decided), "erik_file");
}

#[test]
fn a_refusal_says_which_names_the_ledger_has_for_the_requester() {
    let role = engineer_with(
        "principals",
        "principals = [\"{requester-names}\", \"dev-*\"]",
    );
    let names =
        ["web1", "web1.example.org"].map(|name| Principal::parse(name, Kind::User).unwrap());
    for (names, words) in [
        (
            names.to_vec(),
            "{requester-names} (for peter: web1, web1.example.org)",
        ),
        (
            Vec::new(),
            "{requester-names} (the ledger has none for peter)",
        ),
    ] {
        let requester = by("peter").with_names(names);
        for asked in [for_principals("web2").principals, None] {
            let ask = Ask {
                principals: asked,
                ..ask()
            };
            let request = Request {
                subject: ed25519(),
                ask,
            };
            let decided = decide(&request, &requester, &[], &users(&role, &suffixes()), NOW);
            let reasons = decided.map_err(Refusals::into_reasons).unwrap_err();
            let said = reasons[0].to_string();
            assert!(
                said.ends_with(&format!(": {words}, dev-*"))
                    || said.ends_with(&format!("allows {words}, dev-*")),
                "{said}"
            );
        }
    }
}

#[test]
fn a_comma_or_white_space_never_comes_from_a_template() {
    for name in ["peter,root", "peter root", "peter\troot", "peter\nroot", ""] {
        let refused = name.parse::<crate::request::RequesterName>().unwrap_err();
        let found = match &refused {
            PrincipalError::Character { character, .. } => Some(*character),
            PrincipalError::None | PrincipalError::Empty { .. } => None,
            other => panic!("{name:?} {other}"),
        };
        assert_eq!(
            found,
            name.chars().find(|c| !c.is_alphanumeric()),
            "{name:?}"
        );
    }
}

#[test]
fn a_requester_whose_name_ends_in_a_suffix_is_refused() {
    let role = engineer_with("requesters", "requesters = [\"*\"]");
    let refused = judge(&role, for_principals("web"), "peter_physical", &[]);
    assert_eq!(
        refused.unwrap_err(),
        [Refusal::RequesterSuffix {
            requester: "peter_physical".to_owned(),
            suffix: "_physical".to_owned(),
        }]
    );
}

#[test]
fn a_glob_that_could_match_a_suffix_gives_none() {
    for name in ["dev-1_physical", "dev-1_PHYSICAL", "dev-_file"] {
        let refused = judge(&role(ENGINEER), for_principals(name), "peter", &[]).unwrap_err();
        assert!(matches!(
            refused.as_slice(),
            [Refusal::ReservedSuffix { .. }]
        ));
    }
}

#[test]
fn a_pattern_that_ends_in_a_suffix_is_no_role() {
    for line in [
        "principals = [\"peter_physical\"]",
        "principals = [\"*_file\"]",
        "requesters = [\"*_sk\"]",
    ] {
        let found = Role::new("e".parse().unwrap(), table(line), &suffixes());
        assert!(
            matches!(found, Err(RoleError::ReservedSuffix { .. })),
            "{line}"
        );
    }
}

#[test]
fn a_unicode_look_alike_is_no_name() {
    // A Cyrillic letter first.
    assert!(matches!(
        Principals::parse("рeter", Kind::User),
        Err(PrincipalError::Character {
            character: 'р', ..
        })
    ));
    assert!(matches!(
        crate::policy::pattern::PrincipalPattern::try_from("рeter".to_owned()),
        Err(PatternError::Name(PrincipalError::Character { .. }))
    ));
}

#[test]
fn a_lifetime_that_overflows_is_too_long() {
    for seconds in [u64::MAX, u64::MAX - NOW, u64::MAX / 2] {
        let asked = Ask {
            validity: Some(ValidityAsked::Length {
                seconds,
                interval: crate::certificate::Validity::always(),
            }),
            ..ask()
        };
        let refused = judge(&role(ENGINEER), asked, "peter", &[]).unwrap_err();
        assert!(
            matches!(refused.as_slice(), [Refusal::Lifetime { .. }]),
            "{refused:?}"
        );
    }
}

#[test]
fn a_lifetime_ends_within_the_maximum_wherever_it_begins() {
    for (asked, field) in [
        ("always:forever", vec!["lifetime"; 2]),
        ("+25h", vec!["lifetime"]),
        ("+48h:+49h", vec!["lifetime"]),
        ("-6m:+1h", vec!["lifetime"]),
        ("-4m:-1m", vec!["lifetime"]),
    ] {
        let refused = judge(&role(ENGINEER), with_validity(asked), "peter", &[]).unwrap_err();
        let fields: Vec<_> = refused.iter().map(Refusal::field).collect();
        assert_eq!(fields, field, "{asked}");
    }
    for asked in ["+24h", "-5m:+24h", "+12h:+24h"] {
        assert!(judge(&role(ENGINEER), with_validity(asked), "peter", &[]).is_ok());
    }
}

#[test]
fn a_role_without_a_maximum_gives_its_default_and_no_more() {
    let role = engineer_with("lifetime", "lifetime = { default = \"1h\" }");
    assert!(judge(&role, ask(), "peter", &[]).is_ok());
    let refused = judge(&role, with_validity("+61m"), "peter", &[]).unwrap_err();
    assert!(
        matches!(refused.as_slice(), [Refusal::Lifetime { .. }]),
        "{refused:?}"
    );
}

#[test]
fn a_key_id_comes_from_the_role_alone() {
    let asked = Ask {
        key_id: KeyId::parse("root").ok(),
        ..ask()
    };
    assert_eq!(
        judge(&role(ENGINEER), asked.clone(), "peter", &[]).unwrap_err(),
        [Refusal::KeyIdNotAllowed {
            asked: "root".to_owned(),
            allowed: "peter, engineer".to_owned(),
        }]
    );
    let open = role(&format!(
        "{ENGINEER}\nkey-id = \"{{requester}}: {{asked}}\""
    ));
    let decided = judge(&open, asked, "peter", &[]).unwrap();
    assert_eq!(decided.body().key_id.as_str(), "peter: root");
}

#[test]
fn a_principal_that_is_too_long_with_its_suffix_is_refused() {
    let name = format!("dev-{}", "x".repeat(250));
    let refused = judge(&role(ENGINEER), for_principals(&name), "peter", &[]).unwrap_err();
    assert_eq!(
        refused,
        [Refusal::PrincipalForm(PrincipalError::TooLong {
            length: 254 + 5
        })]
    );
}
