//! New secrets, when a custodian leaves: what each device opens by after, wherever a run is cut short.

use punchmark::secret::share::SharedSecret;

use super::cards::CardRoom;
use super::people::People;
use super::printer::of_shares;
use super::room::{killed_at, texts};
use super::shares::{by_the_docs, people, room, room_with, shares};
use super::token_secrets::{opens, start, token_room};
use super::unlock::{CONFIG, assert_card, assert_management_key, opened_by, secret_of, session};
use crate::harness::printer::{Printer, rendered};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::{BINARY, Punchmark};
use crate::harness::yubikey::{SERIAL, pull, wait_until_noticed};

const RESHARE: [&str; 10] = [
    "ceremony",
    "reshare",
    "--threshold",
    "2",
    "--custodian",
    "Cem",
    "--custodian",
    "Erik",
    "--custodian",
    "Ida",
];

fn reshare(account: &Punchmark) -> Pty {
    let mut command = account.prepare(pty::command(BINARY));
    command.args(CONFIG).args(RESHARE);
    Pty::start(command)
}

/// The same with sheets from the printer of the room's plan.
fn reshare_by_printer(account: &Punchmark) -> Pty {
    let mut command = account.prepare(pty::command(BINARY));
    command.args(CONFIG).args(RESHARE);
    command.args(["--printer-of", "plan.toml"]);
    Pty::start(command)
}

#[test]
fn a_new_share_whose_sheet_is_astray_ends_it_before_a_device_is_changed() {
    let (room, mut people) = of_shares(Printer::that("cat > \"$sheet\"; [ $count -lt 3 ]"));
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    give_up(&mut people);
    let (shown, code) = people.hold(reshare_by_printer(&room.admin.punchmark));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("a sheet is astray"), "{shown}");
    assert_eq!(people.printer.as_ref().unwrap().starts(), 4);
    assert!(opened_by(&room.admin.punchmark).contains("generation 1, counter 1"));
}

#[test]
fn new_shares_come_from_the_printer_of_a_plan() {
    let (room, mut people) = of_shares(Printer::new());
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    give_up(&mut people);
    let (shown, code) = people.hold(reshare_by_printer(&room.admin.punchmark));
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("Write it down"), "{shown}");
    let printer = people.printer.as_ref().unwrap();
    assert_eq!(printer.sheets().len(), 6);
    let sheet = rendered(printer.sheets().last().unwrap(), "a4").text;
    for words in ["Share 3 of 3", "Ida alone", "Generation"] {
        assert!(sheet.contains(words), "{sheet}");
    }
    assert_card(&room, &secret_of(&people), 1);
    room.assert_in_no_file(&super::shares::secrets(&people).1);
}

fn held(room: &CardRoom) -> People {
    let mut people = people(room);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    people
}

/// The old sheets are those of now from here on, and what is given out is new.
fn give_up(people: &mut People) {
    people.given_up = Some(people.sheets.clone());
}

#[test]
fn a_new_secret_opens_the_card_when_all_its_shares_are_on_paper_and_the_old_one_opens_nothing() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    let old = shares(&people);
    give_up(&mut people);
    let (shown, code) = people.hold(reshare(account));
    assert_eq!(code, 0, "{shown}");
    let secret = secret_of(&people);
    assert_card(&room, &secret, 1);
    assert!(opened_by(account).contains("generation 2, counter 1"));
    let told = format!("yubikey:serial={SERIAL}  generation 2, counter 1");
    assert!(shown.contains(&told), "{shown}");
    // The sheets come before the card does, and their end behind it.
    let at = |words: &str| {
        shown
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {shown}"))
    };
    assert!(at("was put together, and did") < at("opens by generation 2"));
    assert!(at("opens by generation 2") < at("are destroyed before my eyes"));
    room.assert_in_no_file(&super::shares::secrets(&people).1);
    // Whoever left has two old shares, and tries nothing.
    let kept = std::mem::take(&mut people.sheets);
    for (number, share) in (1..).zip(&old) {
        let what = format!("the 20 words of share {number} of 3, off its sheet");
        people.sheets.insert(what, share.words().to_string());
    }
    let (shown, code) = people.hold(session(account, &["--", "tokens"]));
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("is opened by other shares"), "{shown}");
    let given_up = "these shares are of generation 1, which opens no device any more";
    assert!(shown.contains(given_up), "{shown}");
    people.sheets = kept;
    let (shown, code) = people.hold(session(account, &["--", "tokens"]));
    assert_eq!(code, 0, "{shown}");
    assert_card(&room, &secret, 2);
    assert_management_key(&room, &secret, 2);
    let verify = [&CONFIG[..], &["ledger", "verify"]].concat();
    account.run(&verify).ok();
}

