//! Two cards that hold the same CA key, and what is said of their touches.

use std::time::Duration;

use virtual_yubikey::card::Finger;
use virtual_yubikey::fault::{Fault, Moment, Plan, Pull};
use virtual_yubikey::link::Link;
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::P256;
use crate::harness::process::Ran;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{PIN, PLAIN, Wanted, pull};

const SIGN: [&str; 4] = ["-n", "peter", "--files-from", "list"];

/// A key that a person made and put into both cards by the maker's tool; a CA of both.
fn two_cards(touch: &str) -> Admin<Pcscd> {
    // With a management key that yubico-piv-tool 2.2 knows.
    let admin = Admin::with_cards(&["5.4.3", "5.4.3"]);
    let ca = admin.key("ca", P256);
    let pem = ["-q", "-p", "-m", "PEM", "-P", "", "-N", "", "-f"];
    let ca = ca.display().to_string();
    admin.tool("ssh-keygen", &[&pem[..], &[&ca]].concat());
    for reader in ["-r#0", "-r#1"] {
        let mut import = vec![reader, "-aimport-key", "-s9c", "-i", &ca];
        import.extend(["--pin-policy=once"]);
        let touch = format!("--touch-policy={touch}");
        import.push(&touch);
        admin.tool("yubico-piv-tool", &import);
    }
    admin
        .adopt("users", "yubikey:serial=12345678;slot-id=9c")
        .ok();
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let one = "\"yubikey:serial=12345678;slot-id=9c\"";
    let both = format!("[ {one}, \"yubikey:serial=12345679;slot-id=9c\" ]");
    std::fs::write(admin.config_file(), config.replace(one, &both)).unwrap();
    for card in cards(&admin) {
        let _of_setup = card.take_headers();
    }
    admin
}

/// Signs with a PIN file for each of the two cards.
fn sign(admin: &Admin<Pcscd>, more: &[&str]) -> Ran {
    let files = ["--pin-file", "12345678=pin", "--pin-file", "12345679=pin"];
    let sign = ["sign", "-s", "users", "-I", "id"];
    admin
        .punchmark
        .run(&[&files[..], &sign, &SIGN, more].concat())
}

/// How many PIN tries each card has left, by its own word.
fn tries_left(admin: &Admin<Pcscd>) -> [u64; 2] {
    let ran = admin.punchmark.run(&["tokens", "--json"]).ok();
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let tries = |card| told["yubikeys"][card]["pin-tries-left"].as_u64();
    [0, 1].map(|card| tries(card).unwrap())
}

fn cards(admin: &Admin<Pcscd>) -> [&Link; 2] {
    [0, 1].map(|number| admin.token.link(number).unwrap())
}

fn signatures(card: &Link) -> usize {
    let headers = card.take_headers();
    headers.iter().filter(|header| header[1] == 0x87).count()
}

#[test]
fn two_cards_with_one_key_share_a_batch() {
    let admin = two_cards("never");
    admin.list_of_keys(12);
    for card in cards(&admin) {
        card.set_signature_time(Duration::from_millis(100));
    }
    sign(&admin, &[]).ok();
    admin.assert_issued(12);
    let shares = cards(&admin).map(signatures);
    assert_eq!(shares.iter().sum::<usize>(), 12);
    assert!(shares.iter().all(|share| *share >= 4), "{shares:?}");
}

/// A PIN that the second card gets for itself.
const OTHER_PIN: &str = "730285";

fn two_pins() -> Admin<Pcscd> {
    let admin = two_cards("never");
    let old = format!("-P{PIN}");
    let new = format!("-N{OTHER_PIN}");
    admin.tool("yubico-piv-tool", &["-r#1", "-achange-pin", &old, &new]);
    for card in cards(&admin) {
        let _of_setup = card.take_headers();
    }
    admin
}

