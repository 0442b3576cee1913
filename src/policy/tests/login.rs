//! By which logins a role is opened.

use super::*;
use crate::policy::lint::{KnownLogin, Oddity, lint};
use crate::request::{LoginFacts, LoginWay};

fn reasons(role: &Role, who: &str, login: LoginFacts) -> Vec<Refusal> {
    let requester = Requester::logged_in(who.parse().unwrap(), login);
    let request = Request {
        subject: ed25519(),
        ask: Ask {
            principals: None,
            ..ask()
        },
    };
    let (suffixes, unproved) = (suffixes(), Vec::<Proof>::new());
    let rules = users(role, &suffixes);
    let decided = decide(&request, &requester, &unproved, &rules, NOW);
    decided.map_or_else(Refusals::into_reasons, |_| Vec::new())
}

fn refused(role: &Role, login: LoginFacts) -> Option<String> {
    let reasons = reasons(role, "peter", login);
    let reason = reasons.first()?;
    assert_eq!((reasons.len(), reason.field()), (1, "login"), "{reasons:?}");
    Some(reason.to_string())
}

fn facts(method: &str, way: LoginWay) -> LoginFacts {
    LoginFacts::new(method.parse().unwrap(), way, Some(NOW - 600))
}

fn key(method: &str) -> LoginFacts {
    facts(method, LoginWay::EnrolledKey)
}

fn other(method: &str) -> LoginFacts {
    facts(method, LoginWay::Password)
}

/// A login by the provider `work`.
fn work(groups: &[&str]) -> LoginFacts {
    LoginFacts {
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        ..facts("work", LoginWay::Browser)
    }
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
        "login = { methods = [], loa = [] }",
        "login = { methods = [\"a\"], max-age = \"soon\" }",
        "login = { methods = [\"a\"], code = \"yes\" }",
        "groups = [\"engineers\"]",
        "groups = [\"Work:engineers\"]",
    ] {
        let table = toml::from_str::<RoleTable>(&format!("{ENGINEER}\n{wrong}"));
        assert!(table.is_err(), "{wrong}");
    }
}

#[test]
fn a_code_opens_only_a_role_that_says_so() {
    let by_code = || facts("work", LoginWay::Code);
    let shut = engineer_with("login", "login = { methods = [\"work\"] }");
    let words = refused(&shut, by_code()).unwrap();
    assert!(words.contains("no `code = true`") && words.contains("`work` in a browser"));
    assert_eq!(refused(&shut, work(&[])), None);
    let open = engineer_with("login", "login = { methods = [\"work\"], code = true }");
    assert_eq!(refused(&open, by_code()), None);
}

#[test]
fn a_login_must_be_as_young_as_the_role_says() {
    let role = engineer_with(
        "login",
        "login = { methods = [\"work\"], max-age = \"10m\" }",
    );
    let at = |authenticated_at| LoginFacts {
        authenticated_at,
        ..work(&[])
    };
    assert_eq!(refused(&role, at(Some(NOW - 600))), None);
    assert_eq!(refused(&role, at(Some(NOW + 60))), None);
    let words = refused(&role, at(Some(NOW - 601))).unwrap();
    assert!(
        words.contains("10 minutes 1 second ago") && words.contains("log in again"),
        "{words}"
    );
    let words = refused(&role, at(None)).unwrap();
    assert!(words.contains("at a time that nobody says"), "{words}");
}

#[test]
fn a_login_must_be_shown_by_what_the_role_says_and_as_well() {
    let line = "login = { methods = [\"work\"], amr = [\"hwk\", \"user\"], acr = [\"2\", \"3\"] }";
    let role = engineer_with("login", line);
    let shown = |amr: &[&str], acr: Option<&str>| LoginFacts {
        amr: amr.iter().map(|&word| word.to_owned()).collect(),
        acr: acr.map(str::to_owned),
        ..work(&[])
    };
    assert_eq!(
        refused(&role, shown(&["user", "pwd", "hwk"], Some("3"))),
        None
    );
    let words = refused(&role, shown(&["hwk", "pwd"], Some("2"))).unwrap();
    assert_eq!(
        words,
        "the login was by hwk, pwd; the role asks for user too"
    );
    let words = refused(&role, shown(&["hwk", "user"], Some("1"))).unwrap();
    assert_eq!(words, "the login is of level \"1\"; the role takes 2, 3");
    let all = reasons(&role, "peter", shown(&[], None));
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].to_string().contains("of no told level"));
}

