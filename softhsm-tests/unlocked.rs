//! While a person is asked for something, the ledger is anybody else's: only then is it locked,
//! and what was decided is decided again.

use std::io::Write;
use std::process::Stdio;

use crate::harness::admin::Admin;
use crate::harness::keygen;
use crate::harness::process::{detached, wait_until};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::{PIN, Token, Usage};

/// An admin with two certificates, and two ledger keys that each have a passphrase.
fn ready() -> Admin {
    let admin = Admin::ready().and_key("key").and_key("other");
    for name in ["first", "second"] {
        let file = admin.key(name, keygen::ED25519);
        let add = ["ledger", "key", "add", name];
        admin.punchmark.run(&add).ok();
        keygen::encrypt(&file, PASSPHRASE);
    }
    admin.sign(&["-n", "peter", "key.pub", "other.pub"]).ok();
    admin
}

fn start(admin: &Admin, arguments: &[&str]) -> Pty {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(arguments);
    Pty::start(command)
}

#[test]
fn a_person_who_is_asked_keeps_nobody_from_signing() {
    let admin = ready();
    let init = format!(
        "init more --algorithm p256 --key {}",
        admin.token.locator("more")
    );
    for (command, question) in [
        ("revoke --serial 1", "[y/N]"),
        ("revoke --serial 1-900", "Type yes"),
        ("revoke --key config/punchmark/users.pub", "[y/N]"),
        ("krl --ledger-key first --out list", "Passphrase"),
        (
            "known --ca users --ledger-key first --out list",
            "Passphrase",
        ),
        ("ledger checkpoint --key first", "Passphrase"),
        ("ledger key add first --for receipts", "Passphrase"),
        ("ledger key rollover --old first --new second", "Passphrase"),
        (
            "ledger key revoke first.pub --last-size 0 --reason x",
            "[y/N]",
        ),
        (DISTRUST, "Type yes"),
        (&init, "PIN for"),
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let mut pty = start(&admin, &arguments);
        pty.expect(question);
        admin.sign(&["-n", "peter", "key.pub"]).ok();
        pty.type_line("no");
        let (said, code) = pty.finish();
        assert_eq!(code, 1, "{command}: {said}");
    }
    let revoked = admin.punchmark.run(&["revoke", "--list"]).ok();
    assert_eq!(revoked.stdout, "");
}

#[test]
fn whoever_is_typed_a_passphrase_signs_what_the_ledger_says_by_then() {
    let admin = ready();
    let mut pty = start(&admin, &["ledger", "checkpoint", "--key", "first"]);
    pty.expect("Passphrase");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    let size = size(&admin);
    pty.type_line(PASSPHRASE);
    let (said, code) = pty.finish();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("\n{size}\r\n")), "{size}: {said}");
}

#[test]
fn what_was_signed_while_a_person_was_asked_is_revoked_with_the_rest() {
    let admin = ready();
    let mut pty = start(&admin, &["revoke", "--principal", "peter"]);
    pty.expect("[y/N]");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    pty.type_line("y");
    let (said, code) = pty.finish();
    assert_eq!(code, 0, "{said}");
    let states: Vec<_> = admin.ledger();
    assert_eq!(states.len(), 3);
    let revoked = |entry: &serde_json::Value| entry["state"] == "revoked";
    assert!(states.iter().all(revoked), "{states:#?}");
}

#[test]
fn a_range_that_came_to_mean_most_of_a_ca_is_asked_about_again() {
    let admin = Admin::new(Token::softhsm()).and_key("key");
    admin
        .token
        .add_key("users", "01", "EC:prime256v1", Usage::Sign);
    let locator = admin.token.locator("users");
    let adopt = ["adopt", "users", "--key", &locator, "--next-serial", "100"];
    admin.punchmark.pinned(&adopt).ok();
    admin.sign(&["-n", "peter", "-z", "5", "key.pub"]).ok();
    let mut pty = start(&admin, &["revoke", "--serial", "1-50"]);
    pty.expect("[y/N]");
    admin.sign(&["-n", "peter", "-z", "6", "key.pub"]).ok();
    pty.type_line("y");
    let (said, code) = pty.finish();
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("more would end than you were shown"),
        "{said}"
    );
    assert!(
        admin
            .ledger()
            .iter()
            .all(|entry| entry["state"] == "issued")
    );
}

#[test]
fn a_pin_that_is_yet_to_be_written_keeps_nobody_from_signing() {
    let admin = ready();
    let mut command = admin.punchmark.prepare(detached(BINARY));
    command.args("--pin-fd 0 sign -s users -I id -n peter other.pub".split(' '));
    let mut waits = command.stdin(Stdio::piped()).spawn().unwrap();
    // It has come to the PIN before the last of these began.
    for _time in 0..10 {
        admin.sign(&["-n", "peter", "key.pub"]).ok();
    }
    assert!(waits.try_wait().unwrap().is_none(), "it waits");
    let mut pin = waits.stdin.take().unwrap();
    writeln!(pin, "{PIN}").unwrap();
    drop(pin);
    assert!(waits.wait().unwrap().success());
}

#[test]
fn a_key_that_was_made_waits_for_the_run_that_has_the_ledger() {
    let admin = ready();
    let locator = admin.token.locator("more");
    let init = ["init", "more", "--algorithm", "p256", "--key", &locator];
    let mut pty = start(&admin, &init);
    pty.expect("PIN for");
    let ledger = std::fs::File::open(admin.ledger_file()).unwrap();
    ledger.lock().unwrap();
    let before = admin.token.object_files();
    pty.type_line(PIN);
    // Its public and its private half.
    wait_until("the key is there", || {
        admin.token.object_files() >= before + 2
    });
    // Closing it would not do: a process that another test starts holds it too until its exec.
    ledger.unlock().unwrap();
    let (said, code) = pty.finish();
    assert_eq!(code, 0, "{said}");
}

fn size(admin: &Admin) -> u64 {
    let ran = admin.punchmark.run(&["ledger", "verify", "--json"]).ok();
    let told: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    told["entries"].as_u64().unwrap()
}

const PASSPHRASE: &str = "a long passphrase";
/// A hash that no root has.
const DISTRUST: &str = "attestation roots distrust \
    SHA256:5C26C4B9E0D2C5E1F2B3A4958677685946372819AABBCCDDEEFF001122334455";
