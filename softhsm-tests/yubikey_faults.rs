//! What goes wrong with a YubiKey in the middle of things, and what is said of it.

use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use virtual_yubikey::card::Finger;
use virtual_yubikey::fault::{Fault, Moment, Plan, Pull};
use virtual_yubikey::pcscd::Pcscd;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::wait_until;
use crate::harness::pty::Pty;
use crate::harness::yubikey::{PLAIN, Wanted, task};

const SIGN: [&str; 4] = ["-n", "peter", "--files-from", "list"];

/// A CA in a card, three keys to sign, and one thing that will go wrong.
fn ready(wanted: &Wanted, moment: Moment, fault: Fault) -> Admin<Pcscd> {
    let admin = Admin::with_ca_in_card(wanted);
    admin.list_of_keys(3);
    admin.card().set_plan(Plan::default().and(moment, fault));
    admin
}

#[test]
fn a_wrong_pin_costs_one_try_and_the_last_try_needs_a_typed_yes() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    admin.punchmark.write_pin("pin", "654321");
    for left in ["2 tries are left", "only one try is left"] {
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        ran.says("wrong PIN, tried once").says(left);
    }
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("one PIN try left").says("typed yes");
    for (answer, words, code) in [("no", "typed yes", 1), ("yes", "serial 1 of users", 0)] {
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"]);
        let mut pty = Pty::start(command);
        pty.expect("Type yes if that is right: ");
        pty.type_line(answer);
        if code == 0 {
            pty.expect("PIN for");
            pty.type_line("123456");
        }
        let (rest, exit) = pty.finish();
        assert!(exit == code && rest.contains(words), "{rest}");
    }
    admin.assert_issued(1);
}

#[test]
fn a_locked_pin_is_said_before_one_is_asked_for() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    let status = Fault::Status(0x6983);
    admin
        .card()
        .set_plan(Plan::default().and(Moment::EveryInstruction(0x20), status));
    let unpinned = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];
    admin
        .punchmark
        .run(&unpinned)
        .exits(1)
        .says("the PIN is locked");
}

#[test]
fn a_pin_of_a_length_that_no_card_takes_is_not_tried() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    for pin in ["12345", "123456789"] {
        admin.punchmark.write_pin("pin", pin);
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        ran.says("6 to 8 characters").says("not tried");
    }
    let tokens = admin.punchmark.run(&["tokens", "--json"]).ok();
    assert!(tokens.stdout.contains("\"pin-tries-left\":3"), "{tokens}");
}

#[test]
fn a_card_that_is_pulled_and_put_back_goes_on() {
    for pull in [Pull::Before, Pull::During, Pull::After] {
        let back = Some(Duration::from_millis(1500));
        let admin = ready(&PLAIN, Moment::Signature(2), Fault::Pull(pull, back));
        admin.sign(&SIGN).ok();
        admin.assert_issued(3);
    }
}

#[test]
fn a_card_that_stays_away_ends_the_run_and_the_ledger_tells() {
    let fault = Fault::Pull(Pull::Before, None);
    let admin = ready(&PLAIN, Moment::Signature(2), fault);
    let start = Instant::now();
    let ran = admin.sign(&SIGN).exits(1);
    ran.says("YubiKey 12345678 is gone").says("--resume");
    assert!(start.elapsed() < Duration::from_secs(30));
    admin.assert_issued(1);
    admin.put_back(admin.card());
    admin.sign(&[&SIGN[..], &["--resume"]].concat()).ok();
    admin.assert_issued(3);
}

#[test]
fn nonsense_and_cut_answers_are_healed_once() {
    for fault in [
        Fault::Status(0x6f00),
        Fault::Cut(20),
        Fault::Cut(3),
        Fault::Nonsense(b"\x7c\x04\x83\x02ab\x90\x00".to_vec()),
        Fault::Nonsense(b"\x7c\x82\x90\x00".to_vec()),
    ] {
        let admin = ready(&PLAIN, Moment::Signature(2), fault.clone());
        let ran = admin.sign(&SIGN).ok();
        assert!(!ran.stderr.contains("panicked"), "{fault:?}\n{ran}");
        admin.assert_issued(3);
    }
}

#[test]
fn a_card_that_always_refuses_ends_the_run() {
    let admin = ready(&PLAIN, Moment::EverySignature, Fault::Status(0x6f00));
    admin.sign(&SIGN).exits(1).says("the card refuses");
    admin.assert_issued(0);
}

