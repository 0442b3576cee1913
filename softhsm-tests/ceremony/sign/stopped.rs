//! What stops a ceremony over bundles, and what an outsider finds.

use std::fs;

use super::{OUTPUTS, Sides};
use crate::ceremony::room::words_of;
use crate::harness::write;

#[test]
fn whatever_is_on_the_medium_beside_the_bundles_stops_it_by_name_and_is_not_read() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik"]);
    sides.plan(&["one.bundle"]);
    let extra = sides.stick().join("autorun.inf");
    fs::write(&extra, "x").unwrap();
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("\"autorun.inf\" is on the medium"),
        "{shown}"
    );
    fs::remove_file(&extra).unwrap();
    // A bundle of another size isn't even opened.
    let bundle = sides.stick().join("one.bundle");
    let whole = fs::read(&bundle).unwrap();
    fs::write(&bundle, [whole.as_slice(), b"x"].concat()).unwrap();
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("it was not read"), "{shown}");
    let mut other = whole.clone();
    other[20] ^= 1;
    fs::write(&bundle, &other).unwrap();
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("has the SHA-256"), "{shown}");
    assert_eq!(sides.certificates(), 0);
    fs::write(&bundle, &whole).unwrap();
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn bundles_in_another_order_than_they_were_made_are_refused_before_anything_is_signed() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik"]);
    sides.make("two.bundle", &["anna"]);
    sides.plan(&["two.bundle", "one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_ne!(code, 0, "{shown}");
    assert!(shown.contains("== show two.bundle"), "{shown}");
    assert!(!shown.contains("== sign"), "{shown}");
    assert_eq!(sides.certificates(), 0);
}

#[test]
fn an_answer_that_was_changed_or_left_out_is_found() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    sides.plan(&["one.bundle"]);
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, _) = words_of(&shown);
    for name in OUTPUTS {
        let rest: Vec<_> = OUTPUTS.into_iter().filter(|one| *one != name).collect();
        sides.room.verify(&words, &rest).exits(1).says(name);
        let path = sides.room.output(name);
        let whole = fs::read(&path).unwrap();
        let mut other = whole.clone();
        let at = other.len() / 2;
        other[at] ^= 1;
        fs::write(&path, &other).unwrap();
        sides.room.verify(&words, &OUTPUTS).exits(1);
        fs::write(&path, &whole).unwrap();
    }
    // The same of each line of the transcript.
    let transcript = sides.room.transcript();
    let lines: Vec<_> = transcript.split_inclusive('\n').collect();
    for number in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(number);
        fs::write(sides.room.output("transcript.jsonl"), fewer.concat()).unwrap();
        sides.room.verify(&words, &OUTPUTS).exits(1);
    }
    fs::write(sides.room.output("transcript.jsonl"), &transcript).unwrap();
    sides.room.verify(&words, &OUTPUTS).ok();
}

#[test]
fn a_role_that_was_changed_behind_the_table_that_people_read_stops_it() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna"]);
    sides.plan(&["one.bundle"]);
    let room = &sides.room;
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    for (from, to) in [
        (
            "default = \"8h\", maximum = \"8h\"",
            "default = \"29d\", maximum = \"29d\"",
        ),
        (
            "default = [\"permit-pty\"], allowed = [\"permit-pty\"]",
            "default = [\"permit-pty\", \"permit-agent-forwarding\"], allowed = [\"permit-pty\", \"permit-agent-forwarding\"]",
        ),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let words = room.checked()["words"].as_str().unwrap().to_owned();
        let (mut pty, mut shown) = (room.start(), String::new());
        let code = loop {
            match pty.expect_or_end("\n> ") {
                Ok(before) => {
                    let question = before.lines().last().unwrap().trim().to_owned();
                    shown += &before;
                    if question.contains("type \"sign one.bundle\"") {
                        write(&config, &changed, 0o644);
                    }
                    pty.type_line(&room.answer(&question, &words));
                }
                Err((rest, code)) => {
                    shown += &rest;
                    break code;
                }
            }
        };
        assert_eq!(code, 1, "{shown}");
        let fault = "of one.bundle would be signed otherwise than it was shown";
        assert!(shown.contains(fault), "{shown}");
        assert_eq!(sides.certificates(), 0);
        write(&config, &text, 0o644);
    }
    // As it was shown, it goes on.
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    assert_eq!(sides.certificates(), 2);
}
