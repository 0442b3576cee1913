//! Facts that somebody changed in a transcript before it was signed: its chain holds, its words are on paper, the
//! ledger has it, and an outsider's check says all the same what is not so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::copies::{IN_MEMORY, room_with};
use super::people::People;
use super::room::{Room, words_of};
use super::verify::chained;
use super::{compromise, drill, restore, retire, run};
use crate::harness::lock;
use crate::harness::process::{bounded, run as ran, wait_until};
use crate::harness::pty::Pty;

/// What of a transcript is the room's own word, as its format says.
const OWN_WORDS: [&str; 1] = ["device "];

/// The facts of a transcript, by the numbers of their lines from 0.
fn facts(transcript: &str) -> BTreeMap<usize, String> {
    let facts = transcript.lines().enumerate().filter_map(|(at, line)| {
        let line: Value = serde_json::from_str(line).unwrap();
        let event = &line["event"];
        (event["kind"] == "fact").then(|| (at, event["name"].as_str().unwrap().to_owned()))
    });
    facts.collect()
}

/// The transcript with another value in this line, chained anew.
fn changed(transcript: &str, at: usize) -> String {
    let lines = transcript.lines().enumerate().map(|(number, line)| {
        if number == at {
            let (before, _) = line.rsplit_once("\"}}").unwrap();
            return format!("{before} otherwise\"}}}}\n");
        }
        format!("{line}\n")
    });
    chained(&lines.collect::<String>())
}

/// Holds a ceremony up to its last question. Then, for each fact: it is changed, the ceremony comes to its end, and
/// signs what stands there. Gives the names of those that were found.
fn each_that_was_changed(
    room: &Room,
    people: &mut People,
    (start, outputs): (impl Fn(&Room) -> Pty, &[&str]),
) -> Vec<String> {
    let is_last = |question: &str| question.contains("type end");
    assert_eq!(people.hold_until(start(room), is_last), None);
    let file = room.output("transcript.jsonl");
    wait_until("nobody has the transcript", || !lock::is_held(&file));
    let (home, kept) = (room.account.home(), crate::harness::scratch());
    let copy = |from: &Path, to: &Path| {
        ran(bounded("cp").arg("-aT").args([from, to])).ok();
    };
    copy(home, kept.path());
    let whole = room.transcript();
    let mut found = Vec::new();
    for (at, name) in facts(&whole) {
        crate::harness::write(&file, changed(&whole, at), 0o644);
        let (shown, code) = people.hold(start(room));
        let told = if code == 0 {
            let verified = room.verify(&words_of(&shown).0, outputs);
            match verified.code {
                Some(0) => None,
                _ => Some(verified.stderr),
            }
        } else {
            Some(shown)
        };
        match told {
            None if OWN_WORDS.iter().any(|own| name.starts_with(own)) => {}
            None => panic!("{name} counts for nothing"),
            Some(told) => {
                // Of a public key its fingerprint tells.
                let names = [name.as_str(), &name.replace("public key", "fingerprint")];
                let is_named = names.iter().any(|name| told.contains(name));
                let of_ledger = told.contains("ledger");
                assert!(is_named || of_ledger, "{name}: {told}");
                found.push(name);
            }
        }
        empty(home);
        copy(kept.path(), home);
    }
    // What nobody changed is in order.
    let (shown, code) = people.hold(start(room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, outputs).ok();
    found
}

/// Whatever a run left behind there, an index that is newer than its ledger say, is gone.
fn empty(folder: &Path) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[track_caller]
fn assert_found(found: &[String], wanted: &[&str]) {
    for name in wanted {
        assert!(found.iter().any(|one| one == name), "{name}: {found:?}");
    }
}

#[test]
fn each_fact_of_a_key_that_is_made_and_put_into_two_tokens() {
    let (room, mut people) = room_with(IN_MEMORY);
    let start = |room: &Room| super::copies::start(room);
    let found = each_that_was_changed(&room, &mut people, (start, &run::OUTPUTS));
    let own = [
        "copy users in spare",
        "NOT ATTESTED users",
        "public key users",
    ];
    assert_found(&found, &own);
    assert_found(&found, &["clocks, the machine's last", "program"]);
}

#[test]
fn each_fact_of_a_restore() {
    let room = restore::room();
    let mut people = retire::people(&room);
    let start = |room: &Room| room.start();
    let found = each_that_was_changed(&room, &mut people, (start, &restore::OUTPUTS));
    let own = [
        "copy 1",
        "end of copy 1",
        "restored users",
        "test signed by users",
    ];
    assert_found(&found, &own);
    assert_found(&found, &["test signature users", "ledger before"]);
}

#[test]
fn each_fact_of_a_drill() {
    let room = drill::room();
    let mut people = retire::people(&room);
    let start = |room: &Room| room.start();
    let found = each_that_was_changed(&room, &mut people, (start, &drill::OUTPUTS));
    let own = [
        "test signed by users",
        "test signature users",
        "tried users",
    ];
    assert_found(&found, &own);
}

#[test]
fn each_fact_of_an_end() {
    let room = retire::room();
    let mut people = retire::people(&room);
    let start = |room: &Room| room.start();
    let found = each_that_was_changed(&room, &mut people, (start, &retire::OUTPUTS));
    assert_found(&found, &["copy 1", "end of copy 1", "retired users"]);
}

#[test]
fn each_fact_of_what_follows_a_theft() {
    let room = compromise::room();
    let mut people = compromise::who_lock_out(&room);
    let start = |room: &Room| room.start();
    let found = each_that_was_changed(&room, &mut people, (start, &compromise::OUTPUTS));
    assert_found(
        &found,
        &["emergency 1", "servers", "stage", "retired users"],
    );
}
