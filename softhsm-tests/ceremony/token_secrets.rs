//! Ceremonies that set a token's PINs: at random, onto paper, or by what follows from shares.

use punchmark::secret::share::SharedSecret;

use super::people::People;
use super::room::{Room, killed_at, killed_at_every_write, texts, words_of};
use super::run::OUTPUTS;
use super::shares::{by_the_docs, shares};
use crate::harness::module::Module;
use crate::harness::process::{bounded, run};
use crate::harness::pty::Pty;
use crate::harness::punchmark::BINARY;
use crate::harness::token::{PIN, SO_PIN};

/// A room with a token of SoftHSM, whose PINs are set in this way.
pub(super) fn token_room(pins: &str) -> (Room, People) {
    let room = Room::new("4");
    let mut text = room
        .text()
        .replace(
            "pins         = \"are-set\"",
            &format!("pins         = {pins:?}"),
        )
        .replace("two-roles      = false", "two-roles      = true")
        .replace(
            "roles = [\"administrator\"]",
            "roles = [\"administrator\", \"custodian\"]",
        )
        .replacen(
            "name  = \"Dora\"\nroles = [\"witness\"]",
            "name  = \"Dora\"\nroles = [\"custodian\"]",
            1,
        );
    if pins == "shares" {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("pin-envelope"));
        text = lines.map(|line| format!("{line}\n")).collect();
        text += "\n[custody]\nthreshold = 2\ncustodians = [\"Anna\", \"Cem\", \"Dora\"]\n\
            envelopes = [\"S1\", \"S2\", \"S3\"]\n";
    } else {
        text = text.replacen(
            "pin-envelope =",
            "so-pin-envelope = \"E2\"\npin-envelope =",
            1,
        );
    }
    room.write_plan(&text);
    let mut people = People::of(&text, room.checked()["words"].as_str().unwrap());
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

/// A run without a PIN file: whatever opens the token is typed, or follows from shares.
pub(super) fn start(room: &Room) -> Pty {
    room.started_by(BINARY, &["ceremony", "run", "plan.toml"])
}

/// Whether the token opens with this PIN of its user.
pub(super) fn opens(room: &Room, pin: &str) -> bool {
    room.account.write_pin("tried", pin);
    let token = format!(
        "pkcs11:token=Root%20CA?module-path={}",
        Module::SoftHsm.path().display()
    );
    let tokens = ["--pin-file", "tried", "tokens", "--login", &token];
    room.account.run(&tokens).code == Some(0)
}

#[test]
fn two_of_three_custodians_open_a_token_and_the_docs_say_how() {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    let secret = SharedSecret::combine(&shares(&people)[1..]).unwrap();
    let hex = base16ct::lower::encode_string(secret.expose());
    let serial = &room.serial;
    let pin = by_the_docs(&hex, &format!("digits(secret, 'pin', {serial:?}, 1, 16)"));
    let so_pin = by_the_docs(
        &hex,
        &format!("digits(secret, 'so-pin', {serial:?}, 1, 16)"),
    );
    let mut grep = bounded("grep");
    grep.args(["-rlF", "-e", &pin, "-e", &so_pin, "-e", &hex])
        .arg(room.account.home());
    assert_eq!(run(&mut grep).stdout.trim(), "");
    assert!(!opens(&room, PIN));
    assert!(opens(&room, &pin));
    room.token.assert_so_pin(&so_pin);
}

#[test]
fn a_token_gets_pins_at_random_each_on_paper_before() {
    let (room, mut people) = token_room("random");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    assert_eq!(people.shown.len(), 2);
    let sheet = |of: &str| {
        people
            .sheets
            .iter()
            .find(|(what, _)| what.contains(of))
            .unwrap()
            .1
            .clone()
    };
    assert!(opens(&room, &sheet("the PIN of")));
    room.token.assert_so_pin(&sheet("the SO PIN of"));
}

#[test]
fn a_token_s_pins_are_set_once_wherever_a_run_is_killed() {
    for pins in ["shares", "random"] {
        let (room, mut people) = token_room(pins);
        let words = killed_at_every_write(10, &["ceremony", "run", "plan.toml"], |arguments| {
            people.hold(room.started_by("strace", arguments))
        });
        room.verify(&words, &OUTPUTS).ok();
    }
}

/// A room whose run was killed when it had written that it is about to set this secret.
fn killed_before_setting(kind: &str) -> (Room, People) {
    for call in 20..34 {
        let (room, mut people) = token_room("random");
        let traced = killed_at("fdatasync", call);
        let run = [&texts(&traced)[..], &["ceremony", "run", "plan.toml"]].concat();
        let (shown, code) = people.hold(room.started_by("strace", &run));
        assert_eq!(code, 137, "{shown}");
        let transcript = room.transcript();
        let last = transcript.lines().last().unwrap();
        if last.contains(&format!("\"name\":\"{kind} of root\""))
            && last.contains("about to be set")
        {
            return (room, people);
        }
    }
    panic!("no run was killed there");
}

#[test]
fn a_token_gets_no_pin_that_stands_on_no_paper() {
    for kind in ["PIN", "SO PIN"] {
        let (room, mut people) = killed_before_setting(kind);
        // One digit slips when it is typed off the sheet again.
        let slips = |people: &mut People| {
            for (what, secret) in &mut people.sheets {
                if what.contains(&format!("the {kind} of")) {
                    let last = if secret.ends_with('7') { '8' } else { '7' };
                    secret.pop();
                    secret.push(last);
                }
            }
        };
        slips(&mut people);
        let (shown, code) = people.hold(start(&room));
        assert_eq!(code, 0, "{shown}");
        room.verify(&words_of(&shown).0, &OUTPUTS).ok();
        let sheet = |of: &str| {
            let mut sheets = people.sheets.iter();
            sheets
                .find(|(what, _)| what.contains(of))
                .unwrap()
                .1
                .clone()
        };
        assert!(opens(&room, &sheet("the PIN of")));
        room.token.assert_so_pin(&sheet("the SO PIN of"));
    }
}

#[test]
fn an_old_pin_that_is_wrong_is_told_before_a_new_one_is_shown() {
    for kind in ["SO PIN", "PIN"] {
        let (room, mut people) = token_room("random");
        let question = format!("the old {kind} of `root`");
        let right = people.answers.clone();
        for (asked, typed) in &mut people.answers {
            if *asked == question {
                "00000000".clone_into(typed);
            }
        }
        let (shown, code) = people.hold(start(&room));
        assert_eq!(code, 1, "{shown}");
        let told =
            format!("the old {kind} that was typed doesn't open device `root`; it was tried once");
        assert!(shown.contains(&told), "{shown}");
        assert_eq!(people.shown, Vec::<String>::new());
        people.answers = right;
        let (shown, code) = people.hold(start(&room));
        assert_eq!(code, 0, "{shown}");
        room.verify(&words_of(&shown).0, &OUTPUTS).ok();
    }
}
