//! `setup-card` takes a factory-new card to a safe one, and goes on where it was interrupted.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use virtual_yubikey::fault::{Fault, Moment, Plan, Pull};
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{SERIAL, wait_until_noticed};

const NEW_PIN: &str = "730285";
const NEW_PUK: &str = "51902846";
/// CHANGE REFERENCE DATA.
const CHANGE: u8 = 0x24;
const SET_KEY: u8 = 0xff;
const SET_TRIES: u8 = 0xfa;
const PUT_DATA: u8 = 0xdb;

/// An admin with a new card, and files with the PIN and PUK that it is to get.
fn admin(firmware: &str) -> Admin<Pcscd> {
    let admin = Admin::with_cards(&[firmware]);
    admin.punchmark.write_pin("new-pin", NEW_PIN);
    admin.punchmark.write_pin("new-puk", NEW_PUK);
    admin
}

const MANAGED: [&str; 2] = ["--management-key-file", "management"];
const UNATTENDED: [&str; 6] = [
    "setup-card",
    "--yes",
    "--new-pin-file",
    "new-pin",
    "--new-puk-file",
    "new-puk",
];

fn setup(admin: &Admin<Pcscd>) -> Ran {
    admin.punchmark.run(&UNATTENDED)
}

/// What each step of a dry run says.
fn states(admin: &Admin<Pcscd>) -> [String; 4] {
    let dry = ["setup-card", "--dry-run", "--json"];
    let ran = admin.punchmark.run(&dry).ok();
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let state = |step| json.pointer(&format!("/steps/{step}/state")).unwrap();
    [0, 1, 2, 3].map(|step| state(step).as_str().unwrap().to_owned())
}

/// Makes a CA with the new PIN and the management key behind it, and signs with it.
fn assert_ready(admin: &Admin<Pcscd>) {
    admin.punchmark.write_pin("pin", NEW_PIN);
    let made = [
        "init",
        "users",
        "--key",
        "yubikey:slot-id=9c",
        "--algorithm",
        "p256",
    ];
    let policies = ["--touch-policy", "never"];
    admin
        .punchmark
        .pinned(&[&made[..], &policies].concat())
        .ok();
}

#[test]
fn a_new_card_is_set_up_in_one_guided_go() {
    let admin = admin("5.7.1");
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["setup-card", "--serial", "12345678"]);
    let mut pty = Pty::start(command);
    pty.expect("Step 1 of 4: allow 5 tries of the PIN and 5 of the PUK? [y/N] ");
    pty.type_line("y");
    pty.expect("Step 2 of 4: change the PUK? [y/N] ");
    pty.type_line("y");
    pty.expect("6 to 8 digits or letters");
    for typed in ["12345678", "51902846"] {
        pty.expect("New PUK for YubiKey 12345678: ");
        pty.type_line(typed);
        pty.expect("again: ");
        pty.type_line(typed);
    }
    pty.expect("Step 3 of 4: change the PIN? [y/N] ");
    pty.type_line("y");
    for (typed, again) in [
        ("519028", "519028"),
        ("730285", "730286"),
        ("730285", "730285"),
    ] {
        pty.expect("New PIN for YubiKey 12345678: ");
        pty.type_line(typed);
        pty.expect("again: ");
        pty.type_line(again);
    }
    pty.expect("Step 4 of 4: make a random AES-192 management key, kept behind the PIN? [y/N] ");
    pty.type_line("y");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("no copy to store"), "{rest}");
    assert!(rest.contains("write the PUK down"), "{rest}");
    assert!(rest.contains("slot-id=9c"), "{rest}");
    assert_eq!(states(&admin), ["done"; 4]);
    let tokens = admin.punchmark.run(&["tokens"]).ok();
    assert!(!tokens.stdout.contains("factory"), "{tokens}");
    assert_ready(&admin);
}

#[test]
fn every_fault_of_the_secrets_files_is_told_at_once_and_by_what_the_file_is_for() {
    let admin = admin("5.7.1");
    for file in ["new-pin", "new-puk"] {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(admin.punchmark.path(file), open).unwrap();
    }
    let ran = setup(&admin).exits(1);
    let words = |kind, file| format!("{kind} file {file} can be read by others (mode 0644)");
    let ran = ran.says(&words("PUK", "new-puk"));
    ran.says(&words("PIN", "new-pin"));
    assert_eq!(states(&admin), ["due"; 4]);
}