#[test]
fn a_group_opens_a_role_beside_names_and_by_its_own_method_alone() {
    let engineers = ENGINEER.replace("[\"peter\", \"erik\", \"*@example.org\"]", "[\"peter\"]");
    let login = "groups = [\"work:engineers\"]\nlogin = { methods = [\"work\", \"corp\"] }";
    let role = role(&format!("{engineers}{login}"));
    let anna = |login| reasons(&role, "anna", login);
    assert_eq!(anna(work(&["work:oncall", "work:engineers"])), []);
    assert_eq!(reasons(&role, "peter", work(&[])), []);
    let refused = anna(work(&["corp:engineers", "work:Engineers", "work:engineer"]));
    let [reason] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert_eq!(
        reason.to_string(),
        "requester `anna` is not among those of the role: peter, group work:engineers"
    );
    // Whom somebody vouches for has no login, and so no groups.
    let vouched = judge(
        &role,
        Ask {
            principals: None,
            ..ask()
        },
        "anna",
        &[],
    );
    assert!(matches!(
        vouched.unwrap_err()[..],
        [Refusal::Requester { .. }]
    ));
    let table = table("groups = [\"work:a\"]");
    let operator = Role::new("operator".parse().unwrap(), table, &suffixes());
    assert_eq!(operator.unwrap_err(), RoleError::OperatorLogin("groups"));
}

#[test]
fn a_program_reaches_roles_for_programs_and_they_reach_nobody_whom_they_dont_name() {
    let program = || facts("ci", LoginWay::Program);
    for line in ["", "login = { methods = [\"ci\"] }"] {
        let words = refused(&role(&format!("{ENGINEER}\n{line}")), program()).unwrap();
        assert!(words.contains("with `automation = true` alone"), "{words}");
    }
    let automation = |line: &str| {
        let forced = "automation = true\ncritical-options = { forced = { source-address = \
            \"192.0.2.1/32\", force-command = \"/bin/true\" } }";
        let lines = ENGINEER.lines();
        let lines = lines.filter(|line| !line.starts_with("critical-options"));
        role(&lines.chain([forced, line]).collect::<Vec<_>>().join("\n"))
    };
    let named = automation("login = { methods = [\"ci\"] }");
    assert_eq!(refused(&named, program()), None);
    assert_eq!(
        refused(&named, facts("other", LoginWay::Program)).unwrap(),
        "a login by `other` doesn't open the role: its methods are ci"
    );
    for person in [key("keys"), other("start"), work(&[])] {
        assert!(refused(&named, person.clone()).is_some(), "{person:?}");
        // A key that is enrolled opens a role that names no login, but none of this kind.
        let words = refused(&automation(""), person).unwrap();
        assert!(words.contains("names no `login`"), "{words}");
    }
    assert!(refused(&automation(""), program()).is_some());
    let both = automation("login = { methods = [\"ci\", \"keys\"] }");
    assert_eq!(refused(&both, key("keys")), None);
    assert_eq!(refused(&both, program()), None);
}

#[test]
fn lint_names_roles_that_programs_reach_not() {
    let of = |lines: &str| odd(&format!("requesters = [\"peter\"]\n{lines}"));
    let no_program = || vec![Oddity::NotForPrograms("ci".to_owned())];
    assert_eq!(of("login = { methods = [\"ci\"] }"), no_program());
    assert_eq!(of("login = { methods = [\"keys\", \"ci\"] }"), no_program());
    assert_eq!(of("automation = true"), [Oddity::UnnamedPrograms]);
    assert_eq!(of("automation = true\nlogin = { methods = [\"ci\"] }"), []);
}

