//! A clock that can't be believed writes no entry (by `faketime`, on the child alone).

use std::process::Command;

use crate::harness::admin::Admin;
use crate::harness::faketime::faketime;
use crate::harness::keygen::ED25519;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;

const SIGN: [&str; 8] = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];
const BEFORE_BUILD: &str = "@2026-11-21 23:59:58";

/// Makes any command of the binary run by another clock, with the right PIN.
fn by_clock(admin: &Admin, faketime: Command, clock: &str) -> Command {
    let mut command = admin.punchmark.prepare(faketime);
    command.args(["-f", clock, BINARY, "--pin-file", "pin"]);
    command
}

fn at(admin: &Admin, clock: &str, arguments: &[&str]) -> Ran {
    run(by_clock(admin, bounded(faketime()), clock).args(arguments))
}

/// Signs at this clock on a terminal, and answers the question about it.
fn answered(admin: &Admin, clock: &str, answer: &str) -> (String, u8) {
    let mut command = by_clock(admin, pty::command(faketime()), clock);
    command.arg("--yes").args(SIGN);
    let mut pty = Pty::start(command);
    pty.expect("Type yes if that is right: ");
    pty.type_line(answer);
    pty.finish()
}

#[track_caller]
fn assert_nothing_reserved(admin: &Admin) {
    assert_eq!(admin.ledger(), Vec::<serde_json::Value>::new());
    assert!(admin.certificates().is_empty());
}

#[test]
fn a_clock_before_the_last_entry_is_refused_and_reserves_nothing() {
    let admin = Admin::ready().and_key("key");
    let ran = at(&admin, "-600s", &SIGN).exits(1);
    ran.says("s before the last ledger entry")
        .says("set the clock");
    assert_nothing_reserved(&admin);
    let init = admin.token.locator("second");
    let init = ["init", "second", "--key", &init, "--algorithm", "p256"];
    let ran = at(&admin, "-600s", &init).exits(1);
    ran.says("before the last ledger entry");
    admin.init("second", "p256", "user").ok();
}

#[test]
fn a_clock_half_a_minute_before_the_last_entry_signs() {
    let admin = Admin::ready().and_key("key");
    at(&admin, "-30s", &SIGN).ok();
    admin.assert_issued(1);
}

#[test]
fn a_clock_before_the_build_signs_nothing_and_makes_no_ca() {
    let admin = Admin::new(Token::softhsm());
    let locator = admin.token.locator("users");
    let init = ["init", "users", "--key", &locator, "--algorithm", "p256"];
    let ran = at(&admin, BEFORE_BUILD, &init).exits(1);
    ran.says("before this version of punchmark was made");
    assert!(!admin.ledger_file().exists());
    // No key was made either: its label is free.
    admin.init("users", "p256", "user").ok();
    admin.key("key", ED25519);
    let ran = at(&admin, BEFORE_BUILD, &SIGN).exits(1);
    ran.says("before this version of punchmark was made");
    assert_nothing_reserved(&admin);
}

#[test]
fn a_leap_fails_where_nobody_can_confirm_it_and_yes_does_not_help() {
    let admin = Admin::ready().and_key("key");
    for flags in [&[][..], &["--yes"]] {
        let ran = at(&admin, "+402d", &[&SIGN, flags].concat()).exits(1);
        ran.says("days after the last ledger entry, more than 400")
            .says("clock-leap-days");
    }
    assert_nothing_reserved(&admin);
    at(&admin, "+399d", &SIGN).ok();
    admin.assert_issued(1);
}

#[test]
fn the_config_sets_how_far_a_clock_may_leap() {
    let admin = Admin::ready().and_key("key");
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let config = format!("clock-leap-days = 3\n{config}");
    std::fs::write(admin.config_file(), config).unwrap();
    let ran = at(&admin, "+5d", &SIGN).exits(1);
    ran.says("5 days after the last ledger entry, more than 3");
    assert_nothing_reserved(&admin);
    at(&admin, "+2d", &SIGN).ok();
    admin.assert_issued(1);
}

#[test]
fn a_leap_goes_on_after_a_typed_yes() {
    let admin = Admin::ready().and_key("key");
    let (rest, code) = answered(&admin, "+402d", "yes");
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(1);
}

