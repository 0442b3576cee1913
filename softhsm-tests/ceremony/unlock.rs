//! Sessions of custodians between ceremonies: what they open, and which secrets the devices have after.

use punchmark::secret::share::{Quorum, SharedSecret};

use super::cards::CardRoom;
use super::people::People;
use super::room::{killed_at, texts};
use super::shares::{by_the_docs, people, room, secrets, shares};
use super::token_secrets::{opens, start, token_room};
use crate::harness::keygen::ED25519;
use crate::harness::process::run;
use crate::harness::pty::Pty;
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::yubikey::SERIAL;

pub(super) const CONFIG: [&str; 2] = ["--config", "ca/punchmark.toml"];
const SIGN: [&str; 8] = [
    "sign",
    "-s",
    "users",
    "-I",
    "peter",
    "-n",
    "peter",
    "peter.pub",
];

/// A session on an account.
pub(super) fn session(account: &Punchmark, more: &[&str]) -> Pty {
    let mut command = account.prepare(crate::harness::pty::command(BINARY));
    command.args(CONFIG).args(["ceremony", "unlock"]).args(more);
    Pty::start(command)
}

fn held(room: &CardRoom) -> People {
    let mut people = people(room);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.admin.key("peter", ED25519);
    people
}

/// The secret in hexadecimal.
pub(super) fn secret_of(people: &People) -> String {
    let secret = SharedSecret::combine(&shares(people)[..2]).unwrap();
    base16ct::lower::encode_string(secret.expose())
}

/// What `ca show` says of the only device.
pub(super) fn opened_by(account: &Punchmark) -> String {
    let told = account.run(&[&CONFIG[..], &["ca", "show"]].concat()).ok();
    let line = told.stdout.lines().find(|line| line.contains("opened by"));
    line.unwrap().trim().to_owned()
}

/// The card has what follows from the secret for a counter, and no try was lost for good.
#[track_caller]
pub(super) fn assert_card(room: &CardRoom, secret: &str, counter: u32) {
    let serial = SERIAL.to_string();
    let of = |purpose: &str| {
        by_the_docs(
            secret,
            &format!("digits(secret, {purpose:?}, {serial:?}, {counter})"),
        )
    };
    let told = room.admin.punchmark.run(&["tokens", "--json"]).ok().stdout;
    assert!(told.contains("\"pin-tries-left\":5"), "{told}");
    room.admin
        .tool("yubico-piv-tool", &["-a", "verify-pin", "-P", &of("pin")]);
    let puk = of("puk");
    // The same again: who gives the wrong one loses a try.
    room.admin.tool(
        "yubico-piv-tool",
        &["-a", "change-puk", "-P", &puk, "-N", &puk],
    );
    let told = room.admin.punchmark.run(&["tokens", "--json"]).ok().stdout;
    assert!(told.contains("\"pin-tries-left\":5"), "{told}");
}

/// The management key is the one of this counter: it lets another slot be filled. Once a room.
#[track_caller]
pub(super) fn assert_management_key(room: &CardRoom, secret: &str, counter: u32) {
    let serial = SERIAL.to_string();
    let account = &room.admin.punchmark;
    let call = format!("digits(secret, 'pin', {serial:?}, {counter})");
    account.write_pin("pin", &by_the_docs(secret, &call));
    let call = format!("derived(secret, 'management-key', {serial:?}, {counter})[:24].hex()");
    account.write_pin("key", &by_the_docs(secret, &call));
    let key = [
        "init",
        "others",
        "--algorithm",
        "p256",
        "--key",
        "yubikey:slot-id=9a",
    ];
    let how = ["--touch-policy", "never", "--management-key-file", "key"];
    account.pinned(&[&key[..], &how].concat()).ok();
}