/// How often a card was asked for its PIN, or for the tries that are left of it.
fn verifications(card: &Link) -> usize {
    let headers = card.take_headers();
    headers.iter().filter(|header| header[1] == 0x20).count()
}

#[test]
fn a_pin_file_for_no_card_by_name_is_shown_to_the_first_card_alone() {
    let admin = two_pins();
    admin.list_of_keys(2);
    for _run in 0..6 {
        let ran = admin.sign(&SIGN).ok();
        ran.says("no PIN was given for YubiKey 12345679: the one from")
            .says("is for YubiKey 12345678")
            .says("the run goes on without");
    }
    admin.assert_issued(12);
    assert_eq!(tries_left(&admin), [3, 3]);
}

#[test]
fn a_card_that_refuses_its_pin_leaves_the_run_to_the_other_and_keeps_its_last_try() {
    let admin = two_pins();
    admin.list_of_keys(2);
    for words in [
        "wrong PIN, tried once",
        "wrong PIN, tried once",
        "one PIN try left",
    ] {
        // The second card's PIN is another.
        let ran = sign(&admin, &[]).ok();
        ran.says(words).says("the run goes on without");
    }
    admin.assert_issued(6);
    assert_eq!(tries_left(&admin), [3, 1]);
}

#[test]
fn what_the_first_card_refused_is_not_shown_to_the_second() {
    let admin = two_pins();
    admin.list_of_keys(2);
    let other = admin.punchmark.write_pin("other-pin", OTHER_PIN);
    let mut arguments = vec!["--pin-file", other.to_str().unwrap()];
    arguments.extend(["sign", "-s", "users", "-I", "id"]);
    arguments.extend(SIGN);
    let ran = admin.punchmark.run(&arguments).exits(1);
    ran.says("wrong PIN, tried once");
    assert_eq!(tries_left(&admin), [2, 3]);
    admin.assert_issued(0);
}

#[test]
fn each_card_gets_the_pin_file_that_was_named_for_its_serial() {
    let admin = two_pins();
    admin.list_of_keys(2);
    admin.punchmark.write_pin("other", OTHER_PIN);
    let sign = ["sign", "-s", "users", "-I", "id"];
    let files = ["--pin-file", "12345678=pin", "--pin-file", "12345679=other"];
    let arguments = [&sign[..], &SIGN, &files].concat();
    admin.punchmark.run(&arguments).ok();
    assert_eq!(tries_left(&admin), [3, 3]);
    admin.assert_issued(2);
}

#[test]
fn each_card_has_a_pin_source_of_its_own() {
    let admin = two_pins();
    admin.list_of_keys(2);
    let mut config = std::fs::read_to_string(admin.config_file()).unwrap();
    for (serial, pin) in [("12345678", PIN), ("12345679", OTHER_PIN)] {
        let source = admin.punchmark.write_pin(serial, pin);
        let one = format!("yubikey:serial={serial};slot-id=9c");
        config = config.replace(&one, &format!("{one}?pin-source={}", source.display()));
    }
    std::fs::write(admin.config_file(), config).unwrap();
    let sign = ["sign", "-s", "users", "-I", "id"];
    let arguments = [&sign[..], &SIGN[..]].concat();
    admin.punchmark.run(&arguments).ok();
    assert_eq!(cards(&admin).map(verifications), [2, 2]);
    admin.assert_issued(2);
}

#[test]
fn each_card_s_pin_is_asked_for_by_name() {
    let admin = two_cards("never");
    admin.list_of_keys(2);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "-s", "users", "-I", "id"]).args(SIGN);
    let mut pty = Pty::start(command);
    for card in ["YubiKey 12345678", "YubiKey 12345679"] {
        pty.expect(&format!("PIN for {card}: "));
        pty.type_line(PIN);
    }
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(2);
}

