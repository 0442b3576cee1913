//! Whether a card still trusts whoever comes after us.
//!
//! What looks is a client that selects nothing: selecting would forget the PIN by itself.

use std::process::Stdio;
use std::time::Duration;

use virtual_yubikey::card::Finger;
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::ED25519;
use crate::harness::process::wait_until;
use crate::harness::yubikey::{PIN, PLAIN, Wanted, task};

#[test]
fn the_card_forgets_the_pin_at_the_end_and_after_an_error() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    assert!(!is_verified(&admin));
    admin.sign(&["-n", "peter", "missing.pub"]).fails();
    assert!(!is_verified(&admin));
    admin.assert_issued(1);
}

#[test]
fn the_card_forgets_the_pin_when_the_program_is_killed() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "always",
        ..PLAIN
    });
    admin.key("key", ED25519);
    admin
        .card()
        .set_finger(Finger::After(Duration::from_secs(2)));
    let _of_init = admin.card().take_headers();
    let mut child = admin
        .punchmark
        .background()
        .args(["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let signs = |header: &[u8; 4]| header[1] == 0x87;
    wait_until("the card is asked to sign", || {
        admin.card().take_headers().iter().any(signs)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!is_verified(&admin));
    admin.assert_issued(0);
}

#[test]
fn the_client_that_looks_sees_a_verified_pin() {
    if let Some(task) = task() {
        return look(&task);
    }
    let admin = Admin::with_ca_in_card(&PLAIN);
    assert!(!is_verified(&admin));
    assert!(answers(&admin, VERIFY_FIRST));
}

fn is_verified(admin: &Admin<Pcscd>) -> bool {
    answers(admin, "look")
}

/// Whether a VERIFY without a PIN is answered by yes.
fn answers(admin: &Admin<Pcscd>, task: &str) -> bool {
    admin.run_client(
        "yubikey_session::the_client_that_looks_sees_a_verified_pin",
        task,
    )
}

/// The client: stops unless the card says that its PIN is verified.
fn look(task: &str) {
    let context = pcsc::Context::establish(pcsc::Scope::System).unwrap();
    let readers = context.list_readers_owned().unwrap();
    let connect = |reader: &std::ffi::CString| {
        let (mode, protocols) = (pcsc::ShareMode::Shared, pcsc::Protocols::T1);
        context.connect(reader, mode, protocols).ok()
    };
    let card = readers.iter().find_map(connect).unwrap();
    let mut buffer = [0; 258];
    if task == VERIFY_FIRST {
        card.transmit(SELECT, &mut buffer).unwrap();
        let verify = [&[0, 0x20, 0, 0x80, 8], PIN.as_bytes(), &[0xff; 2]].concat();
        card.transmit(&verify, &mut buffer).unwrap();
    }
    let answer = card.transmit(&[0, 0x20, 0, 0x80], &mut buffer).unwrap();
    assert_eq!(answer, [0x90, 0]);
}

const VERIFY_FIRST: &str = "verify first";
const SELECT: &[u8] = &[0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8];
