//! Sheets of secrets that a printer makes, and printers that fail.

use std::fs;

use super::cards::CardRoom;
use super::people::People;
use super::room::{killed_at_every_write, words_of};
use super::sha256;
use super::shares;
use crate::harness::printer::{Printer, rendered};

/// The plan of a room prints by this program.
fn with_printer(room: &CardRoom, printer: &Printer) {
    room.write_plan(&that_prints(&room.text(), printer));
}

/// A plan that prints by this program.
pub(super) fn that_prints(plan: &str, printer: &Printer) -> String {
    let program = printer.program();
    let print = format!(
        "print = [{program:?}, \"-d\", \"the safe; cat\"]\nprint-sha256 = \"{}\"\n",
        sha256(&program)
    );
    let (before, behind) = plan.split_once("program     = ").unwrap();
    format!("{before}{print}program     = {behind}")
}

/// A room with a card that 2 of 3 shares open, and its people, who read what the printer made.
pub(super) fn of_shares(printer: Printer) -> (CardRoom, People) {
    let room = shares::room();
    with_printer(&room, &printer);
    let mut people = shares::people(&room);
    people.printer = Some(printer);
    (room, people)
}

fn printer(people: &People) -> &Printer {
    people.printer.as_ref().unwrap()
}

fn report(room: &CardRoom) -> String {
    let report = ["ceremony", "report", "ceremony/transcript.jsonl", "--plan"];
    let report = [&report[..], &["plan.toml"]].concat();
    room.admin.punchmark.run(&report).ok().stdout
}

/// Nothing of a secret is in a file of ours, or in what the printer was started with.
#[track_caller]
fn assert_secret(room: &CardRoom, people: &People) {
    let (_, all) = shares::secrets(people);
    room.assert_in_no_file(&all);
    let started = printer(people).started();
    for secret in all.iter().chain(&people.shown) {
        let words: Vec<_> = secret.split(' ').take(2).collect();
        assert!(!started.contains(&words.join(" ")), "{started}");
    }
    assert!(started.contains(" -d the safe; cat\n"), "{started}");
    for line in started.lines().filter(|line| line.contains('=')) {
        let name = line.split('=').next().unwrap();
        assert!(
            ["PATH", "LC_ALL", "PWD", "_", "OLDPWD", "SHLVL"].contains(&name),
            "{line}"
        );
    }
}

#[test]
fn each_share_comes_from_the_printer_as_words_and_as_a_code() {
    let (room, mut people) = of_shares(Printer::new());
    let script = ["ceremony", "script", "plan.toml", "--markdown"];
    let paper = room.admin.punchmark.run(&script).ok().stdout;
    assert!(
        paper.contains("takes the sheet with their share from the printer"),
        "{paper}"
    );
    assert!(
        paper.contains("The sheet comes from the printer"),
        "{paper}"
    );
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    // None was on a screen.
    assert!(!shown.contains("Write it down"), "{shown}");
    let sheets = printer(&people).sheets();
    assert_eq!(sheets.len(), 3);
    for (number, (share, sheet)) in (1..).zip(shares::shares(&people).iter().zip(&sheets)) {
        for size in ["a4", "letter"] {
            let read = rendered(sheet, size);
            assert_eq!(read.code, share.words().as_str());
            let squeezed: Vec<_> = read.text.split_whitespace().collect();
            for (at, word) in (1..).zip(share.words().split(' ')) {
                let pair = [at.to_string(), word.to_owned()];
                let is_there = squeezed.windows(2).any(|two| two == pair);
                assert!(is_there, "{pair:?}: {}", read.text);
            }
            let name = ["Cem", "Erik", "Gus"][number - 1];
            for words in [
                format!("Share {number} of 3"),
                format!("{name} alone"),
                format!("S{number}"),
                "user CA of example.org".to_owned(),
                "Number on the seal".to_owned(),
            ] {
                assert!(read.text.contains(&words), "{words}: {}", read.text);
            }
            let plan: Vec<_> = people.words.split(' ').collect();
            assert!(
                squeezed.windows(3).any(|three| three == &plan[..3]),
                "{}",
                read.text
            );
            assert!(!read.text.contains("REHEARSAL"));
        }
    }
    let transcript = room.transcript();
    assert_eq!(transcript.matches("\"kind\":\"printed\"").count(), 3);
    let fact = format!(
        "\"name\":\"printer {}\"",
        printer(&people).program().display()
    );
    assert!(transcript.contains(&fact), "{transcript}");
    assert_secret(&room, &people);
    let page = report(&room);
    assert!(page.contains("3 handed to <code>"), "{page}");
    assert!(page.contains("memory and disk of the printer"), "{page}");
}

#[test]
fn a_card_s_pin_and_puk_come_from_the_printer_and_count_when_typed_back() {
    let room = CardRoom::new(&["5.7.1"], 1);
    let printer = Printer::new();
    with_printer(&room, &printer);
    let mut people = room.people();
    people.printer = Some(printer);
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0).ok();
    assert_eq!(room.transcript().matches("\"kind\":\"printed\"").count(), 2);
    assert_eq!(people.shown.len(), 2);
    room.assert_in_no_file(&people.shown);
    let pin = people
        .sheets
        .iter()
        .find(|(what, _)| what.contains("the PIN of"));
    let pin = pin.unwrap().1.clone();
    room.admin
        .tool("yubico-piv-tool", &["-a", "verify-pin", "-P", &pin]);
}

