//! The first item is refused when all was read: another test certificate is read before anything is signed.

use std::fs;

use super::{OUTPUTS, Sides};
use crate::ceremony::room::words_of;
use crate::harness::keygen;
use crate::harness::pty::Pty;

/// Answers what is asked until a question that `leaves` picks, which is left unanswered; or to the end.
fn hold_until(
    sides: &Sides,
    mut pty: Pty,
    mut leaves: impl FnMut(&str) -> bool,
) -> (String, Option<u8>) {
    let words = sides.room.checked()["words"].as_str().unwrap().to_owned();
    let mut shown = String::new();
    loop {
        match pty.expect_or_end("\n> ") {
            Ok(before) => {
                shown += &before;
                let question = before.lines().last().unwrap().trim().to_owned();
                if leaves(&question) {
                    return (shown, None);
                }
                pty.type_line(&if question.contains("what is that entry?") {
                    "Erik lost his key".to_owned()
                } else {
                    sides.room.answer(&question, &words)
                });
            }
            Err((rest, code)) => return (shown + &rest, Some(code)),
        }
    }
}

#[test]
fn where_another_item_comes_first_its_test_certificate_is_read_before_anything_is_signed() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik", "anna", "peter"]);
    sides.plan(&["one.bundle"]);
    sides.carry_in("erik.pub");
    let (mut is_revoked, mut asked) = (false, 0);
    let (shown, code) = hold_until(&sides, sides.room.start(), |question| {
        if question.contains("type \"sign one.bundle\"") && !is_revoked {
            sides.in_room("revoke --key erik.pub --reason lost --yes");
            is_revoked = true;
        }
        asked += u8::from(question.contains("have read the test certificate"));
        asked == 2
    });
    assert_eq!(code, None, "{shown}");
    let (_, behind) = shown.split_once("Item 2 comes first").unwrap();
    let shows = |shown: &str| {
        let rows = shown.split("what would be signed, by a key that is thrown away:");
        rows.last()
            .unwrap()
            .contains(&keygen::fingerprint(&sides.room.account.path("anna.pub")))
    };
    sides.carry_in("anna.pub");
    assert!(shows(behind), "{behind}");
    assert_eq!(sides.certificates(), 0);
    // The terminal was taken away there: the next run shows it again, and asks.
    let mut before = 0;
    let (shown, code) = hold_until(&sides, sides.room.start(), |question| {
        let is_it = question.contains("have read the test certificate");
        before += usize::from(is_it) * (1 + sides.certificates());
        false
    });
    assert_eq!((code, before), (Some(0), 1), "{shown}");
    assert!(
        shows(
            shown
                .split("have read the test certificate")
                .next()
                .unwrap()
        ),
        "{shown}"
    );
    assert_eq!(sides.certificates(), 2);
    let told = sides.room.verify(&words_of(&shown).0, &OUTPUTS).ok().stdout;
    assert!(told.contains("Erik lost his key"), "{told}");
    let answer = "one.bundle.answer";
    fs::copy(sides.room.output(answer), sides.office.path(answer)).unwrap();
    let accepted = sides.in_office("bundle accept one.bundle.answer");
    accepted.exits(3).says("was revoked");
    sides.in_office("ledger verify --signatures").ok();
}

#[test]
fn a_table_that_nobody_said_yes_to_leads_nowhere() {
    let sides = Sides::begun();
    sides.make("one.bundle", &["erik"]);
    sides.plan(&["one.bundle"]);
    for (question, missing) in [
        ("have read the table of", "== test certificate one.bundle"),
        ("have read the test certificate of", "== sign one.bundle"),
    ] {
        let (shown, code) =
            hold_until(&sides, sides.room.start(), |asked| asked.contains(question));
        assert_eq!(code, None, "{shown}");
        // What is asked about stands above, also where the run before showed it to others.
        let (_, behind) = shown.split_once(missing).unwrap();
        assert!(
            shown.contains("erik, role engineer") && !behind.contains("\n> "),
            "{shown}"
        );
        assert_eq!(sides.certificates(), 0);
    }
    let (shown, code) = sides.room.hold(sides.room.start());
    assert_eq!(code, 0, "{shown}");
    sides.room.verify(&words_of(&shown).0, &OUTPUTS).ok();
}