#[test]
fn custodians_open_a_card_for_one_command_and_it_gets_the_next_counter() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    let secret = secret_of(&people);
    for counter in 2..=3 {
        let more = [&["--"][..], &SIGN, &["-V", "+1h"]].concat();
        let (shown, code) = people.hold(session(account, &more));
        assert_eq!(code, 0, "{shown}");
        assert!(account.path("peter-cert.pub").is_file(), "{shown}");
        assert!(!shown.contains("PIN for"), "{shown}");
        let by = format!("generation 1, counter {counter}");
        assert!(shown.contains(&by), "{shown}");
        assert!(opened_by(account).contains(&by), "{}", opened_by(account));
        assert_card(&room, &secret, counter);
        std::fs::remove_file(account.path("peter-cert.pub")).unwrap();
    }
    let verify = [&CONFIG[..], &["ledger", "verify"]].concat();
    account.run(&verify).ok();
    let mut all = secrets(&people).1;
    let serial = SERIAL.to_string();
    for counter in 2..=3 {
        for purpose in ["pin", "puk"] {
            let call = format!("digits(secret, {purpose:?}, {serial:?}, {counter})");
            all.push(by_the_docs(&secret, &call));
        }
    }
    room.assert_in_no_file(&all);
    assert_management_key(&room, &secret, 3);
}

#[test]
fn a_session_takes_several_commands_and_ends_with_other_secrets_whatever_came_of_them() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    people.answers.push(("session".to_owned(), String::new()));
    let mut pty = session(account, &[]);
    let mut lines = vec![
        "end",
        "sing",
        "ceremony unlock",
        "sign -s users -I 'peter, laptop' -n peter peter.pub",
    ];
    let mut shown = String::new();
    let code = loop {
        match pty.expect_any_or_end(&["\n> ", "session> "]) {
            Ok((before, found)) if found == "session> " => {
                shown += &before;
                pty.type_line(lines.pop().unwrap());
            }
            Ok((before, _)) => {
                let question = before.lines().last().unwrap().trim().to_owned();
                shown += &before;
                let answer = people.answer(&before, &question);
                pty.type_line(&answer);
            }
            Err((rest, code)) => {
                shown += &rest;
                break code;
            }
        }
    };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("key ID \"peter, laptop\""), "{shown}");
    assert!(shown.contains("a session holds no ceremony"), "{shown}");
    assert!(shown.contains("unrecognized subcommand 'sing'"), "{shown}");
    assert_card(&room, &secret_of(&people), 2);
    // A command that fails: the card was open all the same.
    let (shown, code) = people.hold(session(
        account,
        &[
            "--", "sign", "-s", "users", "-I", "x", "-n", "x", "none.pub",
        ],
    ));
    assert_eq!(code, 1, "{shown}");
    assert_card(&room, &secret_of(&people), 3);
    // Where it is asked for, all stays, and that is said.
    let (shown, code) = people.hold(session(account, &["--keep-counter", "--", "tokens"]));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("keeps counter 3"), "{shown}");
    assert_card(&room, &secret_of(&people), 3);
}

#[test]
fn a_session_on_a_token_changes_pin_and_so_pin() {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let secret = SharedSecret::combine(&shares(&people)[1..]).unwrap();
    let secret = base16ct::lower::encode_string(secret.expose());
    let digits = |purpose: &str, counter: u32| {
        let serial = &room.serial;
        by_the_docs(
            &secret,
            &format!("digits(secret, {purpose:?}, {serial:?}, {counter}, 16)"),
        )
    };
    let account = &room.account;
    let (shown, code) = people.hold(session(account, &["--", "ledger", "checkpoint"]));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("punchmark.ledger/"), "{shown}");
    assert!(!opens(&room, &digits("pin", 1)));
    assert!(opens(&room, &digits("pin", 2)));
    room.token.assert_so_pin(&digits("so-pin", 2));
    assert!(opened_by(account).contains("generation 1, counter 2"));
}

#[test]
fn what_is_wrong_with_a_share_is_told_and_no_try_is_lost() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    let (first, second) = (shares(&people)[0].words(), shares(&people)[1].words());
    let mut mistyped: Vec<_> = second.split(' ').collect();
    mistyped.swap(7, 8);
    let other = SharedSecret::random().unwrap();
    let others = other.split(Quorum::new(2, 3).unwrap()).unwrap();
    let mut typed = vec![
        second.to_string(),
        mistyped.join(" "),
        others[1].words().to_string(),
        first.to_string(),
        first.to_string(),
    ];
    let mut pty = session(account, &["--", "tokens"]);
    let mut shown = String::new();
    let code = loop {
        match pty.expect_or_end("\n> ") {
            Ok(before) => {
                let is_share = before.contains("Type it off the paper");
                shown += &before;
                let line = if is_share { typed.pop() } else { None };
                pty.type_line(&line.unwrap_or_default());
            }
            Err((rest, code)) => {
                shown += &rest;
                break code;
            }
        }
    };
    assert_eq!(code, 0, "{shown}");
    for words in ["typed before", "of another set", "That is no share"] {
        assert_eq!(shown.matches(words).count(), 1, "{words}: {shown}");
    }
    assert_card(&room, &secret_of(&people), 2);
    // A whole set of another secret: told before any device is tried.
    for (number, share) in (1..).zip(&others) {
        let what = format!("the 20 words of share {number} of 3, off its sheet");
        people.sheets.insert(what, share.words().to_string());
    }
    let (shown, code) = people.hold(session(account, &["--", "tokens"]));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("no device was tried"), "{shown}");
}

