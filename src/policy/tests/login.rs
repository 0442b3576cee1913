//! By which logins a role is opened.

use super::*;
use crate::policy::lint::{Oddity, lint};
use crate::request::LoggedInBy;

fn refused(role: &Role, by: LoggedInBy) -> Option<String> {
    let requester = Requester::logged_in("peter".parse().unwrap(), by);
    let request = Request {
        subject: ed25519(),
        ask: ask(),
    };
    let (suffixes, unproved) = (suffixes(), Vec::<Proof>::new());
    let decided = decide(
        &request,
        &requester,
        &unproved,
        &users(role, &suffixes),
        NOW,
    );
    let refusals = decided.err()?;
    let [reason] = refusals.reasons() else {
        panic!("{refusals}");
    };
    assert_eq!(reason.field(), "login");
    Some(reason.to_string())
}

fn key(method: &str) -> LoggedInBy {
    LoggedInBy::EnrolledKey(method.to_owned())
}

fn other(method: &str) -> LoggedInBy {
    LoggedInBy::Other(method.to_owned())
}

#[test]
fn a_role_that_names_no_login_is_open_to_enrolled_keys_alone() {
    let role = role(ENGINEER);
    assert_eq!(refused(&role, key("keys")), None);
    let words = refused(&role, other("start")).unwrap();
    assert!(words.contains("`start`") && words.contains("enrolled keys alone"));
}

#[test]
fn a_role_is_open_to_the_methods_that_it_names_whatever_they_are() {
    let role = engineer_with("login", "login = { methods = [\"start\"] }");
    assert_eq!(refused(&role, other("start")), None);
    let words = refused(&role, key("keys")).unwrap();
    assert!(words.ends_with("its methods are start"), "{words}");
    let none = engineer_with("login", "login = { methods = [] }");
    assert!(refused(&none, key("keys")).unwrap().ends_with("nothing"));
    for wrong in [
        "login = {}",
        "login = { methods = [\"A\"] }",
        "login = { methods = [], amr = [] }",
    ] {
        let table = toml::from_str::<RoleTable>(&format!("{ENGINEER}\n{wrong}"));
        assert!(table.is_err(), "{wrong}");
    }
}

#[test]
fn lint_names_methods_that_are_not_there() {
    let of = |methods: &str| {
        let role = engineer_with("login", &format!("login = {{ methods = {methods} }}"));
        let found = lint(&Policy::new(suffixes(), [role]), &["users"], &["keys"]);
        let is_login = |oddity: &Oddity| matches!(oddity, Oddity::NoLogin(_) | Oddity::NoMethods);
        let found = found.into_iter().map(|finding| finding.oddity);
        found.filter(is_login).collect::<Vec<_>>()
    };
    assert_eq!(of("[\"keys\"]"), []);
    assert_eq!(
        of("[\"keys\", \"start\"]"),
        [Oddity::NoLogin("start".to_owned())]
    );
    assert_eq!(of("[]"), [Oddity::NoMethods]);
}
