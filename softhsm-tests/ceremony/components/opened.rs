//! Wrapped keys that components open: a restore into a new token, and a drill onto a spare that has nothing after.

use std::fs;

use punchmark::secret::share::{Quorum, SharedSecret};
use serde_json::Value;

use super::{COMPONENTS, assert_in_no_file, left, secrets, sha256sum, start};
use crate::ceremony::people::People;
use crate::ceremony::retire::{drawn, ran};
use crate::ceremony::room::{Room, date, killed_within, words_of};
use crate::harness::keygen;
use crate::harness::module::Module;
use crate::harness::process::run;
use crate::harness::token::PIN;
use crate::harness::write;

/// Everything that it makes, but for the transcript.
pub(in crate::ceremony) const OUTPUTS: [&str; 3] =
    ["head.txt", "punchmark.ledger", "transcript.jsonl.sig"];
/// The place that is lost.
const LOST: &str = "pkcs11:token=Backup;object=users";

/// A device of a plan that is the token with this label.
fn device(room: &Room, name: &str, label: &str) -> String {
    let module = Module::SoftHsm.path().display().to_string();
    let listed = room
        .account
        .run(&["tokens", "--json", "--module", &module])
        .ok();
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let slots = listed["modules"][0]["slots"].as_array().unwrap();
    let mut tokens = slots.iter().map(|slot| &slot["token"]);
    let token = tokens.find(|token| token["label"] == label).unwrap();
    let serial = token["serial"].as_str().unwrap();
    format!(
        "[[device]]\nname = \"{name}\"\nmodule = {module:?}\ntoken = \"{label}\"\nserial = {serial:?}\n\
         pins = \"are-set\"\nbag = \"B7\"\nnew-bag = \"B8\"\npin-envelope = \"E7\"\n\n"
    )
}

pub(in crate::ceremony) fn people(room: &Room, sheets: &People) -> People {
    let mut people = People::of(&room.text(), room.checked()["words"].as_str().unwrap());
    people.sheets = sheets.sheets.clone();
    let text = room.text();
    let bag = |key: &str| {
        let lines = text.split("\n[components]").nth(1).unwrap().lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(key));
        values
            .next()
            .unwrap_or("none")
            .trim_matches(['"', ' ', '='])
            .to_owned()
    };
    let (comes, goes) = (bag("bag "), bag("new-bag "));
    let own = [
        ("written on the new medium", "stick 7"),
        ("the bag of the medium", comes.as_str()),
        ("the bag that the medium", goes.as_str()),
        ("the envelope that component 1", "K1"),
        ("the envelope that component 2", "K2"),
        ("the envelope that component 3", "K3"),
    ];
    let own = own.map(|(question, answer)| (question.to_owned(), answer.to_owned()));
    people.answers.extend(own);
    for name in ["root", "safe", "third"] {
        let sheet = format!("typed at a login: the PIN of `{name}`");
        people.sheets.insert(sheet, PIN.to_owned());
    }
    people
}

/// A room whose CA was made in `Backup` by a ceremony and wrapped onto `stick`; `Backup` is not there any more,
/// and a token without a key is. Gives what people wrote down, and the words of the transcript.
pub(in crate::ceremony) fn room() -> (Room, People, String) {
    let room = Room::new("7");
    room.token.add_token("Backup");
    fs::create_dir(room.account.path("stick")).unwrap();
    let safe = device(&room, "safe", "Backup");
    let text = room
        .text()
        .replacen("[[ca]]", &format!("{safe}[[ca]]"), 1)
        .replacen("device       = \"root\"", "device       = \"safe\"", 1)
        .replacen(
            "copies       = \"none\"",
            "copies       = \"components\"",
            1,
        );
    room.write_plan(&(text + COMPONENTS));
    let none = People::of(&room.text(), "");
    let mut sheets = people(&room, &none);
    let (shown, code) = sheets.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    fs::rename(room.account.path("ceremony"), room.account.path("first")).unwrap();
    room.hide("Backup");
    room.token.add_token("Third");
    (room, sheets, words_of(&shown).0)
}

/// The plan of a ceremony that opens the wrapped key onto this device.
fn plan(room: &Room, kind: &str, (words, onto): (&str, &str), own: &[&str]) -> String {
    let drawn = drawn(room, kind, Some(words), own);
    let third = device(room, "third", "Third");
    let sha256 = sha256sum(room, "stick/users.wrapped");
    let more = ["Cem", "Erik", "Gus"]
        .map(|name| format!("[[person]]\nname = \"{name}\"\nroles = [\"custodian\"]\n\n"))
        .concat();
    let plan = drawn
        .replacen("device      = \"root\"\n", "", 1)
        .replacen("[machine]", &format!("{more}[machine]"), 1)
        .replacen("[ledger]", &format!("{third}[ledger]"), 1);
    let components = COMPONENTS.replace("new-bag = \"M1\"", "bag = \"M1\"\nnew-bag = \"M2\"");
    format!(
        "{plan}{components}\n[[blob]]\nca = \"users\"\nfile = \"users.wrapped\"\nsha256 = \"{sha256}\"\n\
         onto = \"{onto}\"\nlabel = \"users\"\n"
    )
}