/// Sessions that are each killed at one of these calls of the system, until each call was one.
fn killed(people: &mut People, calls: &str, step: usize, start: impl Fn(&[&str]) -> Pty) -> usize {
    let mut kills = 0;
    for when in (1..).step_by(step) {
        let traced = killed_at(calls, when);
        let own = ["ceremony", "unlock", "--", "ledger", "verify"];
        let (shown, code) = people.hold(start(&[&texts(&traced)[..], &CONFIG, &own].concat()));
        if code == 0 {
            return kills;
        }
        assert_eq!(code, 137, "{shown}");
        kills += 1;
        assert!(when < 500, "{shown}");
    }
    kills
}

#[test]
fn a_session_on_a_card_that_is_killed_anywhere_leaves_a_card_that_the_next_opens() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    let start = |arguments: &[&str]| room.started_by("strace", arguments);
    assert!(killed(&mut people, "fdatasync,fsync,rename", 1, start) > 3);
    // What is sent to the card: between PUK, PIN and management key.
    assert!(killed(&mut people, "sendto", 2, start) > 10);
    let by = opened_by(account);
    let counter = by.split("counter ").nth(1).unwrap();
    let counter = counter.split(' ').next().unwrap().parse().unwrap();
    assert_card(&room, &secret_of(&people), counter);
    assert_management_key(&room, &secret_of(&people), counter);
    let verify = [&CONFIG[..], &["ledger", "verify"]].concat();
    account.run(&verify).ok();
}

#[test]
fn a_session_on_a_token_that_is_killed_anywhere_leaves_a_token_that_the_next_opens() {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let start = |arguments: &[&str]| room.started_by("strace", arguments);
    assert!(killed(&mut people, "fdatasync,fsync,rename", 1, start) > 3);
}

/// SoftHSM itself loses a token that it is killed over, so that what a kill between its two PINs leaves
/// is made by hand.
#[test]
fn a_token_with_one_new_and_one_old_pin_is_taken_up() {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let secret = SharedSecret::combine(&shares(&people)[1..]).unwrap();
    let secret = base16ct::lower::encode_string(secret.expose());
    let serial = &room.serial;
    let digits = |purpose: &str, counter: u32| {
        let call = format!("digits(secret, {purpose:?}, {serial:?}, {counter}, 16)");
        by_the_docs(&secret, &call)
    };
    let mut when = 0;
    while !opened_by(&room.account).contains("cut short") {
        when += 1;
        let traced = killed_at("fdatasync,fsync,rename", when);
        let own = ["ceremony", "unlock", "--", "ledger", "verify"];
        let run = [&texts(&traced)[..], &CONFIG, &own].concat();
        let (shown, code) = people.hold(room.started_by("strace", &run));
        assert_eq!(code, 137, "{shown}");
    }
    let mut tool = room.token.tool();
    tool.args([
        "--token-label",
        "Root CA",
        "--login",
        "--login-type",
        "so",
        "--change-pin",
    ]);
    tool.args([
        "--so-pin",
        &digits("so-pin", 1),
        "--new-pin",
        &digits("so-pin", 2),
    ]);
    run(&mut tool).ok();
    let (shown, code) = people.hold(session(&room.account, &["--", "ledger", "verify"]));
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("it goes on there"), "{shown}");
    assert!(opens(&room, &digits("pin", 3)));
    room.token.assert_so_pin(&digits("so-pin", 3));
}

#[test]
fn a_run_without_a_terminal_or_with_a_command_that_is_none_says_so() {
    let (room, _) = token_room("shares");
    for command in ["tokens", "nothing"] {
        let unlock = ["ceremony", "unlock", "--", command];
        let ran = room.account.run(&[&CONFIG[..], &unlock].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    }
}
