//! What a decision must never let through.

mod lint;
mod login;
mod properties;
mod security_key;
mod storage;
mod traps;

use proptest::prelude::*;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::*;
use crate::attestation::{Facts, Firmware, Proof, ProofKind, Shown};
use crate::certificate::{KeyId, Kind, OptionsAsked, Principals};
use crate::request::{Ask, KnownBy, Reason, Request, Requester, ValidityAsked};
use crate::signer::yubikey::{PinPolicy, TouchPolicy};

/// Friday, 2026-11-20, noon, more or less.
const NOW: u64 = 1_795_000_000;

const SUFFIXES: &str = r#"
physical  = { suffix = "_physical", proof = ["piv", "fido"], touch = "cached", pin = "once" }
witnessed = { suffix = "_witnessed", proof = ["witnessed"] }
sk        = { suffix = "_sk", proof = ["sk"] }
file      = { suffix = "_file" }
"#;

const ENGINEER: &str = r#"
ca         = "users"
requesters = ["peter", "erik", "*@example.org"]
principals = ["{requester}", "dev-*", "web"]
storage    = "mark"
lifetime   = { default = "8h", maximum = "24h", back-date = "5m" }
extensions = { default = ["permit-pty"], allowed = ["permit-port-forwarding", "team@x=*"] }
critical-options = { forced = { source-address = "10.0.0.0/8" }, allowed = ["force-command=*"] }
"#;

fn suffixes() -> Suffixes {
    toml::from_str(SUFFIXES).unwrap()
}

fn table(text: &str) -> RoleTable {
    toml::from_str(text).unwrap()
}

fn role(text: &str) -> Role {
    named("engineer", text)
}

fn named(name: &str, text: &str) -> Role {
    Role::new(name.parse().unwrap(), table(text), &suffixes()).unwrap()
}

/// A role with one of its lines, by its first word, put otherwise; or left out by "".
fn engineer_with(field: &str, line: &str) -> Role {
    let begins = |line: &&str| line.split([' ', '=']).next() == Some(field);
    let rest = ENGINEER.lines().filter(|line| !begins(line));
    role(&rest.chain([line]).collect::<Vec<_>>().join("\n"))
}

fn key(line: &str) -> KeyData {
    line.parse::<PublicKey>().unwrap().into()
}

/// The key of the CA that decisions are for.
fn ca_key() -> &'static KeyData {
    static KEY: std::sync::LazyLock<KeyData> = std::sync::LazyLock::new(|| {
        key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXTzYpJj3NBLhQqQ3PPjFuGWBsWcMtTGbgS8lZLFAXb")
    });
    &KEY
}

fn ed25519() -> KeyData {
    key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk")
}

fn sk_ed25519() -> KeyData {
    key(include_str!(
        "../../softhsm-tests/vectors/keys/ed25519-sk.pub"
    ))
}

fn ecdsa256() -> KeyData {
    key(include_str!(
        "../../softhsm-tests/vectors/keys/ecdsa256.pub"
    ))
}

/// Peter asks, and says nothing else.
fn ask() -> Ask {
    Ask {
        role: "engineer".parse().unwrap(),
        kind: Kind::User,
        key_id: None,
        principals: Principals::parse("peter", Kind::User).ok(),
        validity: None,
        validity_as_asked: String::new(),
        options: OptionsAsked::default(),
        reason: None,
        serial: None,
    }
}

fn for_principals(list: &str) -> Ask {
    Ask {
        principals: Some(Principals::parse(list, Kind::User).unwrap()),
        ..ask()
    }
}

fn with_options(args: &[&str]) -> Ask {
    let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
    Ask {
        options: OptionsAsked::parse(&args).unwrap(),
        ..ask()
    }
}

fn with_validity(text: &str) -> Ask {
    let utc = || jiff::tz::TimeZone::UTC;
    Ask {
        validity: Some(ValidityAsked::parse(text, NOW, &utc).unwrap()),
        ..ask()
    }
}

fn by(name: &str) -> Requester {
    Requester::known(name.parse().unwrap(), KnownBy::Vouch)
}

/// A good token: touch and PIN as the class asks for them.
fn facts() -> Facts {
    Facts {
        touch: Some(TouchPolicy::Always),
        pin: Some(PinPolicy::Once),
        firmware: Some(Firmware(5, 7, 1)),
        ..Facts::default()
    }
}

fn piv(key: KeyData, facts: Facts) -> Proof {
    Proof::for_tests(key, ProofKind::Piv, facts)
}

/// What a security key told when it was made with its PIN, and how it signed the request.
fn shown(present: bool, verified: bool) -> Facts {
    Facts {
        user_verified: Some(true),
        used: Some(Shown { present, verified }),
        ..Facts::default()
    }
}

fn fido(facts: Facts) -> Proof {
    Proof::for_tests(sk_ed25519(), ProofKind::Fido, facts)
}

