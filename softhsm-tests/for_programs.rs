//! What programs get by `--json`, and by exit codes.

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::Ran;

fn with_json(admin: &Admin, line: &str) -> Ran {
    let words: Vec<_> = line.split(' ').chain(["--json"]).collect();
    admin.punchmark.pinned(&words)
}

/// The objects of each line, all of the shape that the page of the format tells.
#[track_caller]
fn objects(text: &str) -> Vec<Value> {
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(object["schema"], 1, "{line}");
        object
    };
    text.lines().map(object).collect()
}

/// Of one role that any key may ask for, and of two keys.
fn admin() -> Admin {
    let role = "[role.engineer]\nca = \"users\"\nrequesters = [\"peter\"]\n\
                principals = [\"{requester}\"]\nstorage = \"mark\"\n\
                lifetime = { maximum = \"1h\" }\n";
    let admin = Admin::ready().and_key("peter").and_config(role);
    admin.key("erik", ED25519);
    admin
}

#[test]
fn every_command_that_ends_well_prints_objects_of_one_shape() {
    let admin = admin();
    for line in [
        "ca list",
        "ca show users",
        "ca suffixes",
        "role list",
        "role show engineer",
        "role lint",
        "role try engineer --requester peter -V +1h peter.pub",
        "requester list",
        "requester add peter --key peter.pub",
        "requester list",
        "sign --role engineer --requester peter -V +1h peter.pub",
        "show peter-cert.pub",
        "ledger list",
        "ledger show users 1",
        "ledger verify",
        "ledger export",
        "ledger key list",
        "ledger correct-clock --reason none",
        "challenge",
        "revoke --list",
        "revoke --serial 1 --reason lost --yes",
        "krl --out users.krl",
        "krl show users.krl",
        "requester remove peter --key peter.pub --dry-run",
        "requester remove peter --key peter.pub",
    ] {
        let ran = with_json(&admin, line);
        let is_lint = line == "role lint" && ran.code == Some(1);
        assert!(ran.code == Some(0) || is_lint, "{line}: {ran}");
        assert!(!objects(&ran.stdout).is_empty(), "{line} prints nothing");
        objects(&ran.stderr);
    }
}

#[test]
fn a_list_of_what_the_config_holds_is_one_object() {
    let admin = admin();
    for (line, field) in [("ca list", "cas"), ("role list", "roles")] {
        let told = objects(&with_json(&admin, line).ok().stdout);
        assert_eq!(told.len(), 1, "{line}");
        assert!(told[0][field].is_array(), "{line}: {told:?}");
    }
}

#[test]
fn who_is_enrolled_and_taken_away_is_told() {
    let admin = admin();
    let added = objects(&with_json(&admin, "requester add peter --key peter.pub").stdout);
    assert_eq!(
        (&added[0]["requester"], &added[0]["state"]),
        (&"peter".into(), &"added".into())
    );
    let planned = with_json(&admin, "requester remove peter --key peter.pub --dry-run").ok();
    assert_eq!(objects(&planned.stdout)[0]["dry-run"], true);
    let listed = objects(&with_json(&admin, "requester list").ok().stdout);
    assert_eq!(listed[0]["requester"], "peter");
    with_json(&admin, "requester remove peter --key peter.pub").ok();
    let listed = objects(&with_json(&admin, "requester list").ok().stdout);
    assert_eq!(listed[0]["empty"], true);
}

#[test]
fn errors_are_objects_on_stderr_that_name_their_kind_and_way_out() {
    let admin = admin();
    for (line, kind, exit) in [
        ("sign -s nobody -I a -n b peter.pub", "usage", 2),
        ("role show nobody", "usage", 2),
        ("sign -s users", "usage", 2),
        ("ledger lst", "usage", 2),
        (
            "sign --role engineer --requester erik erik.pub",
            "refused",
            3,
        ),
        ("krl fetch --out", "usage", 3),
        ("access sync there --out list", "usage", 3),
        ("ledger show users 9", "failed", 1),
        ("show nowhere.pub", "failed", 1),
        ("sign -s users -I a -n b nowhere.pub", "failed", 1),
    ] {
        let ran = with_json(&admin, line).exits(exit);
        let told = objects(&ran.stderr);
        let error = told.iter().find(|object| object["error"].is_string());
        let error = error.unwrap_or_else(|| panic!("{line}: {ran}"));
        assert_eq!(error["kind"], kind, "{line}: {ran}");
        assert_eq!(error["exit"], exit, "{line}: {ran}");
        assert!(error["hints"].is_array(), "{line}: {ran}");
    }
}

#[test]
fn a_mistake_in_the_arguments_is_told_apart_from_its_tip() {
    let admin = admin();
    let told = objects(&with_json(&admin, "ledger list --serail 1").exits(2).stderr);
    assert_eq!(told[0]["error"], "unexpected argument '--serail' found");
    let hint = told[0]["hints"][0].as_str().unwrap();
    assert!(hint.contains("--serial"), "{hint}");
}

#[test]
fn a_name_that_would_steer_a_terminal_leaves_json_readable() {
    let admin = admin();
    let name = "a\u{1b}[2J\u{7f}\u{9b}1m.pub";
    std::fs::copy(
        admin.punchmark.path("peter.pub"),
        admin.punchmark.path(name),
    )
    .unwrap();
    let ran = admin.punchmark.run(&["show", "--json", name]).ok();
    assert_eq!(objects(&ran.stdout)[0]["file"], name);
    assert!(!ran.stdout.trim_end().contains(char::is_control), "{ran}");
}

#[test]
fn several_keys_that_are_all_refused_end_as_one_refused_key_does() {
    let admin = admin();
    let refused = "sign --role engineer --requester nobody peter.pub erik.pub";
    with_json(&admin, refused).exits(3);
    // What could not be read is no refusal.
    let mixed = "sign --role engineer --requester nobody peter.pub nowhere.pub";
    let ran = with_json(&admin, mixed).exits(1);
    let states: Vec<_> = objects(&ran.stdout)
        .iter()
        .map(|it| it["state"].clone())
        .collect();
    assert_eq!(states, ["refused", "failed"]);
    assert_eq!(objects(&ran.stderr).len(), 2, "{ran}");
}

#[test]
fn what_a_rule_of_the_ledger_refuses_is_refused_by_policy() {
    let admin = admin();
    with_json(&admin, "revoke --key peter.pub --reason lost --yes").ok();
    let ran = with_json(&admin, "sign -s users -I a -n b -V +1h peter.pub").exits(3);
    assert_eq!(objects(&ran.stdout)[0]["state"], "refused");
}
