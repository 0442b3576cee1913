//! Later ceremonies with a token that shares open: it gets the PINs of the next counter, or keeps what it has.

use std::fs;

use punchmark::secret::share::SharedSecret;

use super::compromise;
use super::drill;
use super::kills::killed_now_and_then;
use super::people::People;
use super::rehearse::found::ends::opened_by_shares;
use super::retire::{drawn, ran};
use super::room::{Room, date, words_of};
use super::shares::{by_the_docs, shares};
use super::token_secrets::{opens, start, token_room};
use crate::harness::{keygen, write};

/// A room whose token shares open since the ceremony that made its keys, whose outputs are elsewhere by now; the
/// people of that, and the words of its transcript.
fn opened() -> (Room, People, String) {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    (room, people, words_of(&shown).0)
}

/// Who holds the plan of a later one, with the sheets of the first.
fn later(room: &Room, before: &People) -> People {
    let mut people = People::of(&room.text(), room.checked()["words"].as_str().unwrap());
    people.sheets = before.sheets.clone();
    for number in 1..=3 {
        for question in [
            format!("with share {number}"),
            format!("that share {number}"),
        ] {
            people.answers.push((question, format!("S{number}")));
        }
    }
    people
}

/// What the docs say that a secret of the token is at this counter.
fn derived(room: &Room, people: &People, what: &str, counter: u32) -> String {
    let secret = SharedSecret::combine(&shares(people)[1..]).unwrap();
    let hex = base16ct::lower::encode_string(secret.expose());
    let call = format!("digits(secret, {what:?}, {:?}, {counter}, 16)", room.serial);
    by_the_docs(&hex, &call)
}

/// A room with the plan of a drill by shares, and those who hold it.
pub(super) fn to_drill() -> (Room, People) {
    let (room, before, words) = opened();
    let people = for_a_drill(&room, &before, &words);
    (room, people)
}

fn for_a_drill(room: &Room, before: &People, words: &str) -> People {
    let next = date("+1 year");
    room.write_plan(&drawn(room, "drill", Some(words), &[&next]));
    opened_by_shares(room);
    later(room, before)
}

fn entries(room: &Room) -> usize {
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    exported.matches("\"kind\":\"secrets-derived\"").count()
}

#[test]
fn killed_now_and_then_a_token_has_the_pins_of_the_next_counter_once() {
    let (room, before, words) = opened();
    let begun = entries(&room);
    let mut people = for_a_drill(&room, &before, &words);
    let words = killed_now_and_then(&["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &drill::OUTPUTS).ok();
    assert_eq!(entries(&room), begun + 2);
    assert!(room.transcript().contains("generation 1, counter 2"));
    assert!(!opens(&room, &derived(&room, &before, "pin", 1)));
    assert!(opens(&room, &derived(&room, &before, "pin", 2)));
    let so_pin = derived(&room, &before, "so-pin", 2);
    room.token.assert_so_pin(&so_pin);
}

#[test]
fn a_token_that_shares_open_keeps_its_pins_in_a_compromise() {
    let (room, before, words) = opened();
    let begun = entries(&room);
    keygen::make(room.account.home(), "erik", keygen::ED25519);
    let config = room.account.path("ca/punchmark.toml");
    let text = fs::read_to_string(&config).unwrap();
    write(&config, format!("{text}{}", compromise::ROLE), 0o644);
    compromise::plan_for(&room, &words);
    opened_by_shares(&room);
    let plan = room.text();
    room.write_plan(&plan.replace("[custody]\n", "[custody]\nrotate = false\n"));
    let mut people = later(&room, &before);
    compromise::locks_out(&mut people);
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &compromise::OUTPUTS).ok();
    // No sheet of another PIN was shown, and the new key is in the same token.
    assert_eq!(people.shown, Vec::<String>::new());
    assert_eq!(entries(&room), begun);
    let pin = derived(&room, &before, "pin", 1);
    assert!(opens(&room, &pin));
    let so_pin = derived(&room, &before, "so-pin", 1);
    room.token.assert_so_pin(&so_pin);
    assert_eq!(room.objects("privkey", "users2"), 1);
}
