//! A new CA beside another, and the restore, drill and end of one, practised.

use std::fs;

use super::{
    REHEARSE, assert_counts_whole, check, of_ca, rehearse, rehearsed, wants_one, who_rehearsed,
    words,
};
use crate::ceremony::kills::killed_now_and_then;
use crate::ceremony::people::People;
use crate::ceremony::room::{Room, killed_within, words_of};
use crate::ceremony::{drill, restore, retire, rollover};
use crate::harness::punchmark::BINARY;

/// Where the sheet with the PIN is collected.
pub(super) fn collects(people: &mut People) {
    let paper = (
        "with the PIN of `root`".to_owned(),
        "REHEARSAL E1".to_owned(),
    );
    people.answers.push(paper);
}

/// Rehearses the plan of a room, and holds it then: what is in its ledger only then.
#[track_caller]
fn rehearsed_and_held(room: Room, event: &str) -> Room {
    let room = wants_one(room);
    let before = of_ca(&room);
    let (shown, code) = rehearse(&room, collects);
    words(&shown, code);
    assert_eq!(of_ca(&room), before);
    let exported = |config: &str| {
        let export = ["--config", config, "ledger", "export"];
        room.account.run(&export).ok().stdout
    };
    assert!(exported("rehearsal/ca/punchmark.toml").contains(event));
    assert!(!exported("ca/punchmark.toml").contains(event));
    check(&room).ok();
    let run = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let run = [&run[..], &["--rehearsal", "rehearsal"]].concat();
    let mut people = who_rehearsed(&room, retire::people(&room));
    let (shown, code) = people.hold(room.started_by(BINARY, &run));
    assert_eq!(code, 0, "{shown}");
    words_of(&shown);
    assert!(exported("ca/punchmark.toml").contains(event));
    room
}

#[test]
fn a_new_ca_beside_another_is_made_beside_one_that_was_made_for_it() {
    rehearsed_and_held(rollover::room(), "\"kind\":\"stage-reached\"");
}

#[test]
fn a_restore_is_practised_with_a_token_that_was_lost_for_it() {
    let room = rehearsed_and_held(restore::room(), "\"became\":\"missing\"");
    assert_counts_whole(&room);
}

#[test]
fn an_end_is_practised_on_keys_that_were_made_for_it() {
    rehearsed_and_held(retire::room(), "\"became\":\"destroyed\"");
}

#[test]
fn a_drill_is_practised_on_a_copy_that_was_made_for_it() {
    rehearsed_and_held(drill::room(), "\"tried-for\":\"drill\"");
}

#[test]
fn killed_at_every_write_the_rehearsal_of_an_end_comes_to_its_end() {
    let room = retire::room();
    killed_within(24, 12, &REHEARSE, |arguments| {
        rehearsed(&room, ("strace", arguments), collects)
    });
    check(&room).ok();
}

/// Rehearses the plan of a room by runs that are killed: nothing of the CA is touched by any of them.
#[track_caller]
fn killed_and_held(room: Room, event: &str) {
    let room = wants_one(room);
    let before = of_ca(&room);
    killed_now_and_then(&REHEARSE, |arguments| {
        rehearsed(&room, ("strace", arguments), collects)
    });
    check(&room).ok();
    assert_eq!(of_ca(&room), before);
    let export = [
        "--config",
        "rehearsal/ca/punchmark.toml",
        "ledger",
        "export",
    ];
    let exported = room.account.run(&export).ok().stdout;
    assert_eq!(exported.matches(event).count(), 1, "{exported}");
}

#[test]
fn killed_now_and_then_the_rehearsal_of_a_restore_comes_to_its_end() {
    killed_and_held(restore::room(), "\"kind\":\"copy-tried\"");
}

#[test]
fn killed_now_and_then_the_rehearsal_of_a_rollover_comes_to_its_end() {
    killed_and_held(rollover::room(), "\"kind\":\"stage-reached\"");
}

#[test]
fn killed_now_and_then_the_rehearsal_of_a_drill_comes_to_its_end() {
    killed_and_held(drill::room(), "\"kind\":\"copy-tried\"");
}

/// The plan of a drill whose device three custodians open.
pub(in crate::ceremony) fn opened_by_shares(room: &Room) {
    let plan = room.text();
    let kept = plan
        .lines()
        .filter(|line| !line.starts_with("pin-envelope"));
    let line = |line: &str| {
        if line.starts_with("pins ") {
            return "pins = \"shares\"\n".to_owned();
        }
        format!("{line}\n")
    };
    let person =
        |name: &&str| format!("[[person]]\nname = \"{name}\"\nroles = [\"custodian\"]\n\n");
    let people: String = ["Cem", "Erik", "Gus"].iter().map(person).collect();
    let custody = "[custody]\nthreshold = 2\ncustodians = [\"Cem\", \"Erik\", \"Gus\"]\n\
                   envelopes = [\"S1\", \"S2\", \"S3\"]\n";
    let text: String = kept.map(line).collect();
    room.write_plan(&format!("{text}\n{people}{custody}"));
}

/// The envelopes that the shares go into again.
fn seals_shares(people: &mut People) {
    for number in 1..=3 {
        let seal = format!("REHEARSAL S{number}");
        people
            .answers
            .push((format!("with share {number}"), seal.clone()));
        people.answers.push((format!("that share {number}"), seal));
    }
}

#[test]
fn shares_that_open_the_devices_are_those_of_the_rehearsal() {
    let room = wants_one(drill::room());
    opened_by_shares(&room);
    let (shown, code) = rehearse(&room, seals_shares);
    words(&shown, code);
    assert!(
        shown.contains("shares 1, 2, 3 of 3 typed, 2 needed"),
        "{shown}"
    );
    let transcript = room.account.path("rehearsal/ceremony/transcript.jsonl");
    let transcript = fs::read_to_string(transcript).unwrap();
    let shares = fs::read_to_string(room.account.path("rehearsal/shares.txt")).unwrap();
    for sheet in shares.split("\n\n").skip(1) {
        let words = sheet.lines().last().unwrap();
        assert_eq!(words.split(' ').count(), 20, "{sheet}");
        assert!(!transcript.contains(words), "{transcript}");
    }
    assert_counts_whole(&room);
}