#[test]
fn a_printer_that_fails_is_told_and_another_try_or_the_screen_is_there() {
    for (does, why) in [
        (
            "[ $count != 0 ] && cat > \"$sheet\"",
            "it ended with exit status: ",
        ),
        (
            "[ $count != 0 ] || { cat > /dev/full; exit 4; }; cat > \"$sheet\"",
            "it ended with exit status: 4",
        ),
        (
            "[ $count != 0 ] || kill -9 $$; cat > \"$sheet\"",
            "it ended with signal: 9",
        ),
        (
            "[ $count != 0 ] || exit 0; cat > \"$sheet\"",
            "it ended before it took the whole sheet",
        ),
    ] {
        let (room, mut people) = of_shares(Printer::that(does));
        people.without_sheet = "print";
        let (shown, code) = people.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("was NOT printed by"), "{shown}");
        assert!(shown.contains(why), "{shown}");
        room.verify(&words_of(&shown).0).ok();
        let transcript = room.transcript();
        assert_eq!(transcript.matches("\"kind\":\"not-printed\"").count(), 1);
        assert_eq!(transcript.matches("\"kind\":\"printed\"").count(), 3);
        assert!(transcript.contains(why), "{transcript}");
        assert_secret(&room, &people);
    }
}

#[test]
fn a_printer_that_hangs_or_makes_nothing_is_given_up_for_the_screen() {
    for (does, is_told) in [
        ("[ $count != 0 ] || sleep 1000", true),
        ("cat > /dev/null", false),
    ] {
        let (room, mut people) = of_shares(Printer::that(does));
        people.without_sheet = "screen";
        let (shown, code) = people.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        let hangs = "it was not done in 30 seconds";
        assert_eq!(shown.contains(hangs), is_told, "{shown}");
        room.verify(&words_of(&shown).0).ok();
        let transcript = room.transcript();
        let by_hand = "written by hand off the screen";
        assert_eq!(transcript.matches(by_hand).count(), 3, "{transcript}");
        assert_secret(&room, &people);
    }
}

#[test]
fn another_program_than_was_reviewed_gets_no_sheet() {
    let (room, mut people) = of_shares(Printer::new());
    let asked = people.hold_until(room.start(), |question| question.contains("at the printer"));
    assert_eq!(asked, None);
    room.wait_until_left();
    let program = printer(&people).program();
    let reviewed = fs::read(&program).unwrap();
    fs::write(&program, [&reviewed[..], b"# and more\n"].concat()).unwrap();
    people.without_sheet = "screen";
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains("it has not the SHA-256 of the plan"),
        "{shown}"
    );
    assert_eq!(printer(&people).starts(), 0);
    room.verify(&words_of(&shown).0).ok();
    // Where it is another one from the beginning, nothing is made at all.
    let (room, mut people) = of_shares(Printer::new());
    fs::write(printer(&people).program(), "#!/bin/sh\n").unwrap();
    let (shown, code) = people.hold(room.start());
    assert_eq!(code, 1, "{shown}");
    assert!(shown.contains("has the SHA-256"), "{shown}");
}

#[test]
fn killed_at_every_write_the_sheets_that_count_are_those_that_were_typed_back() {
    let (room, mut people) = of_shares(Printer::new());
    let words = killed_at_every_write(10, &["ceremony", "run", "plan.toml"], |arguments| {
        people.hold(room.started_by("strace", arguments))
    });
    room.verify(&words).ok();
    assert_eq!(room.transcript().matches("\"kind\":\"intent\"").count(), 2);
    assert!(printer(&people).sheets().len() >= 3);
    assert_secret(&room, &people);
}

#[test]
fn what_stands_on_a_sheet_that_is_astray_opens_nothing() {
    // The program took the page and failed: the sheet may come out an hour later, on another table.
    for does in [
        "cat > \"$count.astray\"; [ $count != 1 ] || exit 5; mv \"$count.astray\" \"$sheet\"",
        "cat > \"$count.astray\"; [ $count = 1 ] || mv \"$count.astray\" \"$sheet\"",
    ] {
        let (room, mut people) = of_shares(Printer::that(does));
        people.without_sheet = "print";
        people
            .once
            .push(("share 2 of 3".to_owned(), "None".to_owned()));
        let (shown, code) = people.hold(room.start());
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("A SHEET IS ASTRAY"), "{shown}");
        room.verify(&words_of(&shown).0).ok();
        let astray = printer(&people).program().with_file_name("1.astray");
        let lost = rendered(&astray, "a4").code;
        for share in shares::shares(&people) {
            assert_ne!(share.words().as_str(), lost);
        }
        // Nor was any sheet of the same secret handed out a second time.
        let sheets = printer(&people).sheets();
        let codes = sheets.iter().map(|sheet| rendered(sheet, "a4").code);
        let codes: std::collections::BTreeSet<_> = codes.collect();
        assert_eq!(codes.len(), sheets.len());
        let transcript = room.transcript();
        assert!(
            transcript.contains("\"kind\":\"not-printed\""),
            "{transcript}"
        );
        assert!(transcript.contains("\"kind\":\"go-on\""), "{transcript}");
    }
}