#[test]
fn a_signature_that_is_not_this_key_s_is_thrown_away() {
    let der = b"\x7c\x0a\x82\x08\x30\x06\x02\x01\x07\x02\x01\x09\x90\x00";
    let admin = ready(
        &PLAIN,
        Moment::EverySignature,
        Fault::Nonsense(der.to_vec()),
    );
    admin.sign(&SIGN).exits(1).says("thrown away");
    admin.assert_issued(0);
}

#[test]
fn a_card_that_never_answers_ends_the_run_in_time() {
    let admin = ready(&PLAIN, Moment::Signature(2), Fault::Silence);
    let start = Instant::now();
    admin.sign(&SIGN).exits(1).says("no answer in 20 seconds");
    assert!(start.elapsed() < Duration::from_secs(60));
    admin.assert_issued(1);
}

#[test]
fn nobody_touches_and_that_is_told_from_a_missing_pin() {
    for pin in ["never", "once", "always"] {
        let admin = Admin::with_ca_in_card(&Wanted {
            pin,
            touch: "always",
            ..PLAIN
        });
        admin.list_of_keys(3);
        admin.card().set_touch_timeout(Duration::from_millis(500));
        admin.card().set_finger(Finger::Absent);
        let ran = admin.sign(&SIGN).exits(1);
        ran.says("touch YubiKey 12345678 now")
            .says("was not touched in time");
        admin.assert_issued(0);
    }
}

#[test]
fn a_cached_touch_is_asked_for_only_while_the_card_waits() {
    let admin = Admin::with_ca_in_card(&Wanted {
        touch: "cached",
        ..PLAIN
    });
    admin.list_of_keys(3);
    let quick = admin.sign(&SIGN).ok();
    assert!(!quick.stderr.contains("touch YubiKey"), "{quick}");
    admin
        .card()
        .set_finger(Finger::After(Duration::from_secs(2)));
    let waited = admin.sign(&SIGN).ok();
    let asked = waited.stderr.matches("touch YubiKey").count();
    assert_eq!(asked, 1, "{waited}");
}

#[test]
fn a_pin_that_another_program_made_the_card_forget_is_shown_again() {
    let forgotten = Fault::Status(0x6982);
    let admin = ready(&PLAIN, Moment::Signature(2), forgotten);
    admin.sign(&SIGN).ok();
    admin.assert_issued(3);
}

#[test]
fn a_daemon_that_is_not_there_is_said_to_be_missing() {
    let mut admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    admin.token.kill();
    let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
    ran.says("no PC/SC daemon (pcscd) answers");
    admin.token.resume().unwrap();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn a_daemon_that_dies_in_a_run_and_comes_back_is_found_again() {
    let mut admin = Admin::with_ca_in_card(&PLAIN);
    admin.list_of_keys(3);
    admin.card().set_signature_time(Duration::from_millis(500));
    let _of_init = admin.card().take_headers();
    let arguments = [&["sign", "-s", "users", "-I", "id"][..], &SIGN].concat();
    let mut child = admin.punchmark.background();
    let child = child.args(arguments).stderr(Stdio::piped()).spawn();
    wait_until("the card is asked to sign", || {
        let headers = admin.card().take_headers();
        headers.iter().any(|header| header[1] == 0x87)
    });
    admin.token.kill();
    admin.token.resume().unwrap();
    let output = child.unwrap().wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    admin.assert_issued(3);
}

#[test]
fn a_card_that_is_not_the_one_is_named() {
    let admin = Admin::with_cards(&["5.7.1"]);
    let ran = admin.adopt("users", "yubikey:serial=7;slot-id=9c").exits(1);
    ran.says("no token matches yubikey:serial=7;slot-id=9c; seen: YubiKey 12345678");
}

#[test]
fn a_slot_without_a_key_is_said_with_those_that_have_one() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    let ran = admin.adopt("other", "yubikey:slot-id=9a").exits(1);
    ran.says("no private key matches yubikey:slot-id=9a; seen: slot 9c");
}

#[test]
fn a_card_that_another_program_has_alone_is_said_to_be_so() {
    if let Some(task) = task() {
        return hold(&task);
    }
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    while_held(&admin, "exclusive", || {
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        ran.says("used by another program alone");
    });
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    admin.assert_issued(1);
}

#[test]
fn another_program_s_transaction_is_waited_for() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    while_held(&admin, "transaction", || {
        admin.sign(&["-n", "peter", "key.pub"]).ok();
    });
    admin.assert_issued(1);
}

