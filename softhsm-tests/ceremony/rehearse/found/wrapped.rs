//! Wrapped keys that components open, or that end, practised on such as were made for it.

use std::fs;

use super::ends::collects;
use super::theft::locks_out;
use super::{
    REHEARSE, assert_counts_whole, check, of_ca, rehearse, rehearsed, wants_one, who_rehearsed,
    words,
};
use crate::ceremony::components::{self, ended, opened};
use crate::ceremony::kills::killed_now_and_then;
use crate::ceremony::people::People;
use crate::ceremony::room::{Room, words_of};
use crate::harness::process::run;
use crate::harness::punchmark::BINARY;

/// The medium, its bags, and the components off the sheets that the rehearsal hands out.
fn holds_components(room: &Room, people: &mut People) {
    for (question, answer) in [
        ("written on the new medium", "REHEARSAL stick 7"),
        ("the bag of the medium", "REHEARSAL M1"),
        ("the bag that the medium", "REHEARSAL M2"),
        ("the envelope that component 1", "REHEARSAL K1"),
        ("the envelope that component 2", "REHEARSAL K2"),
        ("the envelope that component 3", "REHEARSAL K3"),
    ] {
        people
            .answers
            .push((question.to_owned(), answer.to_owned()));
    }
    for (number, words) in (1..).zip(components_of(room)) {
        let what = format!("the 20 words of component {number} of 3, off its sheet");
        people.sheets.insert(what, words);
    }
}

fn components_of(room: &Room) -> Vec<String> {
    let sheets = fs::read_to_string(room.account.path("rehearsal/components.txt")).unwrap();
    let words = |sheet: &str| sheet.lines().last().unwrap().to_owned();
    sheets.split("\n\n").skip(1).map(words).collect()
}

/// What of the ledger of the rehearsal, or of the CA, is in its entries.
fn exported(room: &Room, config: &str) -> String {
    let export = ["--config", config, "ledger", "export"];
    room.account.run(&export).ok().stdout
}

/// Rehearses the plan of a room, which touches nothing of the CA.
#[track_caller]
fn rehearsed_apart(room: &Room, change: impl Fn(&mut People)) -> String {
    let before = of_ca(room);
    let stick = fs::read(room.account.path("stick/users.wrapped")).unwrap();
    let (shown, code) = rehearse(room, change);
    words(&shown, code);
    assert_eq!(of_ca(room), before);
    let file = room.account.path("stick/users.wrapped");
    assert_eq!(fs::read(file).unwrap(), stick);
    let transcript = fs::read_to_string(room.account.path("rehearsal/ceremony/transcript.jsonl"));
    let transcript = transcript.unwrap();
    assert!(
        transcript.contains(" with its wrapped key and components"),
        "{transcript}"
    );
    let paper = fs::read_to_string(room.account.path("rehearsal/paper.html")).unwrap();
    assert!(
        paper.contains("with its wrapped key and components"),
        "{paper}"
    );
    shown
}

/// The words of components are in no file but that which hands them out.
#[track_caller]
fn assert_components_are_in_no_file(room: &Room) {
    for words in components_of(room) {
        let part = words.split(' ').skip(4).take(4).collect::<Vec<_>>();
        let mut grep = crate::harness::process::bounded("grep");
        grep.args(["-rlF", &part.join(" ")])
            .arg(room.account.home());
        let found = run(&mut grep).stdout;
        assert!(
            found.trim().ends_with("rehearsal/components.txt"),
            "{found}"
        );
        assert_eq!(found.trim().lines().count(), 1, "{found}");
    }
}

/// A room in which the wrapped key is opened, by this kind of ceremony.
fn room(write_plan: impl Fn(&Room, &str)) -> (Room, People) {
    let (room, sheets, words) = opened::room();
    write_plan(&room, &words);
    (wants_one(room), sheets)
}

/// The ceremony itself, with the words of its rehearsal: the words of its transcript.
#[track_caller]
fn held(room: &Room, sheets: &People) -> String {
    let run = ["ceremony", "run", "plan.toml", "--rehearsal", "rehearsal"];
    let mut people = who_rehearsed(room, opened::people(room, sheets));
    let (shown, code) = people.hold(room.started_by(BINARY, &run));
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify_with(&words, &opened::OUTPUTS, &["--rehearsal", "rehearsal"])
        .ok();
    words
}

#[test]
fn a_restore_out_of_a_file_is_practised_with_one_that_was_made_for_it() {
    let (room, sheets) = room(opened::to_restore);
    let refused = room.account.run(&["ceremony", "check", "plan.toml"]).ok();
    assert!(refused.stdout.contains("a rehearsal is required"));
    rehearsed_apart(&room, |people| holds_components(&room, people));
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"missing\"").count(), 1, "{own}");
    assert_eq!(own.matches("\"kind\":\"copy-tried\"").count(), 1, "{own}");
    // The token of the plan got nothing.
    assert!(!opened::objects_of_third(&room).contains("Private Key"));
    let config = fs::read_to_string(room.account.path("rehearsal/ca/punchmark.toml")).unwrap();
    assert!(config.contains("token=REHEARSAL%20third"), "{config}");
    assert_components_are_in_no_file(&room);
    assert_counts_whole(&room);
    held(&room, &sheets);
    let own = exported(&room, "ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"missing\"").count(), 1, "{own}");
}

