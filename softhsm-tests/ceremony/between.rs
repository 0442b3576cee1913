//! What happens between two runs of a ceremony: in its ledger, to the clock, in its folder. It is said, or stops
//! the next run.

use std::fs;

use super::faults::hold_until;
use super::room::{Room, date, words_of};
use super::run::{OUTPUTS, assert_one_key};
use crate::harness::faketime::faketime;
use crate::harness::keygen;
use crate::harness::process::{bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// Holds a ceremony to its end, where `other` answers what the room does not.
fn hold_with(
    room: &Room,
    mut pty: Pty,
    mut other: impl FnMut(&str) -> Option<String>,
) -> (String, u8) {
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    let mut shown = String::new();
    loop {
        match pty.expect_or_end("\n> ") {
            Ok(before) => {
                let question = before.lines().last().unwrap().trim().to_owned();
                shown += &before;
                let answer = other(&question);
                pty.type_line(&answer.unwrap_or_else(|| room.answer(&question, &words)));
            }
            Err((rest, code)) => return (shown + &rest, code),
        }
    }
}

fn of_config(room: &Room, arguments: &[&str]) {
    let config = ["--config", "ca/punchmark.toml"];
    room.account.pinned(&[&config[..], arguments].concat()).ok();
}

#[test]
fn what_was_done_in_the_ledger_between_two_runs_is_said_and_told() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "is that on the screen");
    room.leave("ceremony/transcript.jsonl", pty);
    keygen::make(room.account.home(), "u", keygen::ED25519);
    let sign = ["sign", "-s", "users", "-I", "eve", "-n", "root", "u.pub"];
    of_config(&room, &sign);
    let said = |question: &str| {
        question
            .contains("what is that entry?")
            .then(|| "a certificate for the fire brigade".to_owned())
    };
    // One while the run waits at its last question, too.
    let mut is_signed = false;
    let (shown, code) = hold_with(&room, room.start(), |question| {
        if question.contains("type end") && !std::mem::replace(&mut is_signed, true) {
            of_config(&room, &["revoke", "-s", "users", "--serial", "1"]);
        }
        said(question)
    });
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("none of the plan's"), "{shown}");
    let told = room.verify(&words_of(&shown).0, &OUTPUTS).ok().stdout;
    for words in [
        "deviation in `ledger`, by Bob: entry ",
        "key ID \"eve\"",
        "certificates or keys were revoked",
        "a certificate for the fire brigade",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn a_ceremony_that_was_cut_short_is_brought_to_its_end_behind_its_window() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "is that on the screen");
    room.leave("ceremony/transcript.jsonl", pty);
    let program = ["-f", "+2d", BINARY, "--pin-file", "pin"];
    let arguments = [&program[..], &["ceremony", "run", "plan.toml"]].concat();
    let pty = room.started_by(faketime(), &arguments);
    let mut why = Vec::new();
    let (shown, code) = hold_with(&room, pty, |question| {
        if question.contains("the time in UTC") {
            return Some(date("+2 days"));
        }
        let asks = question.contains("why does it go on behind its window?");
        asks.then(|| {
            why.push(question.to_owned());
            "the power was out".to_owned()
        })
    });
    assert_eq!(code, 0, "{shown}");
    assert_eq!(why.len(), 1, "{why:?}");
    let told = room.verify(&words_of(&shown).0, &OUTPUTS).ok().stdout;
    let words = "deviation in `window`, by Bob: the power was out";
    assert!(told.contains(words), "{told}");
}

#[test]
fn a_clock_that_was_set_between_two_runs_or_within_one_stops_it() {
    let room = Room::new("2");
    let pty = hold_until(&room, room.start(), "type \"make users\"");
    room.leave("ceremony/transcript.jsonl", pty);
    let before = room.transcript();
    let program = ["-f", "+3h", BINARY, "--pin-file", "pin"];
    let arguments = [&program[..], &["ceremony", "run", "plan.toml"]].concat();
    let (shown, code) = room.hold(room.started_by(faketime(), &arguments));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("more than five minutes apart"), "{shown}");
    // Nothing was written that a right clock couldn't go on behind.
    assert_eq!(room.transcript(), before);
    // By libfaketime, which reads the file anew at each look.
    let offset = room.account.path("offset");
    write(&offset, "+0\n", 0o600);
    let script = format!(
        "lib=$(dirname \"$({} -f +0 sh -c 'echo $LD_PRELOAD')\")/libfaketime.so.1; \
         FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1 \
         FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$lib exec \"{BINARY}\" --pin-file pin ceremony run plan.toml",
        faketime(),
        offset.display()
    );
    let pty = room.started_by("sh", &["-c", &script]);
    let (shown, code) = hold_with(&room, pty, |question| {
        if question.contains("type \"make ledger key\"") {
            write(&offset, "+3h\n", 0o600);
        }
        None
    });
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("clock was set by about 180 minutes"),
        "{shown}"
    );
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert_one_key(&room);
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}

#[test]
fn what_is_no_transcript_is_left_alone_and_the_folder_of_the_ca_is_none_of_a_ceremony() {
    let room = Room::new("2");
    let first = room.text();
    fs::create_dir_all(room.output("")).unwrap();
    let file = room.output("transcript.jsonl");
    let stopped = |says: &str| {
        let (shown, code) = room.hold(room.start());
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(says), "{says}: {shown}");
        assert_eq!(room.objects("privkey", "users"), 0);
    };
    write(&file, "my diary", 0o600);
    stopped("goes on with what is no line of a transcript");
    assert_eq!(fs::read_to_string(&file).unwrap(), "my diary");
    fs::rename(&file, room.account.path("diary")).unwrap();
    std::os::unix::fs::symlink(room.account.path("diary"), &file).unwrap();
    stopped("is no file, but something else of that name");
    fs::remove_file(&file).unwrap();
    run(bounded("mkfifo").arg(&file)).ok();
    stopped("is no file, but something else of that name");
    fs::remove_file(&file).unwrap();
    // The folder of the config, by its name, which the plan itself shows, and by a link.
    let in_folder = |folder: &str| {
        let plan = first.replace("folder  = \"ceremony\"", &format!("folder  = {folder:?}"));
        assert_ne!(plan, first);
        room.write_plan(&plan);
    };
    for folder in ["ca", "./ca"] {
        in_folder(folder);
        let ran = room.account.run(&["ceremony", "run", "plan.toml"]);
        ran.fails().says("folder: is that of the config");
    }
    std::os::unix::fs::symlink(room.account.path("ca"), room.account.path("link")).unwrap();
    in_folder("link");
    stopped("is the folder of the CA's config and ledger");
    assert!(!room.account.path("ca/transcript.jsonl").exists());
}
