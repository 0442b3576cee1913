//! Roles and suffixes from the config, through the program, to a real `sshd`.

use std::fs;

use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::token::{Token, Usage};

const ROLES: &str = r#"
[role.engineer]
ca         = "users"
requesters = ["peter", "erik"]
principals = ["{requester}"]
storage    = "mark"
lifetime   = { default = "8h", maximum = "24h", back-date = "5m" }
extensions = { default = ["permit-pty"] }

[role.production]
ca         = "users"
requesters = ["peter"]
principals = ["{requester}"]
storage    = "require"
lifetime   = { maximum = "4h" }
critical-options = { forced = { source-address = "127.0.0.0/8" } }
"#;

fn sign(admin: &Admin, role: &str, arguments: &[&str]) -> Ran {
    let all = [&["sign", "--role", role, "--requester"], arguments].concat();
    admin.punchmark.pinned(&all)
}

#[test]
fn a_witnessed_key_logs_in_where_the_same_without_a_witness_does_not() {
    let admin = Admin::ready().and_config(ROLES);
    let key = admin.key("user", ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter_witnessed"]);
    let sshd = Sshd::start(&users);
    sign(&admin, "engineer", &["peter", "user.pub"])
        .ok()
        .says("key ID \"peter, engineer\", principals peter_file");
    sshd.login(&key)
        .exits(255)
        .says("does not contain an authorized principal");
    let seen = ["peter", "--witnessed", "made before me", "user.pub"];
    sign(&admin, "engineer", &seen)
        .ok()
        .says("principals peter_witnessed");
    sshd.login(&key).ok();
    let ledger = admin.punchmark.run(&["ledger", "show", "users", "2"]).ok();
    for words in ["engineer", "peter", "made before me"] {
        assert!(ledger.stdout.contains(words), "{ledger}");
    }
    admin.assert_issued(2);
}

#[test]
fn the_keys_of_a_requester_who_is_revoked_are_not_certified_under_another_name() {
    let admin = Admin::ready().and_config(ROLES);
    admin.key("user", ED25519);
    sign(&admin, "engineer", &["peter", "user.pub"]).ok();
    admin.key("spare", ED25519);
    let enrol = ["requester", "add", "peter", "--key", "spare.pub"];
    admin.punchmark.run(&enrol).ok();
    let revoke = ["revoke", "--reason", "left", "--requester", "peter"];
    let preview = admin.punchmark.run(&revoke).ok();
    for words in [
        "1 certificate",
        "serial 1",
        "key SHA256:",
        "requester peter is never",
    ] {
        assert!(preview.stdout.contains(words), "{preview}");
    }
    for key in ["user.pub", "spare.pub"] {
        let again = admin.sign(&["-n", "erik", key]);
        again.exits(3).says("was revoked");
    }
}

#[test]
fn every_refusal_is_told_and_nothing_is_reserved() {
    let admin = Admin::ready().and_config(ROLES);
    admin.key("user", ED25519);
    let asked = ["erik", "-n", "root", "-V", "+1d", "user.pub"];
    sign(&admin, "production", &asked)
        .exits(3)
        .says("requester `erik` is not among those of the role: peter")
        .says("principal `root` is not among those of the role: {requester}")
        .says("the role asks for proof of the key's storage, and there is none")
        .says("the role allows at most 4 hours from now");
    assert!(admin.ledger().is_empty());
}

#[test]
fn no_front_writes_a_reserved_suffix_by_hand() {
    let admin = Admin::ready().and_config(ROLES);
    admin.key("user", ED25519);
    for name in ["peter_physical", "peter_file", "x,peter_Witnessed"] {
        admin
            .sign(&["-n", name, "user.pub"])
            .exits(3)
            .says("which the CA alone adds");
    }
    sign(&admin, "engineer", &["peter_file", "user.pub"])
        .exits(3)
        .says("requester `peter_file` ends in `_file`");
    assert!(admin.ledger().is_empty());
}

#[test]
fn a_ca_that_never_reserved_a_suffix_signs_any_name_and_lint_says_so() {
    let admin = Admin::new(Token::softhsm());
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    admin.adopt("users", &admin.token.locator("users")).ok();
    admin.key("user", ED25519);
    admin.sign(&["-n", "peter_physical", "user.pub"]).ok();
    let lint = admin.punchmark.run(&["role", "lint"]).exits(1);
    assert!(lint.stdout.contains("no table [suffixes]"), "{lint}");
    let shown = admin.punchmark.run(&["ca", "show", "users"]).ok();
    assert!(
        shown.stdout.contains("  suffixes     none is reserved"),
        "{shown}"
    );
}

#[test]
fn only_a_new_ca_for_users_brings_suffixes_along() {
    let admin = Admin::new(Token::softhsm());
    let config = || fs::read_to_string(admin.config_file()).unwrap();
    admin.init("hosts", "p256", "host").ok();
    assert!(!config().contains("[suffixes]"));
    admin.init("users", "p256", "user").ok();
    admin.init("more", "p256", "user").ok();
    assert_eq!(config().matches("[suffixes]").count(), 1);
    admin.punchmark.run(&["role", "lint"]).ok();
}

#[test]
fn the_direct_form_can_be_narrowed_and_switched_off() {
    let narrow = "[role.operator]\nstorage = \"mark\"\nlifetime = { maximum = \"1h\" }\n";
    let admin = Admin::ready().and_config(narrow);
    admin.key("user", ED25519);
    admin
        .sign(&["-n", "erik", "-V", "+2h", "user.pub"])
        .exits(3)
        .says("the role allows at most 1 hour from now");
    admin
        .sign(&["-n", "erik", "-V", "+1h", "user.pub"])
        .ok()
        .says("principals erik_file");
    let off = Admin::ready().and_config("[role.operator]\ndirect = false\n");
    off.key("user", ED25519);
    off.sign(&["-n", "erik", "user.pub"])
        .exits(3)
        .says("hint: ask by a role");
}

#[test]
fn trying_a_role_explains_and_needs_no_token() {
    let admin = Admin::ready().and_config(ROLES);
    admin.key("user", ED25519);
    fs::remove_file(admin.ledger_file()).unwrap();
    let run = |arguments: &[&str]| {
        let all = [&["--json", "role", "try"], arguments].concat();
        admin.punchmark.run(&all)
    };
    let json = |ran: &Ran| serde_json::from_str::<Value>(&ran.stdout).unwrap();
    let good = run(&["engineer", "--requester", "peter", "user.pub"]).ok();
    let fingerprint = keygen::fingerprint(&admin.punchmark.path("user.pub"));
    let body = &json(&good)["certificate"];
    assert_eq!(body["principals"], serde_json::json!(["peter_file"]));
    assert_eq!(body["subject"], fingerprint.as_str());
    let bad = run(&["production", "--requester", "erik", "user.pub"]).exits(3);
    let fields: Vec<_> = json(&bad)["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["requesters", "storage", "lifetime"]);
}

#[test]
fn a_role_that_makes_no_sense_is_told_of_where_it_stands() {
    for (line, fault) in [
        ("principals = [\"x_physical\"]", "which the CA alone adds"),
        ("principals = [\"a,b\"]", "may not hold"),
        ("lifetime = { maximum = \"8 h\" }", "no length of time"),
        (
            "extensions = { forced = [\"force-command\"] }",
            "is no extension",
        ),
        ("colour = \"red\"", "unknown field"),
        ("storage = \"keep\"", "unknown variant"),
    ] {
        let admin = Admin::ready().and_config(&format!("[role.a]\n{line}\n"));
        let ran = admin.punchmark.run(&["role", "list"]).exits(1).says(fault);
        let config = std::fs::read_to_string(admin.config_file()).unwrap();
        let lines = config.lines().count();
        let of_the_role = |line: &usize| ran.stderr.contains(&format!("punchmark.toml:{line}:"));
        assert!([lines - 1, lines].iter().any(of_the_role), "{ran}");
    }
}

#[test]
fn lint_names_a_role_that_leaves_out_the_touch_it_wants() {
    let admin =
        Admin::ready().and_config(&ROLES.replace("\"permit-pty\"", "\"no-touch-required\""));
    let ran = admin.punchmark.run(&["role", "lint"]).exits(1);
    let found = "role engineer: extension no-touch-required is default, and suffix class \
                 `physical` asks for touch";
    assert!(ran.stdout.contains(found), "{ran}");
}

#[test]
fn lint_names_who_gets_round_a_forced_option() {
    let admin = Admin::ready().and_config(ROLES);
    let ran = admin.punchmark.run(&["role", "lint"]).exits(1);
    assert!(
        ran.stdout.contains(
            "role production: principal \"{requester}\" can be had from role `engineer` too, \
             where critical option source-address is forced to something else"
        ),
        "{ran}"
    );
}
