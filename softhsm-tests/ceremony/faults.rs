//! What fails in a room: a token that is pulled, a wrong PIN, a full disk, a clock. Each is named, and the
//! next run goes on to the same end with one key.

use std::fs;

use super::room::{Room, words_of};
use super::run::{OUTPUTS, assert_one_key};
use crate::harness::faketime::faketime;
use crate::harness::process::{bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;
use crate::harness::write;

/// Answers up to the first question that has these words; the terminal then waits for its answer.
pub(super) fn hold_until(room: &Room, mut pty: Pty, words: &str) -> Pty {
    let of_plan = room.checked()["words"].as_str().unwrap().to_owned();
    loop {
        let shown = pty.expect("\n> ");
        let question = shown.lines().last().unwrap().trim().to_owned();
        if question.contains(words) {
            return pty;
        }
        pty.type_line(&room.answer(&question, &of_plan));
    }
}

/// Goes on to the end, and an outsider finds all of it in order, with one key.
#[track_caller]
fn goes_on_to_the_end(room: &Room) {
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert_one_key(room);
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}

#[test]
fn a_token_that_is_pulled_before_its_key_is_made_is_named_and_goes_on_when_it_is_back() {
    for question in ["type \"make users\"", "type \"make ledger key\""] {
        let room = Room::new("2");
        let mut pty = hold_until(&room, room.start(), question);
        let (store, away) = (room.token.store(), room.account.path("away"));
        fs::rename(&store, &away).unwrap();
        fs::create_dir(&store).unwrap();
        pty.type_line(if question.contains("users") {
            "make users"
        } else {
            "make ledger key"
        });
        let (shown, code) = pty.finish();
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains("no token matches"), "{shown}");
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{shown}");
        fs::remove_dir_all(&store).unwrap();
        fs::rename(&away, &store).unwrap();
        goes_on_to_the_end(&room);
    }
}

#[test]
fn a_wrong_pin_is_named_and_tried_once_a_run() {
    let room = Room::new("2");
    write(&room.account.path("wrong"), "87654321\n", 0o600);
    let words = ["--pin-file", "wrong", "ceremony", "run", "plan.toml"];
    let (shown, code) = room.hold(room.started_by(BINARY, &words));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("PIN"), "{shown}");
    assert_eq!(room.objects("privkey", "users"), 0);
    assert!(!room.transcript().contains("87654321"));
    goes_on_to_the_end(&room);
}

#[test]
fn a_disk_that_is_full_at_any_write_stops_it_there_and_it_goes_on() {
    let room = Room::new("2");
    let (mut stops, mut call) = (0, 2);
    let words = loop {
        let inject = format!("inject=fdatasync,fsync,rename:error=ENOSPC:when={call}");
        let arguments = ["-f", "-qq", "-o", "/dev/null", "-e"];
        let traced = ["trace=fdatasync,fsync,rename", "-e", &inject, BINARY];
        let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
        let all = [&arguments[..], &traced, &own].concat();
        let (shown, code) = room.hold(room.started_by("strace", &all));
        if code == 0 {
            break words_of(&shown).0;
        }
        assert_eq!(code, 1, "{shown}");
        // As the standard library or as the system says it.
        let is_full = |words| shown.to_lowercase().contains(words);
        let full = is_full("no storage space") || is_full("no space left");
        assert!(full || is_full("disk is full"), "{shown}");
        stops += 1;
        call = 2 + stops % 11;
        assert!(stops < 200, "{shown}");
    };
    assert!(stops > 15, "{stops}");
    assert_one_key(&room);
    room.verify(&words, &OUTPUTS).ok();
}

#[test]
fn a_file_that_can_t_be_written_stops_it_and_it_goes_on_when_it_can() {
    for name in [
        "revoked.krl",
        "users.pub",
        "key-card.html",
        "head.txt",
        "punchmark.ledger",
    ] {
        let room = Room::new("2");
        let there = room.output(name);
        fs::create_dir_all(&there).unwrap();
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{name}: {shown}");
        assert!(shown.contains(name), "{name}: {shown}");
        fs::remove_dir(&there).unwrap();
        goes_on_to_the_end(&room);
    }
}

#[test]
fn a_clock_that_was_set_back_stops_it_and_one_that_is_right_goes_on() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "the number of the bag of");
    room.leave("ceremony/transcript.jsonl", pty);
    let before = room.transcript();
    let (shown, code) = two_hours_back(&room);
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("more than five minutes apart"), "{shown}");
    assert_eq!(room.transcript(), before);
    goes_on_to_the_end(&room);
}

