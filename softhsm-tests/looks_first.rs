//! Nobody is asked for a PIN in vain, and a second way out is no easier than the first.

use crate::harness::admin::Admin;
use crate::harness::keygen::{P256, RSA_1024};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::token::PIN;
use crate::harness::write;

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

/// A CA `more` by a key that is made, and by one that is brought in.
fn make(admin: &Admin) -> [Ran; 2] {
    let locators = ["made", "brought"].map(|label| admin.token.locator(label));
    let made = ["init", "more", "--algorithm", "p256", "--key", &locators[0]];
    let brought = [
        "import",
        "more",
        "--from",
        "ca_key",
        "--next-serial",
        "1",
        "--key",
        &locators[1],
    ];
    [&made[..], &brought[..]].map(|arguments| admin.punchmark.pinned(arguments))
}

/// Neither key is in the token: both places are free for `pkcs11-tool`, which lists nothing there.
fn assert_no_key_is_left(admin: &Admin) {
    let listed = run(admin.token.tool_logged_in().arg("-O")).ok().stdout;
    for label in ["made", "brought"] {
        assert!(
            !listed.contains(&format!("label:      {label}")),
            "{listed}"
        );
    }
}

#[test]
fn no_key_is_made_or_brought_in_for_a_ca_whose_files_cannot_be_written() {
    let admin = Admin::ready();
    admin.key("ca_key", P256);
    let file = admin.ca_file("more");
    let in_the_way: [&dyn Fn(); 3] = [
        &|| write(&file, "junk\n", 0o600),
        &|| std::fs::create_dir(&file).unwrap(),
        &|| drop(run(bounded("mkfifo").arg(&file)).ok()),
    ];
    for put in in_the_way {
        put();
        for ran in make(&admin) {
            ran.exits(1).says("more.pub exists already");
        }
        run(bounded("rm").arg("-r").arg(&file)).ok();
        assert_no_key_is_left(&admin);
    }
    let lock = |flag| run(bounded("chattr").arg(flag).arg(admin.config_file()));
    if lock("+i").code != Some(0) {
        eprintln!("left out: no file can be made immutable here");
        return;
    }
    let both = make(&admin);
    lock("-i").ok();
    for ran in both {
        ran.exits(1).says("punchmark.toml");
    }
    assert_no_key_is_left(&admin);
    let [made, _same_name] = make(&admin);
    made.ok();
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