#[test]
fn a_card_that_is_elsewhere_keeps_its_generation_until_a_later_run_has_it() {
    let room = room_with(&["5.7.1", "5.7.4"]);
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    give_up(&mut people);
    pull(&room.admin.token, 1);
    let (shown, code) = people.hold(reshare(account));
    assert_eq!(code, 0, "{shown}");
    let other = SERIAL + 1;
    let absent = format!("YubiKey {other} is not there, and keeps generation 1");
    assert!(shown.contains(&absent), "{shown}");
    assert!(shown.contains("KEEP the old shares"), "{shown}");
    assert!(!shown.contains("destroyed before my eyes"), "{shown}");
    let status = account.run(&[&CONFIG[..], &["status"]].concat());
    let words = format!("yubikey:serial={other}: the shares of generation 1 open it still");
    assert!(status.stdout.contains(&words), "{}", status.stdout);
    let link = room.admin.token.link(1).unwrap();
    link.put_back();
    wait_until_noticed(link);
    let (shown, code) = people.hold(reshare(account));
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("Generation 2 was given out before"),
        "{shown}"
    );
    assert!(shown.contains("destroyed before my eyes"), "{shown}");
    let status = account.run(&[&CONFIG[..], &["status"]].concat());
    assert!(!status.stdout.contains("generation 1"), "{}", status.stdout);
    assert!(opened_by(account).contains("generation 2, counter 1"));
}

#[test]
fn killed_anywhere_a_card_opens_by_the_old_shares_or_the_new_ones_and_the_next_run_ends_it() {
    let room = room();
    let mut people = held(&room);
    let account = &room.admin.punchmark;
    for calls in ["fdatasync,fsync,rename", "sendto"] {
        give_up(&mut people);
        let before = secret_of(&people);
        let mut kills = 0;
        for when in (1..).step_by(if calls == "sendto" { 3 } else { 1 }) {
            let traced = killed_at(calls, when);
            let run = [&texts(&traced)[..], &CONFIG, &RESHARE].concat();
            let (shown, code) = people.hold(room.started_by("strace", &run));
            if code == 0 {
                break;
            }
            assert_eq!(code, 137, "{shown}");
            kills += 1;
            assert!(when < 300, "{shown}");
        }
        assert!(kills >= 2, "{calls}: {kills}");
        assert_ne!(secret_of(&people), before);
        assert_card(&room, &secret_of(&people), 1);
    }
    assert_management_key(&room, &secret_of(&people), 1);
    let verify = [&CONFIG[..], &["ledger", "verify"]].concat();
    account.run(&verify).ok();
}

#[test]
fn a_token_gets_the_pins_of_a_new_secret_and_sharing_that_nobody_could_bear_is_refused() {
    let (room, mut people) = token_room("shares");
    let (shown, code) = people.hold(start(&room));
    assert_eq!(code, 0, "{shown}");
    let account = &room.account;
    for (more, words) in [
        (
            [
                "--threshold",
                "2",
                "--custodian",
                "Cem",
                "--custodian",
                "Erik",
            ],
            "one share more",
        ),
        (
            [
                "--threshold",
                "1",
                "--custodian",
                "Cem",
                "--custodian",
                "Erik",
            ],
            "at least two",
        ),
        (
            [
                "--threshold",
                "2",
                "--custodian",
                "Cem",
                "--custodian",
                "Cem",
            ],
            "named twice",
        ),
    ] {
        let ran = account.run(&[&CONFIG[..], &["ceremony", "reshare"], &more].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    give_up(&mut people);
    let (shown, code) = people.hold(reshare(account));
    assert_eq!(code, 0, "{shown}");
    let secret = SharedSecret::combine(&shares(&people)[1..]).unwrap();
    let secret = base16ct::lower::encode_string(secret.expose());
    let digits = |purpose: &str| {
        let serial = &room.serial;
        by_the_docs(
            &secret,
            &format!("digits(secret, {purpose:?}, {serial:?}, 1, 16)"),
        )
    };
    assert!(opens(&room, &digits("pin")));
    room.token.assert_so_pin(&digits("so-pin"));
}
