//! Plans that `ceremony plan --shares` draws, held as they are but for what their people know.

use super::people::People;
use super::room::{Room, with_window, words_of};
use super::run::OUTPUTS;
use super::token_secrets::start;
use crate::harness::module::Module;
use crate::harness::token::{PIN, SO_PIN};

/// A room with a token, and the plan of so many people of whom 2 of 3 open it.
fn room(people: &[&str], holders: [&str; 3]) -> (Room, People) {
    let room = Room::without_plan();
    let module = Module::SoftHsm.path().display().to_string();
    let count = people.len().to_string();
    let drawn = ["ceremony", "plan", "--shares", "2/3", "--people", &count];
    let drawn = [&drawn[..], &["--module", &module]].concat();
    let text = room.account.run(&drawn).ok().stdout;
    let head = ["user CA of example.org", "Room 5"];
    let device = ["live system 7", "Root CA", &room.serial, "B1", "B2"];
    let words = head.iter().chain(people).chain(&device);
    let text = words.fold(text, |text, word| {
        text.replacen("= \"?\"", &format!("= \"{word}\""), 1)
    });
    let open = "[\"?\", \"?\", \"?\"]";
    let text = text.replacen(open, &format!("{holders:?}"), 1).replacen(
        open,
        "[\"S1\", \"S2\", \"S3\"]",
        1,
    );
    room.write_plan(&with_window(&text, "-1 day", "+1 day"));
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    let mut people = People::of(&room.text(), &words);
    for number in 1..=3 {
        let question = format!("the envelope that share {number} is");
        people.answers.push((question, format!("S{number}")));
    }
    for (kind, secret) in [("SO PIN", SO_PIN), ("PIN", PIN)] {
        let question = format!("the old {kind} of `root`");
        people.answers.push((question, secret.to_owned()));
    }
    (room, people)
}

#[test]
fn three_people_of_whom_two_open_the_token_hold_the_plan_that_was_drawn() {
    let (room, mut people) = room(&["Anna", "Bob", "Cem"], ["Anna", "Bob", "Cem"]);
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    assert!(shown.contains("2 of 3; each of the 3 sets"), "{shown}");
}

#[test]
fn five_people_have_a_role_each() {
    let names = ["Anna", "Bob", "Cem", "Dora", "Erik"];
    let (room, _people) = room(&names, ["Cem", "Dora", "Erik"]);
    assert!(room.text().contains("two-roles      = false"));
}

#[test]
fn numbers_that_no_secret_is_split_by_are_refused_with_the_way_out() {
    let room = Room::without_plan();
    for (shares, words) in [
        ("3/3", "take --shares 2/3, or take --shares 3/4"),
        ("4/3", "take --shares 2/3, or take --shares 4/5"),
        ("1/3", "take --shares 2/3"),
        ("8/16", "12870 sets of shares"),
        ("2", "two numbers, as 2/3"),
    ] {
        let ran = room.account.run(&["ceremony", "plan", "--shares", shares]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    let few = ["ceremony", "plan", "--shares", "2/3", "--people", "2"];
    let ran = room.account.run(&few);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("with --people 5 each share"),
        "{}",
        ran.stderr
    );
}
