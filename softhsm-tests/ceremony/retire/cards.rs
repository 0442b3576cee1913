//! The end of a CA whose key is in a card.

use std::collections::BTreeMap;
use std::fs;

use crate::ceremony::cards::CardRoom;
use crate::ceremony::people::People;
use crate::ceremony::room::{killed_at_every_write, with_window, words_of};
use crate::ceremony::sha256;
use crate::harness::keygen;
use crate::harness::process::Ran;
use crate::harness::yubikey::SERIAL;

/// What stands on the sheets of the ceremony that made the keys.
type Sheets = BTreeMap<String, String>;

fn ran(room: &CardRoom, arguments: &[&str]) -> Ran {
    let config = ["--config", "ca/punchmark.toml"];
    room.admin.punchmark.run(&[&config, arguments].concat())
}

/// Two cards with `users` and `users2`, the ledger key beside the first, and a plan that ends
/// `users2` with a card that then holds nothing more.
fn room() -> (CardRoom, Sheets) {
    let firmwares = ["5.7.1", "5.7.4"];
    let room = CardRoom::new(&firmwares, 2);
    let mut people = room.people();
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let last = words_of(&shown).0;
    let account = &room.admin.punchmark;
    fs::rename(account.path("ceremony"), account.path("first")).unwrap();
    let head = ran(&room, &["ledger", "head", "show"]).ok().stdout;
    let head: Vec<_> = head.lines().collect();
    let print = keygen::fingerprint(&account.path("ca/users2.pub"));
    let draw = ["ceremony", "plan", "--kind", "retire", "--yubikeys", "2"];
    let mut plan = account.run(&draw).ok().stdout;
    plan = plan.replace("size = \"?\"", &format!("size = {}", head[1]));
    let mut words = ["end of users2", "Room 5", "Anna", "Bob", "live system 7"]
        .map(str::to_owned)
        .to_vec();
    for (number, firmware) in (0..).zip(firmwares) {
        words.push((SERIAL + number).to_string());
        words.push(firmware.to_owned());
        words.extend(["B3", "B4", "E3"].map(|word| format!("{word}-{number}")));
    }
    let rest = [head[0], head[2], &print, "it is needed no more", "E1-1"];
    words.extend(rest.map(str::to_owned));
    for word in words {
        plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
    }
    let of_first = "\n[[copy]] # destroyed in this device, and read back as gone\nca     = \"users\"\n\
        device = \"root\"\n";
    assert!(plan.contains(of_first), "{plan}");
    plan = plan
        .replace(of_first, "")
        .replace("ca     = \"users\"", "ca     = \"users2\"")
        .replace("name        = \"users\"", "name        = \"users2\"")
        .replace("device      = \"root\"", "device      = \"root2\"")
        .replace("last    = \"none\"", &format!("last    = \"{last}\""));
    let hash = sha256(&account.path("roots.pem"));
    let roots = format!("\n[[attestation-root]]\npath = \"roots.pem\"\nsha256 = \"{hash}\"\n");
    room.write_plan(&(with_window(&plan, "-1 day", "+1 day") + &roots));
    (room, people.sheets)
}

fn people(room: &CardRoom, sheets: &Sheets) -> People {
    let mut people = room.people();
    people.sheets = sheets.clone();
    for (device, seal) in [("root", "E1-0"), ("root2", "E1-1")] {
        let question = format!("with the PIN of `{device}`");
        people.answers.insert(0, (question, seal.to_owned()));
    }
    people
}

/// The second card is as the factory left it, and the first one has its keys.
#[track_caller]
fn assert_ended(room: &CardRoom, words: &str) {
    room.verify(words).ok();
    let tokens = ran(room, &["tokens"]).ok().stdout;
    for (card, slot, is_there) in [(0, "9c", true), (0, "9d", true), (1, "9c", false)] {
        let key = format!("yubikey:serial={};slot-id={slot}", SERIAL + card);
        assert_eq!(tokens.contains(&key), is_there, "{key}: {tokens}");
    }
    let shown = ran(room, &["ca", "show", "users2"]).ok().stdout;
    let gone = "destroyed, and read back as gone";
    assert!(shown.contains(gone), "{shown}");
}

#[test]
fn a_card_that_holds_no_other_key_is_overwritten_and_reset() {
    let (room, sheets) = room();
    let (shown, code) = people(&room, &sheets).hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = "its slot was overwritten, and the card reset";
    assert!(shown.contains(words), "{shown}");
    assert_ended(&room, &words_of(&shown).0);
    let secrets: Vec<_> = sheets.into_values().collect();
    room.assert_in_no_file(&secrets);
}

#[test]
fn killed_at_every_write_it_ends_the_same() {
    let (room, sheets) = room();
    let mut people = people(&room, &sheets);
    let words = killed_at_every_write(10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_ended(&room, &words);
}
