//! A bag or an envelope with another number than the plan's: two people read it, and every check tells of it.

use std::fs;

use super::room::{Room, words_of};
use super::run::OUTPUTS;

#[test]
fn another_number_that_two_people_read_is_taken_behind_a_deviation_and_told() {
    let room = Room::new("2");
    let words = room.checked()["words"].as_str().unwrap().to_owned();
    // In this order: alone it is no answer; what only one reads is none; a secret is never one.
    let mut typed = ["B99", "!", "the label is new", "B99", "B98", "B99", "b99"].into_iter();
    let mut pty = room.start();
    let mut shown = String::new();
    let code = loop {
        match pty.expect_or_end("\n> ") {
            Ok(before) => {
                let question = before.lines().last().unwrap().trim().to_owned();
                shown += &before;
                let of_bag = [
                    "the number of the bag of",
                    "what is otherwise?",
                    "the number that you read there",
                ];
                let other = of_bag.iter().any(|part| question.contains(part));
                let other = other.then(|| typed.next()).flatten();
                match other {
                    Some(other) => pty.type_line(other),
                    None => pty.type_line(&room.answer(&question, &words)),
                }
            }
            Err((rest, code)) => {
                shown += &rest;
                break code;
            }
        }
    };
    assert_eq!(code, 0, "{shown}");
    assert_eq!(typed.next(), None, "{shown}");
    assert!(
        shown.contains("Bob: the number that you read there"),
        "{shown}"
    );
    let told = "\"B99\" is there, as Anna and Bob read it, where the plan has \"B1\"";
    let verified = room.verify(&words_of(&shown).0, &OUTPUTS).ok().stdout;
    assert!(
        verified.contains(&format!("deviation in `unseal root`, by Anna: {told}")),
        "{verified}"
    );
    let report = ["ceremony", "report", "ceremony/transcript.jsonl"];
    let plan = ["--plan", "plan.toml", "--out", "report.html"];
    room.account.run(&[&report[..], &plan].concat()).ok();
    let page = fs::read_to_string(room.account.path("report.html")).unwrap();
    assert!(
        page.contains("came in bag B99; goes into new bag B2"),
        "{page}"
    );
    assert!(page.contains("where the plan has &quot;B1&quot;"), "{page}");
}