#[test]
fn a_card_that_another_program_resets_in_the_middle_goes_on() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    // pcscd lets a reset in only between two transactions, and its client asks ten times a
    // second: the run must last until one of its questions falls there.
    admin.list_of_keys(200);
    admin.card().set_signature_time(Duration::from_millis(300));
    let _of_init = admin.card().take_headers();
    let arguments = [&["sign", "-s", "users", "-I", "id"][..], &SIGN].concat();
    let mut child = admin.punchmark.background();
    let child = child.args(arguments).stderr(Stdio::piped()).spawn();
    wait_until("the card is asked to sign", || {
        let headers = admin.card().take_headers();
        headers.iter().any(|header| header[1] == 0x87)
    });
    assert!(admin.run_client(CLIENT, "reset"));
    admin.card().set_signature_time(Duration::ZERO);
    let output = child.unwrap().wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let verifies = admin.card().take_headers();
    let verifies = verifies.iter().filter(|h| h[1] == 0x20).count();
    assert!(verifies >= 1, "the PIN was shown again after the reset");
    admin.assert_issued(200);
}

#[test]
fn a_transaction_without_end_is_given_up_in_time() {
    let admin = Admin::with_ca_in_card(&PLAIN);
    admin.key("key", ED25519);
    while_held(&admin, "long transaction", || {
        let start = Instant::now();
        let ran = admin.sign(&["-n", "peter", "key.pub"]).exits(1);
        assert!(start.elapsed() < Duration::from_secs(40), "{ran}");
        assert!(
            ran.stderr.contains("is another program using the card?"),
            "{ran}"
        );
    });
    admin.assert_issued(0);
    admin.sign(&["-n", "peter", "key.pub"]).ok();
}

/// Does `work` while another program holds the card for some seconds.
fn while_held(admin: &Admin<Pcscd>, task: &str, work: impl FnOnce()) {
    thread::scope(|scope| {
        let holder = scope.spawn(|| admin.run_client(CLIENT, task));
        let held = admin.punchmark.path(HELD);
        wait_until("the card is held", || held.exists());
        work();
        assert!(holder.join().unwrap());
    });
}

fn hold(task: &str) {
    let context = pcsc::Context::establish(pcsc::Scope::System).unwrap();
    let mode = match task {
        "exclusive" => pcsc::ShareMode::Exclusive,
        _ => pcsc::ShareMode::Shared,
    };
    let readers = context.list_readers_owned().unwrap();
    let connect =
        |reader: &std::ffi::CString| context.connect(reader, mode, pcsc::Protocols::T1).ok();
    let mut card = readers.iter().find_map(connect).unwrap();
    if task == "reset" {
        let reset = card.disconnect(pcsc::Disposition::ResetCard);
        return assert!(reset.is_ok());
    }
    let held = task.ends_with("transaction");
    let held = held.then(|| card.transaction().unwrap());
    std::fs::write(HELD, "").unwrap();
    thread::sleep(Duration::from_secs(if task == "long transaction" {
        45
    } else {
        3
    }));
    drop(held);
}

/// What the other program writes into the home folder once it has the card.
const HELD: &str = "held";

/// The test that this binary runs again as a client of the cards.
const CLIENT: &str = "yubikey_faults::a_card_that_another_program_has_alone_is_said_to_be_so";

#[test]
fn an_ed25519_message_of_any_length_that_a_card_takes_is_signed() {
    for pin in ["once", "always"] {
        let admin = Admin::with_ca_in_card(&Wanted {
            algorithm: "ed25519",
            pin,
            ..PLAIN
        });
        let key = admin.key("key", ED25519);
        let sign = |id: &str| {
            let arguments = [
                "sign", "-s", "users", "-n", "a", "-O", "clear", "-I", id, "key.pub",
            ];
            admin.punchmark.pinned(&arguments)
        };
        sign("a").ok();
        let exactly = "a".repeat(1 + 255 - signed_length(&key));
        sign(&exactly).ok();
        assert_eq!(signed_length(&key), 255);
        sign(&format!("{exactly}a")).ok();
        admin.sign(&["-n", &principals(150), "key.pub"]).ok();
        assert!(signed_length(&key) > 2000);
        admin.assert_issued(4);
        let ran = admin.sign(&["-n", &principals(250), "key.pub"]).exits(1);
        ran.says("where the CA's key takes at most 3040");
        assert_eq!(admin.ledger().len(), 4, "no serial was spent");
    }
}

fn principals(count: u8) -> String {
    let names: Vec<_> = (0..count).map(|n| format!("principal{n:03}")).collect();
    names.join(",")
}

/// How many bytes of the certificate beside `key` were signed.
fn signed_length(key: &Path) -> usize {
    let line = std::fs::read_to_string(keygen::certificate(key)).unwrap();
    let certificate = ssh_key::Certificate::from_openssh(&line).unwrap();
    // The signature: a string of a string and 64 bytes.
    certificate.to_bytes().unwrap().len() - (4 + 4 + 11 + 4 + 64)
}