#[test]
fn a_drill_onto_a_spare_is_practised_and_leaves_nothing_there() {
    let (room, sheets) = room(opened::to_drill);
    rehearsed_apart(&room, |people| holds_components(&room, people));
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"result\":\"proved\"").count(), 1, "{own}");
    let mut tool = room.token.tool();
    tool.env(
        "SOFTHSM2_CONF",
        room.account.path("rehearsal/softhsm2.conf"),
    );
    let pin = fs::read_to_string(room.account.path("rehearsal/pin")).unwrap();
    tool.args(["--token-label", "REHEARSAL third", "--login", "--pin"]);
    let listed = run(tool.arg(pin.trim()).arg("--list-objects")).ok().stdout;
    assert!(!listed.contains("Private Key"), "{listed}");
    assert_counts_whole(&room);
    held(&room, &sheets);
}

#[test]
fn a_component_that_is_missing_can_be_practised_too() {
    let (room, _) = room(opened::to_drill);
    let lacks = |people: &mut People| {
        holds_components(&room, people);
        for number in [1, 2] {
            let what = format!("the 20 words of component {number} of 3, off its sheet");
            people.sheets.insert(what, "missing".to_owned());
        }
    };
    let (shown, code) = rehearse(&room, lacks);
    words(&shown, code);
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"result\":\"failed\"").count(), 1, "{own}");
    check(&room).ok();
}

#[test]
fn killed_now_and_then_the_rehearsal_with_a_wrapped_key_comes_to_its_end() {
    for write_plan in [opened::to_restore, opened::to_drill] {
        let (room, _) = room(write_plan);
        let before = of_ca(&room);
        killed_now_and_then(&REHEARSE, |arguments| {
            let held = ("strace", arguments);
            rehearsed(&room, held, |people| holds_components(&room, people))
        });
        check(&room).ok();
        assert_eq!(of_ca(&room), before);
        let own = exported(&room, "rehearsal/ca/punchmark.toml");
        assert_eq!(own.matches("\"kind\":\"copy-tried\"").count(), 1, "{own}");
    }
}

/// A room in which `users` ends, and its wrapped key so.
fn ends(of_blob: &str) -> Room {
    let (room, _, words) = components::held();
    components::end(&room, &words, of_blob);
    wants_one(room)
}

#[test]
fn the_end_of_file_and_components_is_practised_on_those_of_the_rehearsal() {
    let room = ends("file = \"stick/users.wrapped\"");
    rehearsed_apart(&room, collects);
    let file = "rehearsal/medium/rehearsal-users.wrapped";
    assert!(!room.account.path(file).exists());
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"destroyed\"").count(), 3, "{own}");
    for words in [
        "its file was overwritten, removed, and read back as gone",
        "by hand: REHEARSAL: all three sheets were shredded",
    ] {
        assert!(own.contains(words), "{words}: {own}");
    }
    assert_counts_whole(&room);
}

#[test]
fn a_wrapped_key_that_is_missing_is_so_in_a_rehearsal_too() {
    let room = ends("missing = \"not in the safe, Anna and Bob looked\"");
    rehearsed_apart(&room, collects);
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"missing\"").count(), 1, "{own}");
    check(&room).ok();
}

#[test]
fn the_end_of_a_wrapped_key_alone_is_practised_with_a_token_that_is_gone() {
    let room = ends("by-hand = \"the stick went under a hammer\"");
    let plan = room.text();
    let (before, after) = plan.split_once("\n[[copy]]").unwrap();
    let (_, after) = after.split_once("\n[[copy]]").unwrap();
    // What the CA itself has is none of a rehearsal.
    let plan =
        format!("{before}\n[[copy]]{after}").replace("\"ca/punchmark.toml\"", "\"x/y.toml\"");
    // No device of the room has the key, as the plan must say.
    let plan = plan.replacen("device      = \"root\"\n", "", 1);
    room.write_plan(&plan);
    rehearsed_apart(&room, collects);
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"destroyed\"").count(), 3, "{own}");
    assert!(own.contains("the token was thrown away"), "{own}");
    check(&room).ok();
}

#[test]
fn a_night_in_which_the_medium_is_gone_as_well_is_practised() {
    let (room, blob, _) = ended::stolen();
    let room = wants_one(room);
    rehearsed_apart(&room, locks_out);
    let own = exported(&room, "rehearsal/ca/punchmark.toml");
    assert_eq!(own.matches("\"became\":\"missing\"").count(), 1, "{own}");
    assert!(!own.contains(&blob), "{own}");
    assert_counts_whole(&room);
}
