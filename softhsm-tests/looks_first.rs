//! Nobody is asked for a PIN in vain, and a second way out is no easier than the first.

use crate::harness::admin::Admin;
use crate::harness::keygen::RSA_1024;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::token::PIN;

const AS_PETER: [&str; 7] = ["sign", "-s", "users", "-I", "id", "-n", "peter"];

/// Signs on a terminal, where a PIN would be asked for; all that is said, and the exit code.
fn on_a_terminal(admin: &Admin, arguments: &[&str]) -> (String, u8) {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(arguments);
    Pty::start(command).finish()
}

fn asks_for_no_pin(admin: &Admin, arguments: &[&str], fault: &str) {
    let (said, code) = on_a_terminal(admin, arguments);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains(fault), "{said}");
    assert!(!said.contains("PIN for"), "{said}");
    admin.assert_issued(0);
}

#[test]
fn what_cannot_be_signed_asks_for_no_pin() {
    let admin = Admin::ready().and_key("key");
    let missing = [&AS_PETER[..], &["nosuch.pub"]].concat();
    asks_for_no_pin(&admin, &missing, "nosuch.pub: cannot be read");
    admin.key("weak", RSA_1024);
    let weak = [&AS_PETER[..], &["weak.pub"]].concat();
    asks_for_no_pin(&admin, &weak, "weak.pub");
    let taken = [&AS_PETER[..], &["-z", "0", "key.pub"]].concat();
    asks_for_no_pin(&admin, &taken, "serial");
    admin.configure(ROLE);
    let role = [
        "sign",
        "--role",
        "engineer",
        "--requester",
        "mallory",
        "key.pub",
    ];
    asks_for_no_pin(&admin, &role, "mallory");
}

#[test]
fn a_dry_run_says_what_would_be_signed_asks_for_nothing_and_leaves_nothing() {
    let admin = Admin::ready().and_key("peter").and_key("erik");
    let entries = admin.punchmark.run(&["ledger", "verify"]).ok().stdout;
    let sign = [&AS_PETER[..], &["-V", "+8h", "--dry-run"]].concat();
    let all = [&sign[..], &["peter.pub", "nosuch.pub", "erik.pub"]].concat();
    let (said, code) = on_a_terminal(&admin, &all);
    assert_eq!(code, 1, "{said}");
    for words in [
        "peter.pub",
        "erik.pub",
        "principals  peter",
        "nosuch.pub: cannot be read",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let last = "2 certificates would be signed; nothing was done (--dry-run)";
    assert!(said.contains(last), "{said}");
    assert!(!said.contains("PIN for"), "{said}");
    let json = [&sign[..], &["--json", "peter.pub"]].concat();
    let object = admin.punchmark.run(&json).ok().stdout;
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!(object["state"], "would be signed", "{object}");
    assert_eq!(object["certificate"]["principals"][0], "peter", "{object}");
    admin.assert_issued(0);
    assert_eq!(
        admin.punchmark.run(&["ledger", "verify"]).ok().stdout,
        entries
    );
    assert!(!admin.punchmark.path("peter-cert.pub").exists());
}

#[test]
fn one_good_key_among_bad_ones_is_asked_for_and_signed() {
    let admin = Admin::ready().and_key("key");
    let mut command = admin.punchmark.on_a_terminal();
    command.args(AS_PETER).args(["nosuch.pub", "key.pub"]);
    let mut pty = Pty::start(command);
    pty.expect("nosuch.pub: cannot be read");
    pty.expect("PIN for");
    pty.type_line(PIN);
    let (said, code) = pty.finish();
    assert_eq!(code, 1, "{said}");
    admin.assert_issued(1);
}

fn again(admin: &Admin) -> Ran {
    std::fs::remove_file(admin.punchmark.path("key-cert.pub")).unwrap();
    let resume = [&AS_PETER[..], &["--resume", "key.pub"]].concat();
    admin.punchmark.pinned(&resume)
}

#[test]
fn what_was_revoked_is_not_handed_out_again() {
    for (revoke, words) in [
        (["--serial", "1"], "was revoked"),
        (["--key-id", "id"], "was revoked"),
        (["--key", "key.pub"], "was revoked"),
    ] {
        let admin = Admin::ready().and_key("key");
        let sign = [&AS_PETER[..], &["key.pub"]].concat();
        admin.punchmark.pinned(&sign).ok();
        again(&admin).ok();
        let revoke = [
            &["revoke", "--ca", "users", "--reason", "lost", "--yes"],
            &revoke[..],
        ];
        admin.punchmark.run(&revoke.concat()).ok();
        again(&admin).fails().says(words);
        assert!(!admin.punchmark.path("key-cert.pub").exists());
        admin.assert_issued(1);
    }
}

#[test]
fn what_the_rules_of_today_refuse_is_not_handed_out_again() {
    let admin = Admin::ready().and_key("key");
    let sign = [&AS_PETER[..], &["key.pub"]].concat();
    admin.punchmark.pinned(&sign).ok();
    admin.configure("[role.operator]\ndirect = false\n");
    again(&admin).fails();
    assert!(!admin.punchmark.path("key-cert.pub").exists());
}

const ROLE: &str = r#"
[role.engineer]
ca = "users"
requesters = ["peter"]
principals = ["{requester}"]
storage = "ignore"
lifetime = { default = "8h", maximum = "24h" }
"#;
