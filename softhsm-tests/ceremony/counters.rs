//! What devices have behind a ceremony for which shares opened them: the secrets of their next counter, or those that
//! they had.

use std::fs;

use super::cards::CardRoom;
use super::people::People;
use super::room::{date, killed_at_every_write, with_window, words_of};
use super::shares;
use super::unlock::{CONFIG, assert_card, opened_by, secret_of};
use crate::harness::keygen;
use crate::harness::punchmark::BINARY;
use crate::harness::yubikey::SERIAL;

/// A room whose cards shares open since their ceremony, with a plan of another kind about one of the CAs.
fn later(
    firmwares: &[&str],
    (kind, rotate): (&str, &str),
    (ca, device): (&str, &str),
    tables: &str,
) -> (CardRoom, People, People) {
    let room = shares::room_with(firmwares);
    let mut before = shares::people(&room);
    let (shown, code) = before.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    let account = &room.admin.punchmark;
    fs::rename(account.path("ceremony"), account.path("first")).unwrap();
    let head = [&CONFIG[..], &["ledger", "head", "show"]].concat();
    let head = account.run(&head).ok().stdout;
    let head: Vec<_> = head.lines().collect();
    let print = keygen::fingerprint(&account.path(&format!("ca/{ca}.pub")));
    let text = room.text();
    let (plan, _) = text.split_once("[[ca]]").unwrap();
    let (_, roots) = text.split_once("[[attestation-root]]").unwrap();
    let (roots, custody) = roots.split_once("[custody]").unwrap();
    let plan = plan
        .replace("kind    = \"create\"", &format!("kind = \"{kind}\""))
        .replace("last    = \"none\"", &format!("last = \"{words}\""));
    let plan = format!(
        "{plan}\n[ledger]\nname = \"{}\"\nsize = {}\nroot = \"{}\"\n\n[[known-ca]]\nname = \"{ca}\"\n\
         fingerprint = \"{print}\"\ndevice = \"{device}\"\n{tables}\n[[attestation-root]]{roots}\n\
         [custody]\n{rotate}{custody}",
        head[0], head[1], head[2],
    );
    room.write_plan(&with_window(&plan, "-1 day", "+1 day"));
    let mut people = shares::people(&room);
    people.sheets = before.sheets.clone();
    (room, people, before)
}

fn drill() -> String {
    format!("\n[drill]\nnext-due = \"{}\"\n", date("+1 year"))
}

/// How many entries of the ledger are about secrets of devices.
fn entries(room: &CardRoom) -> usize {
    let export = [&CONFIG[..], &["ledger", "export"]].concat();
    let exported = room.admin.punchmark.run(&export).ok().stdout;
    exported.matches("\"kind\":\"secrets-derived\"").count()
}

fn report(room: &CardRoom) -> String {
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let report = [&report[..], &["plan.toml"]].concat();
    room.admin.punchmark.run(&report).ok().stdout
}

#[test]
fn killed_at_every_write_the_card_has_the_next_counter_once() {
    let users = ("users", "root");
    let (room, mut people, before) = later(&["5.7.1"], ("drill", ""), users, &drill());
    let begun = entries(&room);
    let words = killed_at_every_write(8, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words).ok();
    assert_eq!(entries(&room), begun + 2);
    assert!(opened_by(&room.admin.punchmark).contains("generation 1, counter 2"));
    assert_card(&room, &secret_of(&before), 2);
    room.assert_in_no_file(&shares::secrets(&before).1);
    let page = report(&room);
    assert!(page.contains("got those of its next counter"), "{page}");
    assert!(page.contains("generation 1, counter 2"), "{page}");
}

#[test]
fn a_card_keeps_its_counter_where_the_plan_says_so_and_all_papers_tell() {
    let kept = ("drill", "rotate = false\n");
    let (room, mut people, before) = later(&["5.7.1"], kept, ("users", "root"), &drill());
    let begun = entries(&room);
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let paper = room.admin.punchmark.run(&script).ok().stdout;
    assert!(paper.contains("KEEP THEIR COUNTERS"), "{paper}");
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify(&words).ok();
    assert_eq!(entries(&room), begun);
    assert_card(&room, &secret_of(&before), 1);
    let page = report(&room);
    assert!(page.contains("KEPT (rotate = false)"), "{page}");
    assert!(page.contains("generation 1, counter 1, kept"), "{page}");
}