#[test]
fn of_two_cards_the_hint_names_the_option_that_the_command_has() {
    let admin = Admin::with_cards(&["5.7.1", "5.7.4"]);
    let ran = admin.punchmark.run(&["setup-card", "--yes"]).exits(1);
    ran.says("name the one that is meant: --serial SERIAL");
    let ask = ["request", "--role", "engineer", "--piv", "9a"];
    let ca = ["--ca", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"];
    let ran = admin.punchmark.run(&[&ask[..], &ca].concat()).exits(1);
    ran.says("name the one that is meant: --card SERIAL");
    let one = ["--card", "12345678"];
    let ran = admin.punchmark.run(&[&ask[..], &ca, &one].concat());
    ran.exits(1).says("make one there with --generate");
}

#[test]
fn every_firmware_is_set_up_without_a_terminal() {
    for firmware in ["4.3.7", "5.2.4", "5.4.3", "5.7.1"] {
        let admin = admin(firmware);
        let ran = setup(&admin).ok();
        assert_eq!(ran.stdout.matches("  done: ").count(), 4, "{ran}");
        let cipher = match firmware {
            "4.3.7" | "5.2.4" => "3DES",
            _ => "AES-192",
        };
        assert!(ran.stdout.contains(cipher), "{ran}");
        assert!(!ran.stdout.contains(NEW_PIN) && !ran.stderr.contains(NEW_PIN));
        match firmware {
            // It doesn't tell an empty slot, nor whether PIN and PUK are the factory's.
            "4.3.7" | "5.2.4" => {
                assert_eq!(states(&admin), ["done", "due", "due", "done"]);
            }
            _ => assert_ready(&admin),
        }
    }
}

const KNOWN: &str = "YubiKey 12345678 has the factory's PIN, PUK and management key";
const WAY_OUT: &str = "punchmark setup-card --serial 12345678";

#[test]
fn a_card_with_the_factory_s_secrets_is_warned_of_where_it_becomes_a_ca_and_where_it_signs() {
    let admin = admin("5.7.1");
    let card = ["--key", "yubikey:slot-id=9c", "--touch-policy", "never"];
    let made = ["init", "users", "--algorithm", "p256"];
    let made = [&made[..], &card, &MANAGED].concat();
    admin.punchmark.pinned(&made).ok().says(KNOWN).says(WAY_OUT);
    let sign = |name: &str| {
        admin.key(name, ED25519);
        let file = format!("{name}.pub");
        let words = ["sign", "-s", "users", "-I", name, "-n", name, &file];
        admin.punchmark.pinned(&words).ok()
    };
    sign("peter")
        .says("the PIN of YubiKey 12345678 is the factory's")
        .says("`punchmark setup-card` changes it");
    setup(&admin).ok();
    admin.punchmark.write_pin("pin", NEW_PIN);
    let quiet = sign("erik");
    assert!(!quiet.stderr.contains("factory"), "{quiet}");
}

#[test]
fn a_key_that_is_adopted_from_a_new_card_is_warned_of_also_where_the_card_tells_nothing() {
    for (firmware, words) in [
        ("5.4.3", KNOWN),
        (
            "4.3.7",
            "does not tell whether PIN and PUK are the factory's",
        ),
    ] {
        let admin = admin(firmware);
        let make = ["-agenerate", "-s9c", "-AECCP256", "-oa.pem"];
        admin.tool("yubico-piv-tool", &make);
        let adopted = admin.adopt("users", "yubikey:serial=12345678;slot-id=9c");
        adopted.says(words).says(WAY_OUT);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let admin = admin("5.7.1");
    let _before = admin.card().take_headers();
    assert_eq!(states(&admin), ["due"; 4]);
    let headers = admin.card().take_headers();
    let asked_only =
        |header: &[u8; 4]| matches!(header[1], 0xa4 | 0xcb | 0xc0 | 0xf7 | 0xf8 | 0xfd);
    assert!(headers.iter().all(asked_only), "{headers:x?}");
}

#[test]
fn a_finished_card_is_left_as_it_is() {
    let admin = admin("5.7.1");
    setup(&admin).ok();
    let _before = admin.card().take_headers();
    let again = setup(&admin).ok();
    assert!(!again.stdout.contains("done: "), "{again}");
    let headers = admin.card().take_headers();
    let changes = [CHANGE, SET_KEY, SET_TRIES, PUT_DATA];
    assert!(!headers.iter().any(|header| changes.contains(&header[1])));
}

#[test]
fn whoever_pulled_the_card_starts_again_and_goes_on() {
    let changes = [SET_TRIES, CHANGE, PUT_DATA, SET_KEY];
    for (instruction, pull) in changes
        .into_iter()
        .flat_map(|change| [(change, Pull::Before), (change, Pull::During)])
    {
        let admin = admin("5.7.1");
        let back = Some(Duration::from_millis(1200));
        let pulled = Plan::default().and(
            Moment::EveryInstruction(instruction),
            Fault::Pull(pull, back),
        );
        admin.card().set_plan(pulled);
        let first = setup(&admin).exits(1);
        first.says("goes on where this one stopped");
        admin.card().set_plan(Plan::default());
        wait_until_noticed(admin.card());
        if states(&admin)[2] == "done" {
            admin.punchmark.write_pin("pin", NEW_PIN);
        }
        admin.punchmark.pinned(&UNATTENDED).ok();
        assert_eq!(states(&admin), ["done"; 4], "{instruction:x} {pull:?}");
        assert_ready(&admin);
    }
}

#[test]
fn a_puk_that_is_not_the_factory_s_is_tried_once() {
    let admin = admin("4.3.7");
    let tool = ["-a", "change-puk", "-P", "12345678", "-N", "90817263"];
    admin.tool("yubico-piv-tool", &tool);
    let keep_tries = [&UNATTENDED[..], &["--pin-tries", "3", "--puk-tries", "3"]].concat();
    let ran = admin.punchmark.run(&keep_tries).exits(1);
    ran.says("change the PUK: YubiKey 12345678: wrong PUK, tried once; the token says 2 tries");
}

#[test]
fn a_management_key_of_somebody_s_own_is_needed_to_be_replaced() {
    let admin = admin("5.4.3");
    let own = "a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8c1c2c3c4c5c6c7c8";
    admin.tool("yubico-piv-tool", &["-a", "set-mgm-key", "-n", own]);
    assert_eq!(
        states(&admin),
        ["other-management-key", "due", "due", "other-management-key"]
    );
    admin.punchmark.write_pin("own", own);
    admin.punchmark.write_pin("wrong", &own.replace("a1", "a2"));
    let wrong = [&UNATTENDED[..], &["--management-key-file", "wrong"]].concat();
    let ran = admin.punchmark.run(&wrong).exits(1);
    ran.says("YubiKey 12345678 has another management key");
    let right = [&UNATTENDED[..], &["--management-key-file", "own"]].concat();
    admin.punchmark.run(&right).ok();
    assert_eq!(states(&admin), ["done"; 4]);
    assert_ready(&admin);
}

#[test]
fn tries_are_not_set_where_that_would_undo_a_pin() {
    let admin = admin("5.4.3");
    let tool = ["-a", "change-pin", "-P", "123456", "-N", NEW_PIN];
    admin.tool("yubico-piv-tool", &tool);
    admin.punchmark.write_pin("pin", NEW_PIN);
    let ran = admin.punchmark.pinned(&UNATTENDED).ok();
    let kept = "left: allow 5 tries of the PIN and 5 of the PUK: left as it is";
    assert!(ran.stdout.contains(kept), "{ran}");
    assert_eq!(states(&admin), ["would-reset", "done", "done", "done"]);
}

#[test]
fn bad_secrets_are_refused_before_the_card_is_touched() {
    let admin = admin("5.7.1");
    for (pin, words) in [
        ("12345", "it has 5 characters, a card takes 6 to 8"),
        ("123456", "it is what every new card has"),
        ("121212", "among the first that anybody would try"),
        ("519028", "one begins with the other"),
    ] {
        admin.punchmark.write_pin("new-pin", pin);
        setup(&admin).exits(1).says(words);
    }
    assert_eq!(states(&admin), ["due"; 4]);
}

#[test]
fn nobody_s_yes_is_taken_for_granted() {
    let admin = admin("5.7.1");
    let unconfirmed = UNATTENDED.map(|word| if word == "--yes" { "--quiet" } else { word });
    admin
        .punchmark
        .run(&unconfirmed)
        .exits(2)
        .says("--yes confirms");
    let no_files = ["setup-card", "--yes"];
    admin
        .punchmark
        .run(&no_files)
        .exits(2)
        .says("--new-puk-file is needed");
    assert_eq!(states(&admin), ["due"; 4]);
}

#[test]
fn a_card_with_another_serial_is_left_alone() {
    let admin = admin("5.7.1");
    let other = (SERIAL + 1).to_string();
    let arguments = [&UNATTENDED[..], &["--serial", &other]].concat();
    let ran = admin.punchmark.run(&arguments).exits(1);
    ran.says("no token matches YubiKey 12345679; seen: YubiKey 12345678");
}

#[test]
fn a_step_that_is_declined_ends_the_setup_and_the_rest_is_named() {
    let admin = admin("5.7.1");
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["setup-card", "--pin-tries", "3", "--puk-tries", "3"]);
    let mut pty = Pty::start(command);
    pty.expect("Step 1 of 3: change the PUK? [y/N] ");
    pty.type_line("n");
    let (rest, code) = pty.finish();
    assert!(code == 0 && rest.matches("not done").count() == 3, "{rest}");
    assert_eq!(states(&admin), ["due"; 4]);
}

#[test]
fn ykman_understands_what_was_set_up() {
    let admin = admin("5.7.1");
    setup(&admin).ok();
    // The environment of an account is cleared, and the target folder may be anywhere.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let venv = format!("YKMAN_VENV={}/ykman", target.display());
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/softhsm-tests/virtual-yubikey/ykman"
    );
    let made = ["piv", "keys", "generate", "-P", NEW_PIN, "-a", "ECCP256"];
    admin.tool(
        "env",
        &[&[venv.as_str(), script], &made[..], &["9a", "-"]].concat(),
    );
    let info = admin.output("env", &[&venv, script, "piv", "info"]);
    assert!(info.contains("protected by PIN"), "{info}");
    assert!(info.contains("PIN tries remaining:      5/5"), "{info}");
}