#[test]
fn a_role_without_groups_has_the_text_that_it_had() {
    let old = text::text(&role(ENGINEER), &suffixes(), &[]).unwrap();
    assert!(!old.contains("groups") && !old.contains("login"));
    let login = engineer_with("login", "login = { methods = [\"keys\"] }");
    let text = text::text(&login, &suffixes(), &[]).unwrap();
    assert!(
        text.contains("\"login\":{\"methods\":[\"keys\"]}"),
        "{text}"
    );
}

/// What lint says of logins of the role; `work` and `corp` tell of groups.
fn odd(lines: &str) -> Vec<Oddity> {
    let of = |name, tells, is_of_programs| KnownLogin {
        name,
        tells,
        is_of_programs,
    };
    let logins = [
        of("keys", false, false),
        of("work", true, false),
        of("corp", true, false),
        of("ci", false, true),
    ];
    let names = ENGINEER
        .lines()
        .filter(|line| !line.starts_with("requesters"));
    let role = role(&names.chain([lines]).collect::<Vec<_>>().join("\n"));
    let found = lint(&Policy::new(suffixes(), [role]), &["users"], &logins);
    let is_of_login = |oddity: &Oddity| {
        matches!(
            oddity,
            Oddity::NoLogin(_)
                | Oddity::NoMethods
                | Oddity::DeadGroup(_)
                | Oddity::Unreachable
                | Oddity::GroupOfTwo { .. }
                | Oddity::UntoldLogin(_)
                | Oddity::NotForPrograms(_)
                | Oddity::UnnamedPrograms
                | Oddity::Absent(_)
        )
    };
    let found = found.into_iter().map(|finding| finding.oddity);
    found.filter(is_of_login).collect()
}

#[test]
fn lint_names_methods_that_are_not_there() {
    let of = |methods: &str| {
        odd(&format!(
            "requesters = [\"peter\"]\nlogin = {{ methods = {methods} }}"
        ))
    };
    assert_eq!(of("[\"keys\"]"), []);
    assert_eq!(
        of("[\"keys\", \"start\"]"),
        [Oddity::NoLogin("start".to_owned())]
    );
    assert_eq!(of("[]"), [Oddity::NoMethods]);
    let told = |method: &str| {
        odd(&format!(
            "requesters = [\"peter\"]\nlogin = {{ methods = [\"{method}\"], acr = [\"2\"] }}"
        ))
    };
    assert_eq!(told("work"), []);
    assert_eq!(told("keys"), [Oddity::UntoldLogin("acr")]);
}

#[test]
fn lint_names_groups_that_open_nothing_and_roles_that_nobody_can_reach() {
    let good = "groups = [\"work:a\"]\nlogin = { methods = [\"work\"] }";
    assert_eq!(odd(good), []);
    assert_eq!(odd(""), [Oddity::Absent("requesters")]);
    let dead = || Oddity::DeadGroup("work:a".to_owned());
    assert_eq!(odd("groups = [\"work:a\"]"), [dead(), Oddity::Unreachable]);
    let named = "requesters = [\"peter\"]\ngroups = [\"work:a\"]\nlogin = { methods = [\"keys\"] }";
    assert_eq!(odd(named), [dead()]);
    let keys = "groups = [\"keys:a\"]\nlogin = { methods = [\"keys\"] }";
    assert_eq!(
        odd(keys),
        [Oddity::DeadGroup("keys:a".to_owned()), Oddity::Unreachable]
    );
}

#[test]
fn lint_names_a_group_that_two_methods_give() {
    let both =
        "groups = [\"work:a\", \"corp:a\", \"corp:b\"]\nlogin = { methods = [\"work\", \"corp\"] }";
    let of_two = |group: &str, other: &str| Oddity::GroupOfTwo {
        group: group.to_owned(),
        other: other.to_owned(),
    };
    assert_eq!(
        odd(both),
        [of_two("work:a", "corp"), of_two("corp:a", "work")]
    );
}
