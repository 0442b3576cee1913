//! Ceremonies whose device opens with shares: given out, typed back, put together, derived from.

use std::fs;
use std::path::Path;

use punchmark::secret::share::{Share, SharedSecret};

use super::cards::CardRoom;
use super::people::People;
use super::room::{killed_at_every_write, words_of};
use crate::harness::keygen::ED25519;
use crate::harness::process::{bounded, run};
use crate::harness::yubikey::SERIAL;

/// A room with one new card, which 2 of 3 custodians open together.
pub(super) fn room() -> CardRoom {
    room_with(&["5.7.1"])
}

/// The same with these cards.
pub(super) fn room_with(firmwares: &[&str]) -> CardRoom {
    let room = CardRoom::of_people(7, firmwares, firmwares.len());
    let text = room
        .text()
        .replace("pins         = \"random\"", "pins         = \"shares\"");
    let lines = text.lines().filter(|line| !line.contains("-envelope"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let custody = "\n[custody]\nthreshold = 2\ncustodians = [\"Cem\", \"Erik\", \"Gus\"]\n\
        envelopes = [\"S1\", \"S2\", \"S3\"]\n";
    room.write_plan(&(text + custody));
    room
}

pub(super) fn people(room: &CardRoom) -> People {
    let mut people = room.people();
    for number in 1..=3 {
        let question = format!("the envelope that share {number} is");
        people.answers.push((question, format!("S{number}")));
    }
    people
}

/// The words of the shares, in the order of their numbers.
pub(super) fn shares(people: &People) -> Vec<Share> {
    let sheet = |number: u32| {
        let wanted = format!("the 20 words of share {number} ");
        let (_, words) = people
            .sheets
            .iter()
            .find(|(what, _)| what.starts_with(&wanted))
            .unwrap();
        Share::parse(words).unwrap()
    };
    (1..=3).map(sheet).collect()
}

/// What the lines of Python in the docs say of a secret.
pub(super) fn by_the_docs(secret: &str, call: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/device-secrets.md");
    let page = fs::read_to_string(page).unwrap();
    let code = page
        .split("```python\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let code = format!("{code}\nsecret = bytes.fromhex({secret:?})\nprint({call})");
    let mut python = bounded("python3");
    run(python.args(["-c", &code]))
        .ok()
        .stdout
        .trim()
        .to_owned()
}

/// The secret in hexadecimal, and everything that a leak of it could look like.
pub(super) fn secrets(people: &People) -> (String, Vec<String>) {
    let shares = shares(people);
    let secret = SharedSecret::combine(&shares[..2]).unwrap();
    let hex = base16ct::lower::encode_string(secret.expose());
    let serial = SERIAL.to_string();
    let derived = ["pin", "puk"]
        .map(|of| by_the_docs(&hex, &format!("digits(secret, {of:?}, {serial:?}, 1)")));
    let key = by_the_docs(
        &hex,
        &format!("derived(secret, 'management-key', {serial:?}, 1)[:24].hex()"),
    );
    let base64 = by_the_docs(&hex, "__import__('base64').b64encode(secret).decode()");
    let mut all = derived.to_vec();
    all.extend([key, base64, hex.clone()]);
    // Four words of a share are no accident.
    for share in &shares {
        let words = share.words();
        let words: Vec<_> = words.split(' ').collect();
        all.extend([words[4..8].join(" "), words[12..16].join(",")]);
    }
    (hex, all)
}

#[test]
fn two_of_three_custodians_open_a_card_and_the_docs_say_how() {
    let room = room();
    let mut people = people(&room);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let (hex, all) = secrets(&people);
    room.assert_in_no_file(&all);
    let transcript = room.transcript();
    assert_eq!(transcript.matches("\"kind\":\"typed-back\"").count(), 3);
    assert!(
        transcript.contains("2 of 3; each of the 3 sets of 2 opens the secret"),
        "{transcript}"
    );
    let check = by_the_docs(&hex, "derived(secret, 'check', '', 0).hex()");
    assert!(transcript.contains(&check), "{transcript}");
    let told = room
        .admin
        .punchmark
        .run(&["--config", "ca/punchmark.toml", "ca", "show"]);
    let line = format!("opened by    shares, generation 1, counter 1 (yubikey:serial={SERIAL})");
    assert!(told.ok().stdout.contains(&line));
    // Whoever has two shares and a Python signs: the management key is there, too.
    let account = &room.admin.punchmark;
    let serial = SERIAL.to_string();
    let pin = by_the_docs(&hex, &format!("digits(secret, 'pin', {serial:?}, 1)"));
    account.write_pin("pin", &pin);
    room.admin.key("peter", ED25519);
    let sign = [
        "--config",
        "ca/punchmark.toml",
        "sign",
        "-s",
        "users",
        "-I",
        "peter",
        "-n",
        "peter",
        "peter.pub",
    ];
    account.pinned(&sign).ok();
    let puk = by_the_docs(&hex, &format!("digits(secret, 'puk', {serial:?}, 1)"));
    let tool = ["-a", "change-puk", "-P", &puk, "-N", "90817263"];
    room.admin.tool("yubico-piv-tool", &tool);
    let key = by_the_docs(
        &hex,
        &format!("derived(secret, 'management-key', {serial:?}, 1)[:24].hex()"),
    );
    account.write_pin("key", &key);
    let init = [
        "init",
        "others",
        "--algorithm",
        "p256",
        "--key",
        "yubikey:slot-id=9a",
    ];
    let how = ["--touch-policy", "never", "--management-key-file", "key"];
    account.pinned(&[&init[..], &how].concat()).ok();
}

#[test]
fn killed_at_every_write_the_custodians_open_it_again_and_it_goes_on() {
    let room = room();
    let mut people = people(&room);
    let words = killed_at_every_write(10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words).ok();
    room.assert_in_no_file(&secrets(&people).1);
    assert_eq!(room.transcript().matches("\"kind\":\"intent\"").count(), 2);
}

#[test]
fn shares_of_another_secret_are_told_before_the_card_is_tried() {
    let room = room();
    let mut people = people(&room);
    let left = people.hold_until(room.start(), |question| question.contains("make users"));
    assert_eq!(left, None);
    room.wait_until_left();
    let other = SharedSecret::random().unwrap();
    let others = other
        .split(punchmark::secret::share::Quorum::new(2, 3).unwrap())
        .unwrap();
    let kept = people.sheets.clone();
    for (number, share) in (1..).zip(&others) {
        let what = format!("the 20 words of share {number} of 3, off its sheet");
        assert!(
            people
                .sheets
                .insert(what, share.words().to_string())
                .is_some()
        );
    }
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("another secret than that of this ceremony"),
        "{shown}"
    );
    people.sheets = kept;
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
}

#[test]
fn a_share_that_is_mistyped_does_not_count_and_a_share_is_never_written_down() {
    let room = room();
    let mut people = people(&room);
    let mut pty = room.start();
    let mut said = Vec::new();
    let (rest, code) = loop {
        let before = match pty.expect_or_end("\n> ") {
            Ok(before) => before,
            Err(end) => break end,
        };
        let question = before.lines().last().unwrap().trim().to_owned();
        let mut once = |what: &'static str| {
            let is_new = !said.contains(&what);
            said.push(what);
            is_new
        };
        let is_deviation = question.ends_with("what is otherwise?");
        let right = if is_deviation {
            String::new()
        } else {
            people.answer(&before, &question)
        };
        let answer = if question.starts_with("Type it off") && once("swapped") {
            let mut words: Vec<_> = right.split(' ').collect();
            words.swap(5, 6);
            words.join(" ")
        } else if question.starts_with("Type it off") && once("an unknown word") {
            right.replacen(right.split(' ').nth(3).unwrap(), "punchmark", 1)
        } else if question.starts_with("Type it off") && once("shown again") {
            String::new()
        } else if question.contains("type \"make users\"") && once("a deviation") {
            "!".to_owned()
        } else if is_deviation {
            format!("my share is {}", shares(&people)[1].words().as_str())
        } else {
            right
        };
        pty.type_line(&answer);
    };
    assert_eq!(code, 0, "{rest}");
    for words in ["swapped", "an unknown word", "shown again", "a deviation"] {
        assert!(said.contains(&words), "{words}");
    }
    let transcript = room.transcript();
    assert!(
        !transcript.contains("\"kind\":\"deviation\""),
        "{transcript}"
    );
    assert_eq!(transcript.matches("\"kind\":\"typed-back\"").count(), 3);
    room.assert_in_no_file(&secrets(&people).1);
}

#[test]
fn a_signal_wipes_the_screen_that_shows_a_share() {
    let room = room();
    let mut people = people(&room);
    let mut pty = room.start();
    loop {
        let before = pty.expect("\n> ");
        let question = before.lines().last().unwrap().trim().to_owned();
        let answer = people.answer(&before, &question);
        if question.starts_with("Write it down") {
            break;
        }
        pty.type_line(&answer);
    }
    pty.press_control('c');
    pty.expect("\u{1b}[2J\u{1b}[3J\u{1b}[H\u{1b}[?1049l");
    pty.expect("run this again: it goes on here");
}

#[test]
fn words_that_are_typed_a_prompt_too_early_are_wiped_off_the_screen() {
    let room = room();
    let mut people = people(&room);
    let early = "academic acid acne acquire acrobat activity actress adapt";
    let question = "Cem alone sees the screen now".to_owned();
    people.once.push((question, early.to_owned()));
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let (before, after) = shown.split_once("Enter alone was wanted").unwrap();
    assert!(before.ends_with("\x1b[2J\x1b[3J\x1b[H"), "{before}");
    assert!(after.contains("Cem alone sees the screen now"), "{after}");
    assert!(!room.transcript().contains("academic"));
}
