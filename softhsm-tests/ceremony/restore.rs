//! A copy whose device takes the place of one that is lost, in a room.

use std::fs;

use super::retire::{drawn, hold, people, ran, two_tokens};
use super::room::{Room, killed_at_every_write, words_of};
use crate::harness::sshd::{Configuration, Sshd};

/// Everything that it makes, but for the transcript.
pub(super) const OUTPUTS: [&str; 3] = ["head.txt", "punchmark.ledger", "transcript.jsonl.sig"];
/// The place that is lost.
const LOST: &str = "pkcs11:token=Backup;object=users";

/// A room with a CA that was made in `Backup`, which is lost; its copy is in the token that is there.
pub(super) fn room() -> Room {
    let (room, _) = two_tokens("Backup");
    room.hide("Backup");
    let own = ["the safe was flooded", LOST, "Anna and Bob looked"];
    room.write_plan(&drawn(&room, "restore", None, &own));
    room
}

#[track_caller]
fn assert_restored(room: &Room, words: &str) {
    room.verify(words, &OUTPUTS).ok();
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    for (event, count) in [
        ("\"kind\":\"copy-tried\"", 1),
        ("\"became\":\"missing\"", 1),
        ("\"kind\":\"ceremony-held\"", 1),
        ("\"kind\":\"issued\"", 0),
    ] {
        let found = exported.matches(event).count();
        assert_eq!(found, count, "{event}: {exported}");
    }
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    let shown = ran(room, &["ca", "show", "users"]).ok();
    assert!(
        shown.stdout.contains("MISSING: whoever finds it can sign"),
        "{shown}"
    );
    let config = fs::read_to_string(room.account.path("ca/punchmark.toml")).unwrap();
    assert!(!config.contains("token=Backup"), "{config}");
}

#[test]
fn a_copy_takes_the_place_of_a_lost_token_signs_a_test_and_then_what_logs_in() {
    let room = room();
    let sign = ["sign", "-s", "users", "-I", "peter", "-n", "peter", "-V"];
    let sign = [&sign[..], &["+1h", "peter.pub"]].concat();
    ran(&room, &sign).exits(1);
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    assert!(script.contains("restore users to root"), "{script}");
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_restored(&room, &words);
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let report = [&report[..], &["plan.toml"]].concat();
    let page = room.account.run(&report).ok().stdout;
    assert!(page.contains("MISSING: Anna and Bob looked"), "{page}");
    // Held a second time it asks nothing and says the same.
    let before = room.transcript();
    let (again, code) = hold(&room);
    assert_eq!((code, words_of(&again).0), (0, words), "{again}");
    assert_eq!(room.transcript(), before);
    ran(&room, &sign).ok();
    let trusted = room.account.path("ca/users.pub");
    let sshd = Sshd::start(&Configuration::users(&trusted, &["peter"]));
    sshd.login(&room.account.path("peter")).ok();
}

#[test]
fn a_restore_that_is_killed_at_every_write_goes_on_to_the_same_end() {
    let room = room();
    let mut people = people(&room);
    let own = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let words = killed_at_every_write(9, &own, |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_restored(&room, &words);
}

#[test]
fn what_is_not_lost_or_not_known_is_told_before_anything_is_given_up() {
    let room = room();
    let plan = room.text();
    for (locator, words) in [
        ("pkcs11:object=users", "may be the device that goes on"),
        (
            "pkcs11:token=Third;object=users",
            "neither ledger nor config has the key of `users` in lost place 1",
        ),
    ] {
        room.write_plan(&plan.replace(LOST, locator));
        let (shown, code) = hold(&room);
        assert_eq!(code, 1, "{shown}");
        assert!(shown.contains(words), "{shown}");
        let exported = ran(&room, &["ledger", "export"]).ok().stdout;
        assert!(!exported.contains("missing"), "{exported}");
        fs::remove_dir_all(room.account.path("ceremony")).unwrap();
    }
}

#[test]
fn a_ledger_key_in_no_device_of_the_room_is_told_before_anything_is_written() {
    let room = room();
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    let (own, rest) = text.split_once('\n').unwrap();
    let elsewhere = own.replace("token=Root%20CA", "token=Elsewhere");
    assert_ne!(own, elsewhere);
    crate::harness::write(&config, format!("{elsewhere}\n{rest}"), 0o600);
    let fault = "device: none is that of the ledger key";
    let checked = room.account.run(&["ceremony", "check", "plan.toml"]);
    let checked = checked.exits(1);
    assert!(checked.stderr.contains(fault), "{checked}");
    assert!(checked.stderr.contains("plan.toml: line "), "{checked}");
    crate::harness::write(&config, &text, 0o600);
    let mut people = people(&room);
    crate::harness::write(&config, format!("{elsewhere}\n{rest}"), 0o600);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains(fault), "{shown}");
    assert_eq!(room.transcript(), "");
}

#[test]
fn each_line_of_a_restore_that_was_dropped_and_a_ledger_of_before_are_found() {
    let room = room();
    let ledger = room.account.path("ca/punchmark.ledger");
    let of_before = fs::read(&ledger).unwrap();
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        crate::harness::write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
    crate::harness::write(&file, &whole, 0o644);
    room.verify(&words, &OUTPUTS).ok();
    crate::harness::write(&room.output("punchmark.ledger"), of_before, 0o644);
    room.verify(&words, &OUTPUTS).exits(1).says("ledger");
}