fn users<'a>(role: &'a Role, suffixes: &'a Suffixes) -> Rules<'a> {
    Rules {
        role,
        suffixes,
        ca: CaFacts {
            name: "users",
            public_key: ca_key(),
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    }
}

fn judge(role: &Role, ask: Ask, who: &str, proofs: &[Proof]) -> Result<Decided, Vec<Refusal>> {
    judge_key(ed25519(), role, ask, who, proofs)
}

fn judge_key(
    subject: KeyData,
    role: &Role,
    ask: Ask,
    who: &str,
    proofs: &[Proof],
) -> Result<Decided, Vec<Refusal>> {
    let request = Request { subject, ask };
    let decided = decide(&request, &by(who), proofs, &users(role, &suffixes()), NOW);
    decided.map_err(Refusals::into_reasons)
}

fn principals(decided: &Decided) -> String {
    decided.body().principals.to_string()
}

#[test]
fn a_role_fills_in_what_was_not_asked() {
    let decided = judge(&role(ENGINEER), ask(), "peter", &[]).unwrap();
    let body = decided.body();
    assert_eq!(body.principals.to_string(), "peter_file");
    assert_eq!(body.key_id.as_str(), "peter, engineer");
    assert_eq!(body.validity.valid_after(), NOW - 300);
    assert_eq!(body.validity.valid_before(), NOW + 8 * 3600);
    assert_eq!(
        body.options.extensions().keys().collect::<Vec<_>>(),
        ["permit-pty"]
    );
    assert_eq!(
        body.options
            .critical()
            .get("source-address")
            .map(String::as_str),
        Some("10.0.0.0/8")
    );
    assert_eq!(decided.proof_in_words(), "none");
}

#[test]
fn all_reasons_are_told_at_once() {
    let asked = Ask {
        principals: Principals::parse("root", Kind::User).ok(),
        ..with_validity("+52w")
    };
    let asked = Ask {
        options: with_options(&["permit-X11-forwarding"]).options,
        ..asked
    };
    let fields: Vec<_> = judge(&role(ENGINEER), asked, "mallory", &[])
        .unwrap_err()
        .iter()
        .map(Refusal::field)
        .collect();
    assert_eq!(
        fields,
        ["requesters", "principals", "lifetime", "extensions"]
    );
}

#[test]
fn every_absent_field_allows_nothing() {
    for (field, reason) in [
        ("ca", "ca"),
        ("requesters", "requesters"),
        ("principals", "principals"),
        ("storage", "storage"),
        ("lifetime", "lifetime"),
    ] {
        let role = engineer_with(field, "");
        let refused = judge(&role, ask(), "peter", &[]).unwrap_err();
        let fields: Vec<_> = refused.iter().map(Refusal::field).collect();
        assert_eq!(fields, [reason]);
    }
    for (field, asked, reason) in [
        ("extensions", "permit-pty", "extensions"),
        ("critical-options", "force-command=ls", "critical-options"),
    ] {
        let role = engineer_with(field, "");
        let refused = judge(&role, with_options(&[asked]), "peter", &[]).unwrap_err();
        let fields: Vec<_> = refused.iter().map(Refusal::field).collect();
        assert_eq!(fields, [reason]);
    }
}

#[test]
fn an_emergency_wants_a_reason_and_stands_out() {
    let line = "emergency = true\nlifetime = { default = \"1h\", maximum = \"4h\" }";
    let role = engineer_with("lifetime", line);
    assert_eq!(
        judge(&role, ask(), "peter", &[]).unwrap_err(),
        [Refusal::NoReason]
    );
    let asked = Ask {
        reason: Some("disk full on db1".parse::<Reason>().unwrap()),
        ..ask()
    };
    let decided = judge(&role, asked, "peter", &[]).unwrap();
    assert_eq!(
        decided.body().key_id.as_str(),
        "EMERGENCY peter, engineer: disk full on db1"
    );
    assert_eq!(principals(&decided), "peter_file");
}

#[test]
fn a_long_emergency_is_no_role() {
    let text = format!("{ENGINEER}\nemergency = true");
    let found = Role::new("e".parse().unwrap(), table(&text), &suffixes());
    assert_eq!(found, Err(RoleError::LongEmergency { found: 86_400 }));
}

#[test]
fn a_program_stays_where_it_is_and_does_what_it_does() {
    let role = role(&format!("{ENGINEER}\nautomation = true"));
    assert_eq!(
        judge(&role, ask(), "peter", &[]).unwrap_err(),
        [Refusal::Automation("force-command")]
    );
    let decided = judge(&role, with_options(&["force-command=backup"]), "peter", &[]).unwrap();
    assert_eq!(decided.body().options.critical().len(), 2);
}

#[test]
fn takes_the_key_types_that_it_names_and_larger_ones() {
    let role = role(&format!(
        "{ENGINEER}\nkey-types = [\"ecdsa-384\", \"ed25519\"]"
    ));
    assert!(judge(&role, ask(), "peter", &[]).is_ok());
    let refused = judge_key(ecdsa256(), &role, ask(), "peter", &[]).unwrap_err();
    assert_eq!(
        refused,
        [Refusal::KeyType {
            found: "ECDSA P-256".to_owned(),
            allowed: vec!["ecdsa-384".to_owned(), "ed25519".to_owned()],
        }]
    );
}

#[test]
fn an_operator_who_was_switched_off_signs_nothing() {
    let role = named("operator", "direct = false");
    let asked = Ask {
        key_id: KeyId::parse("x").ok(),
        ..ask()
    };
    assert_eq!(
        judge(&role, asked, "peter", &[]).unwrap_err(),
        [Refusal::DirectOff]
    );
    let found = Role::new("a".parse().unwrap(), table("direct = true"), &suffixes());
    assert_eq!(found, Err(RoleError::Direct));
}

#[test]
fn the_rules_in_one_text_differ_by_every_field() {
    let of = |role: &Role| text::text(role, &suffixes(), &["b".into(), "a".into()]).unwrap();
    let first = of(&role(ENGINEER));
    assert_eq!(first, of(&role(ENGINEER)));
    assert!(first.contains(r#""roots":["a","b"]"#), "{first}");
    assert_ne!(
        first,
        of(&engineer_with("storage", "storage = \"require\""))
    );
    let bare = text::text(&role(ENGINEER), &Suffixes::default(), &[]).unwrap();
    assert!(bare.contains(r#""suffixes":{},"roots":[]"#), "{bare}");
}
