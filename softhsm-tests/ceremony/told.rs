//! Facts that somebody changed in a transcript before it was signed: its chain holds, its words are on paper, the
//! ledger has it, and an outsider's check says all the same what is not so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::copies::{IN_MEMORY, room_with};
use super::people::People;
use super::room::{Room, words_of};
use super::sign::{self, Sides};
use super::token_secrets::{self, token_room};
use super::verify::chained;
use super::{compromise, drill, restore, retire, run, shares, token_later};
use crate::harness::lock;
use crate::harness::process::{Ran, bounded, run as ran, wait_until};
use crate::harness::pty::Pty;

/// What of a transcript is the room's own word, as its format says.
const OWN_WORDS: [&str; 4] = [
    "device ",
    "decided one.bundle",
    "touches for ",
    "enrolment ",
];

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

/// A ceremony of a room: the folder of all that the machine keeps, a run, and an outsider's check with these words.
struct Stage<'a> {
    home: &'a Path,
    start: &'a dyn Fn() -> Pty,
    verify: &'a dyn Fn(&str) -> Ran,
}

fn each_that_was_changed(
    room: &Room,
    people: &mut People,
    (start, outputs): (impl Fn(&Room) -> Pty, &[&str]),
) -> Vec<String> {
    let stage = Stage {
        home: room.account.home(),
        start: &|| start(room),
        verify: &|words| room.verify(words, outputs),
    };
    stage.each_that_was_changed(people)
}

impl Stage<'_> {
    /// Holds a ceremony up to its last question. Then, for each fact: it is changed, the ceremony comes to its end,
    /// and signs what stands there. Gives the names of those that were found.
    fn each_that_was_changed(&self, people: &mut People) -> Vec<String> {
        // An entry that the transcript doesn't tell of any more is shown to the witness, and found all the same.
        let stranger = "what is that entry?".to_owned();
        people.answers.push((stranger, "nobody knows".to_owned()));
        let Self {
            home,
            start,
            verify,
        } = self;
        let is_last = |question: &str| question.contains("type end");
        assert_eq!(people.hold_until(start(), is_last), None);
        let file = home.join("ceremony/transcript.jsonl");
        wait_until("nobody has the transcript", || !lock::is_held(&file));
        let kept = crate::harness::scratch();
        let copy = |from: &Path, to: &Path| {
            ran(bounded("cp").arg("-aT").args([from, to])).ok();
        };
        copy(home, kept.path());
        let whole = fs::read_to_string(&file).unwrap();
        let mut found = Vec::new();
        for (at, name) in facts(&whole) {
            crate::harness::write(&file, changed(&whole, at), 0o644);
            let (shown, code) = people.hold(start());
            let told = if code == 0 {
                let verified = verify(&words_of(&shown).0);
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
        let (shown, code) = people.hold(start());
        assert_eq!(code, 0, "{shown}");
        verify(&words_of(&shown).0).ok();
        found
    }
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

#[test]
fn each_fact_of_a_session_over_bundles() {
    let sides = Sides::begun();
    sides.make_with("one.bundle", &["erik", "anna"], " --enroll peter=peter.pub");
    sides.carry_in("anna.pub");
    sides.in_room("revoke --key anna.pub --reason lost --yes");
    sides.plan(&["one.bundle"]);
    let room = &sides.room;
    let mut people = retire::people(room);
    let medium = "what is written on the medium".to_owned();
    people.answers.push((medium, "stick 4".to_owned()));
    let words = room.words_of_bundle("words of `one.bundle`");
    people
        .answers
        .push(("words of `one.bundle`".to_owned(), words));
    let start = |room: &Room| room.start();
    let found = each_that_was_changed(room, &mut people, (start, &sign::OUTPUTS));
    let own = [
        "medium before",
        "medium after",
        "decided at one.bundle",
        "refused one.bundle 2",
        "test certificate one.bundle",
        "lint one.bundle.test-cert.pub",
        "first certificate of one.bundle",
        "ssh-keygen -L of one.bundle",
        "signed one.bundle",
    ];
    assert_found(&found, &own);
}

#[test]
fn each_fact_of_a_key_in_a_token_that_shares_open() {
    let (room, mut people) = token_room("shares");
    let found = each_that_was_changed(&room, &mut people, (token_secrets::start, &run::OUTPUTS));
    let own = [
        "shares",
        "check of the secret",
        "opened by root",
        "secrets root",
    ];
    assert_found(&found, &own);
}

#[test]
fn each_fact_of_a_drill_by_shares() {
    let (room, mut people) = token_later::to_drill();
    let found = each_that_was_changed(&room, &mut people, (token_secrets::start, &drill::OUTPUTS));
    let own = [
        "shares",
        "check of the secret",
        "opened by root",
        "tried users",
    ];
    assert_found(&found, &own);
}

#[test]
fn each_fact_of_a_key_in_a_card_that_shares_open() {
    let room = shares::room();
    let mut people = shares::people(&room);
    let stage = Stage {
        home: room.admin.punchmark.home(),
        start: &|| room.start(),
        verify: &|words| room.verify(words),
    };
    let found = stage.each_that_was_changed(&mut people);
    let own = [
        "attested users",
        "attested ledger",
        "check of the secret",
        "opened by root",
    ];
    assert_found(&found, &own);
}