#[test]
fn a_clock_before_the_last_entry_of_the_ledger_ends_nothing() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "is that on the screen");
    room.leave("ceremony/transcript.jsonl", pty);
    // The transcript is kept aside, so that the ledger alone knows the time.
    let file = room.output("transcript.jsonl");
    let kept = fs::read(&file).unwrap();
    write(&file, "", 0o644);
    let (shown, code) = two_hours_back(&room);
    assert_ne!(code, 0, "{shown}");
    assert!(shown.contains("clock"), "{shown}");
    write(&file, kept, 0o644);
    goes_on_to_the_end(&room);
}

/// A run whose clock says two hours less.
fn two_hours_back(room: &Room) -> (String, u8) {
    let program = ["-f", "-2h", BINARY, "--pin-file", "pin"];
    let arguments = [&program[..], &["ceremony", "run", "plan.toml"]].concat();
    room.hold(room.started_by(faketime(), &arguments))
}

#[test]
fn a_signature_that_something_else_left_is_made_anew() {
    for left in ["", "no signature\n"] {
        let room = Room::new("2");
        fs::create_dir_all(room.output("")).unwrap();
        write(&room.output("transcript.jsonl.sig"), left, 0o644);
        goes_on_to_the_end(&room);
    }
    // And when all else was done.
    let (room, words, _) = super::run::held("2");
    write(
        &room.output("transcript.jsonl.sig"),
        "no signature\n",
        0o644,
    );
    room.verify(&words, &OUTPUTS).exits(1);
    goes_on_to_the_end(&room);
}

#[test]
fn a_token_that_is_put_in_behind_the_step_that_looked_stops_it() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "type \"make ledger key\"");
    room.leave("ceremony/transcript.jsonl", pty);
    room.token.add_token("Another");
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("a device is there that the plan doesn't have"),
        "{shown}"
    );
    assert_eq!(room.objects("privkey", "ledger"), 0);
}

#[test]
fn a_run_that_goes_on_writes_down_no_pin_of_the_one_before() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "type \"make users\"");
    room.leave("ceremony/transcript.jsonl", pty);
    let mut pty = hold_until(&room, room.start(), "type \"make users\"");
    pty.type_line("!");
    pty.expect("what is otherwise?\r\n> ");
    pty.type_line("the sheet says 95925403");
    pty.expect("six digits or more");
    pty.expect("\n> ");
    pty.type_line("!");
    pty.expect("what is otherwise?\r\n> ");
    pty.type_line(&format!("token {} fell down", room.serial));
    pty.expect("\n> ");
    room.leave("ceremony/transcript.jsonl", pty);
    assert!(!room.transcript().contains("95925403"));
    assert!(room.transcript().contains("fell down"));
    goes_on_to_the_end(&room);
}

#[test]
fn a_run_that_is_ended_by_a_fault_leaves_no_core_file_and_tells_nobody_its_pin() {
    let room = Room::new("2");
    // Core files of any size would be left in the folder of the run.
    let script = format!(
        "ulimit -c unlimited; echo $$ > process; exec \"{BINARY}\" --pin-file pin ceremony run plan.toml"
    );
    // Up to where the PIN was typed, and a key is about to be made.
    let pty = room.started_by("sh", &["-c", &script]);
    let pty = hold_until(&room, pty, "type \"make users\"");
    let process = fs::read_to_string(room.account.path("process")).unwrap();
    let of = |name: &str| {
        let bytes = fs::read(format!("/proc/{}/{name}", process.trim())).unwrap();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    };
    let limits = of("limits");
    let core = limits.lines().find(|line| line.contains("core file"));
    let numbers: Vec<_> = core.unwrap().split_whitespace().rev().take(3).collect();
    assert_eq!(numbers, ["bytes", "0", "0"], "{limits}");
    for name in ["cmdline", "environ"] {
        assert!(!of(name).contains(PIN), "{name}");
    }
    run(bounded("kill").args(["-ABRT", process.trim()])).ok();
    let (shown, code) = pty.finish();
    assert_eq!(code, 134, "{shown}");
    assert!(!shown.contains("core dumped"), "{shown}");
    let left = fs::read_dir(room.account.home()).unwrap().flatten();
    let is_core = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("core");
    let cores: Vec<_> = left.map(|file| file.file_name()).filter(is_core).collect();
    assert!(cores.is_empty(), "{cores:?}");
    // And the next run goes on.
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert_one_key(&room);
}