#[test]
fn a_leap_is_refused_for_any_other_answer() {
    let admin = Admin::ready().and_key("key");
    for answer in ["y", "YES", "no", "", "yes please"] {
        let (rest, code) = answered(&admin, "+402d", answer);
        assert_eq!(code, 1, "{answer:?}: {rest}");
    }
    assert_nothing_reserved(&admin);
}

/// A ledger whose last entry was written by a clock that was 300 days ahead.
fn written_ahead() -> Admin {
    let admin = Admin::ready().and_key("key");
    at(&admin, "+300d", &SIGN).ok();
    at(&admin, "+0", &SIGN)
        .exits(1)
        .says("ledger correct-clock");
    admin
}

#[test]
fn a_wrong_leap_is_healed_by_a_correction_that_is_typed_and_kept() {
    let admin = written_ahead();
    let correct = ["ledger", "correct-clock", "--reason", "battery"];
    let dry = [&correct[..], &["--dry-run"]].concat();
    let dry = admin.punchmark.run(&dry).ok();
    dry.says("the entry is wrong, the clock is right")
        .says("nothing was done");
    at(&admin, "+0", &SIGN).exits(1);
    let mut pty = Pty::start({
        let mut command = admin.punchmark.on_a_terminal();
        command.args(correct);
        command
    });
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.punchmark.run(&["ledger", "verify"]).ok();
    let export = admin.punchmark.run(&["ledger", "export"]).ok();
    assert!(export.stdout.contains(r#""reason":"battery""#), "{export}");
    let again = admin.punchmark.run(&correct).ok();
    again.says("nothing to correct");
}

#[test]
fn a_clock_is_not_corrected_where_nobody_can_type_yes_or_before_the_build() {
    let admin = written_ahead();
    let correct = ["ledger", "correct-clock", "--reason", "battery", "--yes"];
    at(&admin, "+0", &correct).exits(1).says("was not yes");
    let ran = at(&admin, BEFORE_BUILD, &correct).exits(1);
    ran.says("before this version of punchmark was made");
    at(&admin, "+0", &SIGN).exits(1);
}

/// A ledger without any kept head, as a backup on a new machine is.
fn without_a_head() -> Admin {
    let admin = Admin::ready().and_key("key");
    at(&admin, "+0", &SIGN).ok();
    std::fs::remove_dir_all(admin.punchmark.path("heads")).unwrap();
    std::fs::create_dir(admin.punchmark.path("heads")).unwrap();
    at(&admin, "+0", &SIGN).exits(1).says("ledger head adopt");
    admin
}

#[test]
fn no_head_is_adopted_by_a_clock_that_cannot_be_right() {
    let admin = without_a_head();
    let adopt = ["ledger", "head", "adopt"];
    let refused = at(&admin, "-600s", &adopt).exits(1);
    refused.says("before the last ledger entry");
    let refused = at(&admin, BEFORE_BUILD, &adopt).exits(1);
    refused.says("before this version of punchmark was made");
    let refused = at(&admin, "+402d", &adopt).exits(1);
    refused.says("days after the last ledger entry");
    let dry = at(&admin, "+0", &["ledger", "head", "adopt", "--dry-run"]).ok();
    dry.says("is the newest copy that there is")
        .says("nothing was done");
    at(&admin, "+0", &SIGN).exits(1);
    let mut pty = Pty::start({
        let mut command = admin.punchmark.on_a_terminal();
        command.args(adopt);
        command
    });
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    assert_eq!(pty.finish().1, 0);
    at(&admin, "+0", &SIGN).ok();
}

#[test]
fn an_older_ledger_is_not_resumed_by_a_clock_that_cannot_be_right() {
    let admin = Admin::ready().and_key("key");
    let old = std::fs::read(admin.ledger_file()).unwrap();
    at(&admin, "+0", &SIGN).ok();
    std::fs::write(admin.ledger_file(), old).unwrap();
    let resume = [
        "ledger",
        "resume",
        "--ca",
        "users",
        "--after",
        "9",
        "--no-krl",
        "--dry-run",
    ];
    let refused = at(&admin, "-600s", &resume).exits(1);
    refused.says("before the last ledger entry");
    at(&admin, "+402d", &resume).exits(1).says("days after");
    at(&admin, "+0", &resume)
        .ok()
        .says("Serials 1 to 9 of CA users");
}
