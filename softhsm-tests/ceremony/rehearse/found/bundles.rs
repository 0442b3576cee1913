//! A session over bundles, practised on bundles that were made for it.

use std::fs;

use super::{REHEARSE, assert_counts_whole, check, of_ca, rehearse, rehearsed, wants_one, words};
use crate::ceremony::people::People;
use crate::ceremony::room::{Room, killed_within, words_of};
use crate::ceremony::sign::{OUTPUTS, Sides};
use crate::harness::punchmark::BINARY;

/// A session over one bundle whose plan wants a rehearsal.
fn sides() -> Sides {
    let mut sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    sides.plan(&["one.bundle"]);
    sides.room = wants_one(sides.room);
    sides
}

/// Who reads the words of the bundles and what stands on the medium off the paper of the rehearsal.
fn reads(room: &Room, people: &mut People) {
    let plan = fs::read_to_string(room.account.path("rehearsal/plan.toml")).unwrap();
    for table in plan.split("[[bundle]]").skip(1) {
        let value = |key: &str| {
            let line = table.lines().find(|line| line.starts_with(key)).unwrap();
            line.split('"').nth(1).unwrap().to_owned()
        };
        let words: Vec<_> = value("words = ")
            .split(' ')
            .take(8)
            .map(str::to_owned)
            .collect();
        let question = format!("words of `{}`", value("file = "));
        people.answers.push((question, words.join(" ")));
    }
    let label = (
        "written on the medium".to_owned(),
        "REHEARSAL stick 4".to_owned(),
    );
    people.answers.push(label);
}

#[test]
fn a_session_is_practised_on_what_its_bundles_ask_for_under_names_of_a_rehearsal() {
    let sides = sides();
    let room = &sides.room;
    let before = of_ca(room);
    let (shown, code) = rehearse(room, |people| reads(room, people));
    words(&shown, code);
    for words in [
        "rehearsal-erik",
        "role rehearsal-engineer",
        "rehearsal-anna",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(of_ca(room), before);
    let export = [
        "--config",
        "rehearsal/ca/punchmark.toml",
        "ledger",
        "export",
    ];
    let exported = room.account.run(&export).ok().stdout;
    assert_eq!(exported.matches("\"kind\":\"issued\"").count(), 2);
    assert_counts_whole(room);
    let run = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let run = [&run[..], &["--rehearsal", "rehearsal"]].concat();
    let (shown, code) = room.hold(room.started_by(BINARY, &run));
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify_with(&words, &OUTPUTS, &["--rehearsal", "rehearsal"])
        .ok();
    assert_eq!(sides.certificates(), 2);
}

#[test]
fn killed_at_every_write_the_rehearsal_of_a_session_signs_for_people_who_are_made_up() {
    let sides = sides();
    let room = &sides.room;
    // The bundles are not at hand.
    fs::remove_dir_all(sides.stick()).unwrap();
    killed_within(30, 15, &REHEARSE, |arguments| {
        rehearsed(room, ("strace", arguments), |people| reads(room, people))
    });
    check(room).ok();
    let table = "rehearsal/ceremony/rehearsal-one.bundle.table.txt";
    let table = fs::read_to_string(room.account.path(table)).unwrap();
    assert!(table.contains("rehearsal-2"), "{table}");
}