#[test]
fn a_card_that_is_reset_at_the_end_of_its_key_has_nothing_to_change() {
    let tables = "\n[retire]\nreason = \"it is over\"\nlock-out = false\n\n[[copy]]\nca = \"users2\"\n\
                  device = \"root2\"\n";
    let cards = ["5.7.1", "5.7.4"];
    let (room, mut people, before) = later(&cards, ("retire", ""), ("users2", "root2"), tables);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let transcript = room.transcript();
    assert!(
        transcript.contains("nothing: the card was reset"),
        "{transcript}"
    );
    assert_card(&room, &secret_of(&before), 2);
    // A session counts the other card alone.
    let config = ["--config", "ca/punchmark.toml"];
    let session = ["ceremony", "unlock", "--", "ledger", "verify"];
    let all = [&config[..], &session].concat();
    let (shown, _) = people.hold(room.started_by(BINARY, &all));
    assert!(shown.contains(&format!("YubiKey {SERIAL}: ")), "{shown}");
    assert!(
        !shown.contains(&format!("YubiKey {}", SERIAL + 1)),
        "{shown}"
    );
}

#[test]
fn a_session_between_two_runs_is_told_as_an_entry_of_others() {
    let (room, mut people, before) = later(&["5.7.1"], ("drill", ""), ("users", "root"), &drill());
    let is_sealed = |question: &str| question.contains("the bag that `root` is");
    assert_eq!(people.hold_until(room.start(), is_sealed), None);
    room.wait_until_left();
    session(&room, &mut people);
    told_as_of_others(&mut people);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let told = room.verify(&words_of(&shown).0).ok().stdout;
    assert!(told.contains("a device got other secrets"), "{told}");
    assert_card(&room, &secret_of(&before), 3);
    let transcript = room.transcript();
    assert!(
        transcript.contains("generation 1, counter 2\""),
        "{transcript}"
    );
}

#[test]
fn a_session_between_two_runs_of_a_create_or_before_a_reset_is_gone_on_behind() {
    let is_sealed = |question: &str| question.contains("the bag that `root` is");
    let room = shares::room_with(&["5.7.1"]);
    let mut people = shares::people(&room);
    assert_eq!(people.hold_until(room.start(), is_sealed), None);
    room.wait_until_left();
    session(&room, &mut people);
    told_as_of_others(&mut people);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    assert_card(&room, &secret_of(&people), 2);

    let tables = "\n[retire]\nreason = \"it is over\"\nlock-out = false\n\n[[copy]]\nca = \"users2\"\n\
                  device = \"root2\"\n";
    let cards = ["5.7.1", "5.7.4"];
    let (room, mut people, _) = later(&cards, ("retire", ""), ("users2", "root2"), tables);
    let is_end = |question: &str| question.contains("type \"destroy users2 in root2\"");
    assert_eq!(people.hold_until(room.start(), is_end), None);
    room.wait_until_left();
    session(&room, &mut people);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    let transcript = room.transcript();
    assert!(
        transcript.contains("nothing: the card was reset"),
        "{transcript}"
    );
}

/// A session of the custodians by itself, which ends with the next counter of each device.
fn session(room: &CardRoom, people: &mut People) {
    let own = ["ceremony", "unlock", "--", "ledger", "verify"];
    let all = [&["--config", "ca/punchmark.toml"][..], &own].concat();
    let (shown, code) = people.hold(room.started_by(BINARY, &all));
    assert_eq!(code, 0, "{shown}");
}

fn told_as_of_others(people: &mut People) {
    let why = ("what is that entry?", "we looked at the ledger");
    people.answers.push((why.0.to_owned(), why.1.to_owned()));
}
