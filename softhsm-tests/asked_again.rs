//! A person at a terminal who mistypes a card's PIN, or misses its touch, gets a second chance.

use std::time::Duration;

use virtual_yubikey::card::Finger;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::wait_until;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{PIN, PLAIN, Wanted};

const SIGN: [&str; 8] = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];

fn at_a_terminal<T>(admin: &Admin<T>) -> Pty {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(SIGN);
    Pty::start(command)
}

#[test]
fn a_mistyped_pin_of_a_card_is_typed_again_while_tries_are_left() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    let mut pty = at_a_terminal(&admin);
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line("654321");
    pty.expect("YubiKey 12345678: wrong PIN; the token says 2 tries are left");
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line(PIN);
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(1);
}

#[test]
fn the_last_try_of_a_card_is_not_spent_by_typing_again() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    let mut pty = at_a_terminal(&admin);
    for (wrong, left) in [
        ("654321", "2 tries are left"),
        ("765432", "only one try is left"),
    ] {
        pty.expect("PIN for YubiKey 12345678: ");
        pty.type_line(wrong);
        pty.expect(left);
    }
    pty.expect("one PIN try left; a wrong PIN locks it");
    pty.expect("Type yes if that is right: ");
    pty.type_line("no");
    let (rest, code) = pty.finish();
    assert!(code == 1 && !rest.contains("PIN for"), "{rest}");
    // The one that is left wants a typed yes.
    admin
        .punchmark
        .pinned(&SIGN)
        .exits(1)
        .says("one PIN try left");
    admin.assert_issued(0);
}

#[test]
fn a_missed_touch_rings_and_is_asked_for_once_more() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "always",
        ..PLAIN
    });
    admin.key("key", ED25519);
    let card = admin.card();
    card.set_touch_timeout(Duration::from_secs(1));
    card.set_finger(Finger::Absent);
    let _of_init = card.take_headers();
    let mut pty = at_a_terminal(&admin);
    pty.expect("PIN for YubiKey 12345678: ");
    pty.type_line(PIN);
    // What the card makes of the finger is settled when the command comes.
    wait_until("the card waits for a finger", || {
        card.take_headers().iter().any(|header| header[1] == 0x87)
    });
    card.set_finger(Finger::Present);
    pty.expect("\u{7}");
    pty.expect("was not touched in time; it is asked once more");
    pty.expect("touch YubiKey 12345678 now");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    admin.assert_issued(1);
}