#[test]
fn a_card_that_is_not_plugged_in_is_left_out_and_one_with_another_key_stops_the_run() {
    let admin = two_cards("never");
    admin.list_of_keys(3);
    let [first, second] = cards(&admin);
    pull(&admin.token, 0);
    let ran = sign(&admin, &[]).ok();
    ran.says("no token matches yubikey:serial=12345678;slot-id=9c; seen: YubiKey 12345679")
        .says("the run goes on without yubikey:serial=12345678;slot-id=9c");
    admin.assert_issued(3);
    pull(&admin.token, 1);
    let none = sign(&admin, &[]).exits(1);
    none.says("no token matches yubikey:serial=12345678;slot-id=9c");
    for card in [first, second] {
        admin.put_back(card);
    }
    let tool = ["-r#0", "-agenerate", "-s9c", "-AECCP256", "-oa.pem"];
    admin.tool("yubico-piv-tool", &tool);
    sign(&admin, &[]).exits(1).says("is not that of CA `users`");
    assert_eq!(admin.ledger().len(), 3, "no serial was taken");
}

#[test]
fn a_card_that_is_pulled_leaves_its_work_to_the_other() {
    let admin = two_cards("never");
    admin.list_of_keys(8);
    let [first, second] = cards(&admin);
    first.set_plan(Plan::default().and(Moment::Signature(2), Fault::Pull(Pull::Before, None)));
    second.set_signature_time(Duration::from_millis(200));
    let ran = sign(&admin, &[]).ok();
    ran.says("YubiKey 12345678 is gone")
        .says("the run goes on without YubiKey 12345678");
    admin.assert_issued(8);
    assert_eq!(admin.ledger().len(), 8, "no serial was lost");
}

#[test]
fn when_both_are_pulled_the_run_ends_and_the_ledger_tells() {
    let admin = two_cards("never");
    admin.list_of_keys(8);
    for card in cards(&admin) {
        let pulled = Fault::Pull(Pull::Before, None);
        card.set_plan(Plan::default().and(Moment::Signature(2), pulled));
    }
    let ran = sign(&admin, &[]).exits(1);
    ran.says("is gone").says("--resume");
    admin.assert_issued(2);
    for card in cards(&admin) {
        admin.put_back(card);
    }
    sign(&admin, &["--resume"]).ok();
    admin.assert_issued(8);
}

#[test]
fn a_card_that_nobody_touches_leaves_its_work_to_the_one_that_is() {
    let admin = two_cards("always");
    admin.list_of_keys(5);
    let [first, _second] = cards(&admin);
    first.set_finger(Finger::Absent);
    first.set_touch_timeout(Duration::from_millis(600));
    let ran = sign(&admin, &[]).ok();
    ran.says("this run needs 5 touches, one a certificate")
        .says("YubiKey 12345678 was not touched in time");
    admin.assert_issued(5);
}

#[test]
fn each_touch_says_which_one_it_is_and_how_long_the_card_waits() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "always",
        ..PLAIN
    });
    admin.list_of_keys(3);
    let ran = admin.sign(&SIGN).ok();
    assert!(
        ran.stderr
            .contains("this run needs 3 touches, one a certificate\n"),
        "{ran}"
    );
    for number in 1..=3 {
        let words = format!("touch YubiKey 12345678 now ({number} of 3); it waits 15 seconds\n");
        assert_eq!(ran.stderr.matches(&words).count(), 1, "{ran}");
    }
}

#[test]
fn a_touch_is_asked_for_beside_the_bar_of_a_long_run() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "always",
        ..PLAIN
    });
    admin.list_of_keys(12);
    let finger = Finger::After(Duration::from_millis(700));
    admin.card().set_finger(finger);
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "-s", "users", "-I", "id"]).args(SIGN);
    let mut pty = Pty::start(command);
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line(PIN);
    pty.expect("this run needs 12 touches, one a certificate");
    for number in 1..=12 {
        pty.expect(&format!("touch YubiKey 12345678 now ({number} of 12)"));
    }
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(12);
}