pub(in crate::ceremony) fn to_restore(room: &Room, words: &str) {
    let own = ["the safe was flooded", LOST, "Anna and Bob looked"];
    room.write_plan(&plan(room, "restore", (words, "third"), &own));
}

pub(in crate::ceremony) fn to_drill(room: &Room, words: &str) {
    let next = date("+1 year");
    room.write_plan(&plan(room, "drill", (words, "third"), &[&next]));
}

/// What the token without a key shows by now.
pub(in crate::ceremony) fn objects_of_third(room: &Room) -> String {
    let mut tool = room.token.tool();
    tool.args(["--token-label", "Third", "--login", "--pin", PIN]);
    run(tool.arg("--list-objects")).ok().stdout
}

#[track_caller]
fn assert_restored(room: &Room, sheets: &People, words: &str) {
    room.verify(words, &OUTPUTS).ok();
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    let left = left(room);
    let kinds: Vec<_> = left.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "wrapped").count(),
        1,
        "{left:?}"
    );
    for kind in ["blob", "wrapping-key"] {
        assert!(kinds.contains(&kind), "{left:?}");
    }
    assert!(room.account.path("stick/users.wrapped").exists());
    let config = fs::read_to_string(room.account.path("ca/punchmark.toml")).unwrap();
    assert!(config.contains("token=Third"), "{config}");
    assert!(!config.contains("token=Backup"), "{config}");
    let objects = objects_of_third(room);
    assert_eq!(
        objects.matches("Private Key Object").count(),
        1,
        "{objects}"
    );
    assert!(!objects.contains("Secret Key"), "{objects}");
    assert!(!objects.contains(" extractable"), "{objects}");
    assert_in_no_file(room, &secrets(sheets));
    keygen::make(room.account.home(), "peter", keygen::ED25519);
    let sign = ["sign", "-s", "users", "-I", "x", "-n", "peter", "peter.pub"];
    ran(room, &sign).ok();
}

