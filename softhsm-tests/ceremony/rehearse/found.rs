//! Rehearsals of plans that work on what is there: it is made for them, and the steps are the same.

mod bundles;
pub(in crate::ceremony) mod ends;
mod theft;
mod wrapped;

use std::fs;

use serde_json::Value;

use super::files_below;
use crate::ceremony::people::People;
use crate::ceremony::room::{Room, words_of};
use crate::harness::process::Ran;
use crate::harness::punchmark::BINARY;
use crate::harness::write;

/// What rehearses the plan of a room.
const REHEARSE: [&str; 3] = ["ceremony", "rehearse", "plan.toml"];

/// Who rehearses: with the PIN of the tokens that are thrown away, and with shares where there are some.
fn people(room: &Room) -> People {
    let read = |name: &str| fs::read_to_string(room.account.path(&format!("rehearsal/{name}")));
    let checked = ["ceremony", "check", "--json", "rehearsal/plan.toml"];
    let checked: Value = serde_json::from_str(&room.account.run(&checked).ok().stdout).unwrap();
    let mut people = People::of(
        &read("plan.toml").unwrap(),
        checked["words"].as_str().unwrap(),
    );
    let pin = read("pin").unwrap().trim().to_owned();
    for (question, _) in people.answers.clone() {
        if let Some((_, name)) = question.split_once("serial number of ") {
            let sheet = format!("REHEARSED the PIN of {name}");
            people.sheets.insert(sheet, pin.clone());
        }
    }
    let shares = read("shares.txt").unwrap_or_default();
    for (number, sheet) in (1..).zip(shares.split("\n\n").skip(1)) {
        let words = sheet.lines().last().unwrap().to_owned();
        let what = format!("the 20 words of share {number} of 3, off its sheet");
        people.sheets.insert(what, words);
    }
    people
}

/// Rehearses by a program that may start another one, until its end: what was shown, and the exit code.
/// Whoever answers is changed as the test wants it.
fn rehearsed(
    room: &Room,
    (program, arguments): (&str, &[&str]),
    change: impl Fn(&mut People),
) -> (String, u8) {
    let own = room.account.path("rehearsal/plan.toml");
    let was_there = own.exists();
    let mut pty = room.started_by(program, arguments);
    let mut shown = String::new();
    let mut first = None;
    if !was_there {
        match pty.expect_or_end("\n> ") {
            Ok(before) => first = Some(before),
            Err((rest, code)) => return (rest, code),
        }
    }
    let mut people = people(room);
    change(&mut people);
    if let Some(before) = first {
        let question = before.lines().last().unwrap().trim().to_owned();
        pty.type_line(&people.answer(&before, &question));
        shown += &before;
    }
    let (rest, code) = people.hold(pty);
    (shown + &rest, code)
}

pub(in crate::ceremony) fn rehearse(room: &Room, change: impl Fn(&mut People)) -> (String, u8) {
    rehearsed(room, (BINARY, &REHEARSE), change)
}

/// A room whose plan wants a rehearsal.
fn wants_one(room: Room) -> Room {
    let plan = room.text();
    room.write_plan(&plan.replace("requires-rehearsal = false", "requires-rehearsal = true"));
    room
}

pub(in crate::ceremony) fn check(room: &Room) -> Ran {
    let check = ["ceremony", "check", "plan.toml", "--rehearsal", "rehearsal"];
    room.account.run(&check)
}

/// The rehearsal counts, and nothing of it counts without any line and any file that it has.
#[track_caller]
fn assert_counts_whole(room: &Room) {
    check(room).ok();
    let folder = room.account.path("rehearsal/ceremony");
    let transcript = folder.join("transcript.jsonl");
    let whole = fs::read(&transcript).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        write(&transcript, dropped.concat(), 0o644);
        check(room).exits(1);
    }
    write(&transcript, &whole, 0o644);
    for file in files_below(&folder) {
        let whole = fs::read(&file).unwrap();
        let mut other = whole.clone();
        let at = other.len() / 2;
        other[at] ^= 1;
        write(&file, other, 0o644);
        check(room).exits(1);
        write(&file, whole, 0o644);
    }
    check(room).ok();
}

/// Whatever lies in the folder of the CA, byte for byte.
fn of_ca(room: &Room) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = files_below(&room.account.path("ca")).into_iter();
    let mut files: Vec<_> = files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// The words of a rehearsal that was held well.
#[track_caller]
fn words(shown: &str, code: u8) -> String {
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The REHEARSAL was held"), "{shown}");
    words_of(shown).0
}

/// Who types the words of the rehearsal, beside all that they know.
fn who_rehearsed(room: &Room, mut people: People) -> People {
    let words = ("words of the rehearsal".to_owned(), room.rehearsed());
    people.answers.push(words);
    people
}
