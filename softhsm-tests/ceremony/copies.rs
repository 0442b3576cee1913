//! A key that is in two tokens from its first day, by the plan.

use super::people::People;
use super::room::{Room, killed_at, killed_within, words_of};
use super::run::OUTPUTS;
use crate::harness::keygen::{self, ED25519};
use crate::harness::module::Module;
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::PIN;

/// A room with a second token, which gets the copy.
fn room() -> (Room, People) {
    room_with("copies       = \"wrapped\"\ncopy-device  = \"spare\"")
}

/// The same, with these lines about copies.
pub(super) fn room_with(copies: &str) -> (Room, People) {
    let room = Room::new("2");
    room.token.add_token("Backup");
    let module = Module::SoftHsm.path().display().to_string();
    let listed = room
        .account
        .run(&["tokens", "--json", "--module", &module])
        .ok();
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let slots = listed["modules"][0]["slots"].as_array().unwrap();
    let mut tokens = slots.iter().map(|slot| &slot["token"]);
    let backup = tokens.find(|token| token["label"] == "Backup").unwrap();
    let serial = backup["serial"].as_str().unwrap();
    let device = format!(
        "[[device]]\nname = \"spare\"\nmodule = {module:?}\ntoken = \"Backup\"\nserial = {serial:?}\n\
         pins = \"are-set\"\nbag = \"B3\"\nnew-bag = \"B4\"\npin-envelope = \"E2\"\n\n[[ca]]"
    );
    let text =
        room.text()
            .replacen("[[ca]]", &device, 1)
            .replacen("copies       = \"none\"", copies, 1);
    room.write_plan(&text);
    let mut people = People::of(&text, room.checked()["words"].as_str().unwrap());
    let sheet = "typed at a login: the PIN of `root`".to_owned();
    people.sheets.insert(sheet, PIN.to_owned());
    (room, people)
}

pub(super) fn start(room: &Room) -> Pty {
    room.started_by(BINARY, &["ceremony", "run", "plan.toml"])
}

#[test]
fn a_key_is_in_two_tokens_and_what_it_travelled_by_is_gone() {
    let (room, mut people) = room();
    let script = room
        .account
        .run(&["ceremony", "script", "plan.toml", "--markdown"]);
    assert!(script.stdout.contains("It is wrapped once for"), "{script}");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    assert!(
        room.transcript().contains("copy users"),
        "{}",
        room.transcript()
    );
    let config = ["--config", "ca/punchmark.toml"];
    let told = room
        .account
        .run(&[&config[..], &["ca", "show"]].concat())
        .ok();
    assert!(told.stdout.contains("token \"Backup\""), "{told}");
    assert_signs_alone(&room);
}

#[test]
fn killed_at_every_write_one_key_is_in_both_tokens() {
    let (room, mut people) = room();
    let words = killed_within(50, 10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &OUTPUTS).ok();
    assert_eq!(room.objects("privkey", "users"), 1);
}

#[test]
fn a_copy_that_can_t_be_is_told_before_anything_is_made() {
    let (room, _) = room();
    let text = room.text();
    for (device, words) in [
        ("root", "is the device of the key itself"),
        ("third", "is no [[device]] of the plan"),
    ] {
        let line = format!("copy-device  = {device:?}");
        room.write_plan(&text.replacen("copy-device  = \"spare\"", &line, 1));
        let checked = room.account.run(&["ceremony", "check", "plan.toml"]);
        assert_ne!(checked.code, Some(0), "{checked}");
        assert!(checked.stderr.contains(words), "{checked}");
    }
}

#[test]
fn a_key_of_no_device_is_in_two_tokens_and_every_page_says_so() {
    let (room, mut people) = room_with(IN_MEMORY);
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let script = room.account.run(&script).ok().stdout;
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    for text in [&script, &room.transcript()] {
        assert!(
            text.contains("IS MADE IN THE MEMORY OF THIS MACHINE"),
            "{text}"
        );
    }
    let show = ["--config", "ca/punchmark.toml", "ca", "show", "--json"];
    let told = room.account.run(&show).ok().stdout;
    for words in ["Root%20CA", "Backup", "imported"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_signs_alone(&room);
}

#[test]
fn killed_at_every_write_one_key_of_no_device_is_in_both_tokens() {
    let (room, mut people) = room_with(IN_MEMORY);
    let words = killed_within(50, 10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words, &OUTPUTS).ok();
    assert_eq!(room.objects("privkey", "users"), 1);
    assert_eq!(room.objects("pubkey", "users"), 1);
    assert_signs_alone(&room);
}

#[test]
fn a_key_of_no_device_that_the_ledger_has_and_the_config_not_yet_is_taken_up() {
    let own = ["ceremony", "run", "plan.toml"];
    for when in 24..60 {
        let (room, mut people) = room_with(IN_MEMORY);
        let traced = killed_at("fdatasync", when);
        let traced: Vec<_> = traced.iter().map(String::as_str).collect();
        let arguments = [&traced[..], &own].concat();
        let (shown, code) = people.hold(room.started_by("strace", &arguments));
        assert_eq!(code, 137, "{shown}");
        let in_ledger = room.account.path("ca/punchmark.ledger").exists();
        let config = std::fs::read_to_string(room.account.path("ca/punchmark.toml"));
        if !in_ledger || config.is_ok_and(|config| config.contains("[ca.users]")) {
            continue;
        }
        let (shown, code) = people.hold(start(&room));
        assert_eq!(code, 0, "{shown}");
        room.verify(&words_of(&shown).0, &OUTPUTS).ok();
        assert_signs_alone(&room);
        return;
    }
    panic!("no run was killed between ledger and config");
}

/// The copy signs, with the first token out of the config.
fn assert_signs_alone(room: &Room) {
    let config = ["--config", "ca/punchmark.toml"];
    let at = room.account.path("ca/punchmark.toml");
    let text = std::fs::read_to_string(&at).unwrap();
    let key = text.lines().find(|line| line.starts_with("key ")).unwrap();
    let copy = "key = \"pkcs11:token=Backup;object=users?module-path=".to_owned()
        + &Module::SoftHsm.path().display().to_string()
        + "\"";
    std::fs::write(&at, text.replacen(key, &copy, 1)).unwrap();
    keygen::make(room.account.home(), "peter", ED25519);
    let sign = [
        "sign",
        "-s",
        "users",
        "-I",
        "peter",
        "-n",
        "peter",
        "peter.pub",
    ];
    room.account.pinned(&[&config[..], &sign].concat()).ok();
}

pub(super) const IN_MEMORY: &str = "copies       = \"in-memory\"\ncopy-devices = [\"spare\"]";