#[test]
fn a_restore_brings_the_key_out_of_its_file_into_a_new_token_and_makes_a_new_copy() {
    let (room, sheets, words) = room();
    to_restore(&room, &words);
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    for words in [
        "bring users onto third",
        "restore users to third",
        "Wrapped key, SHA-256",
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    let mut people = people(&room, &sheets);
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_restored(&room, &sheets, &words);
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let page = room
        .account
        .run(&[&report[..], &["plan.toml"]].concat())
        .ok()
        .stdout;
    assert!(
        page.contains("out of users.wrapped, onto <code>third</code>"),
        "{page}"
    );
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
}

#[test]
fn a_restore_out_of_a_file_that_is_killed_at_every_write_leaves_one_key() {
    let (room, sheets, words) = room();
    to_restore(&room, &words);
    let mut people = people(&room, &sheets);
    let words = killed_within(30, 9, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_restored(&room, &sheets, &words);
}

#[test]
fn what_is_not_the_wrapped_key_and_who_has_not_the_components_open_nothing() {
    let (room, sheets, words) = room();
    to_restore(&room, &words);
    let file = room.account.path("stick/users.wrapped");
    let kept = fs::read(&file).unwrap();
    let hold = |change: &dyn Fn(&mut People)| {
        let mut people = people(&room, &sheets);
        change(&mut people);
        let (shown, code) = people.hold(start(&room));
        assert_eq!(code, 1, "{shown}");
        assert!(!objects_of_third(&room).contains("Private Key"), "{shown}");
        fs::remove_dir_all(room.account.path("ceremony")).unwrap();
        shown
    };
    let mut other = kept.clone();
    *other.last_mut().unwrap() ^= 1;
    write(&file, &other, 0o600);
    assert!(hold(&|_| ()).contains("users.wrapped has the SHA-256"));
    fs::remove_file(&file).unwrap();
    assert!(hold(&|_| ()).contains("look whether it is the right medium"));
    write(&file, &kept, 0o600);
    // A plan for the other file, which the ledger doesn't know.
    let plan = room.text();
    let sha256 = sha256sum(&room, "stick/users.wrapped");
    room.write_plan(&plan.replacen(&sha256, &"0".repeat(64), 1));
    assert!(hold(&|_| ()).contains("is no wrapped key that the ledger has"));
    room.write_plan(&plan);
    let missing = |people: &mut People| {
        for number in [1, 3] {
            let what = format!("the 20 words of component {number} of 3, off its sheet");
            people.sheets.insert(what, "missing".to_owned());
        }
    };
    assert!(hold(&missing).contains("too few components: components 2 of 3 typed, 2 needed"));
    let others = |people: &mut People| {
        let other = SharedSecret::random().unwrap();
        for (number, share) in (1..).zip(other.split(Quorum::new(2, 3).unwrap()).unwrap()) {
            let what = format!("the 20 words of component {number} of 3, off its sheet");
            people.sheets.insert(what, share.words().to_string());
        }
    };
    assert!(hold(&others).contains("are another wrapping key"));
    // A token with a key of the CA is none to restore into.
    let (shown, code) = people(&room, &sheets).hold(start(&room));
    assert_eq!(code, 0, "{shown}");
}

#[track_caller]
fn assert_drilled(room: &Room, sheets: &People, words: &str, result: &str) {
    let verified = room.verify(words, &OUTPUTS).ok().stdout;
    let missing = "not as it should be: CA `users`: MISSING";
    assert_eq!(verified.contains(missing), result == "failed", "{verified}");
    let exported = ran(room, &["ledger", "export"]).ok().stdout;
    for (event, count) in [
        ("\"kind\":\"copy-tried\"", 1),
        (&format!("\"result\":\"{result}\""), 1),
        ("\"kind\":\"reserved\"", 0),
        ("\"became\":\"missing\"", 0),
    ] {
        assert_eq!(
            exported.matches(event).count(),
            count,
            "{event}: {exported}"
        );
    }
    let blob = format!("blob:{}", sha256sum(room, "stick/users.wrapped"));
    let tried = exported.lines().find(|line| line.contains("copy-tried"));
    assert!(tried.unwrap().contains(&blob), "{tried:?}");
    let objects = objects_of_third(room);
    assert_eq!(objects.matches("Object").count(), 0, "{objects}");
    let left = left(room);
    assert!(left.iter().all(|(kind, ..)| kind != "wrapped"), "{left:?}");
    ran(room, &["ledger", "verify", "--signatures"]).ok();
    assert_in_no_file(room, &secrets(sheets));
    let due = match result {
        "failed" => "OVERDUE since ".to_owned(),
        _ => format!("due on {}", &date("+1 year")[..10]),
    };
    let shown = ran(room, &["ca", "show", "users"]).ok().stdout;
    assert!(shown.contains(&due), "{shown}");
}

#[test]
fn a_drill_opens_the_file_onto_a_spare_and_leaves_nothing_there() {
    let (room, sheets, words) = room();
    to_drill(&room, &words);
    let config = fs::read(room.account.path("ca/punchmark.toml")).unwrap();
    let (shown, code) = people(&room, &sheets).hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    assert_drilled(&room, &sheets, &words, "proved");
    assert_eq!(
        fs::read(room.account.path("ca/punchmark.toml")).unwrap(),
        config
    );
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let page = room
        .account
        .run(&[&report[..], &["plan.toml"]].concat())
        .ok()
        .stdout;
    for words in [
        "out of users.wrapped, onto <code>third</code>",
        "and left nothing there, ",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let file = room.output("transcript.jsonl");
    let whole = fs::read(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(at);
        write(&file, dropped.concat(), 0o644);
        room.verify(&words, &OUTPUTS).exits(1);
    }
}

#[test]
fn a_drill_onto_a_spare_that_is_killed_at_every_write_leaves_nothing() {
    let (room, sheets, words) = room();
    to_drill(&room, &words);
    let mut people = people(&room, &sheets);
    let words = killed_within(30, 9, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    assert_drilled(&room, &sheets, &words, "proved");
}

#[test]
fn a_drill_tells_what_is_missing_of_file_and_components_and_ends() {
    let (room, sheets, words) = room();
    to_drill(&room, &words);
    let file = room.account.path("stick/users.wrapped");
    let away = room.account.path("elsewhere");
    fs::rename(&file, &away).unwrap();
    let mut people = people(&room, &sheets);
    let what = "the 20 words of component 2 of 3, off its sheet".to_owned();
    people.sheets.insert(what, "missing".to_owned());
    let (shown, code) = people.hold(start(&room));
    fs::rename(&away, &file).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert_drilled(&room, &sheets, &words_of(&shown).0, "failed");
    let transcript = room.transcript();
    assert!(
        transcript.contains("components 1, 3 of 3 typed, 2 needed"),
        "{transcript}"
    );
    assert!(transcript.contains("MISSING: "), "{transcript}");
}

#[test]
fn a_drill_without_enough_components_is_recorded_as_failed() {
    let (room, sheets, words) = room();
    to_drill(&room, &words);
    let mut people = people(&room, &sheets);
    for number in [1, 2] {
        let what = format!("the 20 words of component {number} of 3, off its sheet");
        people.sheets.insert(what, "missing".to_owned());
    }
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("done: every set of components"), "{shown}");
    let told = "MISSING: too few components: components 3 of 3 typed, 2 needed";
    let (_, said) = shown.split_once("tried users: ").unwrap();
    assert!(said.starts_with(told), "{said}");
    assert_drilled(&room, &sheets, &words_of(&shown).0, "failed");
}

#[test]
fn a_token_that_the_ledger_knows_is_no_spare() {
    let (room, sheets, words) = room();
    let next = date("+1 year");
    room.write_plan(&plan(&room, "drill", (&words, "root"), &[&next]));
    let (shown, code) = people(&room, &sheets).hold(start(&room));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("device `root` is no spare"), "{shown}");
}
