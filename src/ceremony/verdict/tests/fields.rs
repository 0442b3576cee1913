//! Each field of each kind of line, changed by itself: either it is refused, or it is named here whose word it is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::counters::of_shares;
use super::*;
use crate::ceremony::plan::tests::{
    filled_after_a_theft, filled_to_drill, filled_to_restore, filled_to_retire, filled_to_roll_over,
};

/// Fields that are people's or the program's own word, as far as one line of printable text goes.
const OWN_WORD: [(&str, &str); 6] = [
    ("begin", "program"),
    ("go-on", "cut"),
    ("late", "text"),
    ("foreign-entry", "text"),
    ("deviation", "text"),
    ("not-printed", "why"),
];

/// Fields that ledger and outputs tell of: `verify` holds them against those.
const HELD_ELSEWHERE: [(&str, &str); 5] = [
    ("file", "sha256"),
    ("end", "ledger"),
    ("end", "size"),
    ("foreign-entry", "position"),
    ("foreign-entry", "what"),
];

/// Facts whose values the lines and the plan alone don't tell.
const FACTS_HELD_ELSEWHERE: [&str; 27] = [
    "lint ",
    "device ",
    "check of the secret",
    "check of the wrapping key",
    "opened by ",
    "can wrap ",
    "components",
    "places of the key",
    "wrapped key ",
    "brought ",
    "copy ",
    "end of copy ",
    "test signature ",
    "test signed by ",
    "tried ",
    "restored ",
    "servers",
    "emergency ",
    "attested ",
    "signed ",
    "refused ",
    "enrolment ",
    "revocation ",
    "left out ",
    "touches for ",
    "decided ",
    "overwriting ",
];

fn plans() -> Vec<Plan> {
    let texts = [
        filled(3),
        filled_for_bundles(),
        filled_for_components(),
        filled_to_restore_from_blob(),
        filled_to_drill_blob(),
        filled_to_retire(),
        filled_to_roll_over(),
        filled_after_a_theft(),
        filled_to_restore(),
        filled_to_drill(),
    ];
    let plans = texts.map(|text| Plan::parse(text.as_bytes()).unwrap());
    let print = format!(
        "[machine]\nprint = [\"/usr/bin/lp\"]\nprint-sha256 = \"{}\"",
        "09".repeat(32)
    );
    let printing = of_shares(&filled(3).replacen("[machine]", &print, 1), "");
    plans.into_iter().chain([printing]).collect()
}

/// What a run writes that meets all the trouble that it can meet.
fn troubled(plan: &Plan) -> Vec<Event> {
    let mut all = events(plan);
    let is_read = |event: &Event| matches!(event, Event::Done { step } if step == "clocks");
    let at = all.iter().position(is_read).unwrap() + 1;
    let witness = plan.people.first(crate::ceremony::plan::Role::Witness);
    let witness = witness.unwrap().name.clone();
    let mut trouble = vec![Event::GoOn { cut: 3 }];
    trouble.extend(clocks_again(plan, &all));
    trouble.push(Event::ForeignEntry {
        position: 7,
        what: "a challenge was made".to_owned(),
        by: witness,
        text: "nobody knows".to_owned(),
    });
    if let Event::Answer { step, ask, by, .. } = all[at].clone() {
        trouble.push(Event::OtherAnswer {
            step: step.clone(),
            ask,
            by: by.clone(),
        });
        trouble.push(Event::Deviation {
            step,
            by,
            text: "the lamp went out".to_owned(),
        });
    }
    all.splice(at..at, trouble);
    let sheet = all
        .iter()
        .position(|event| matches!(event, Event::Printed { .. }));
    if let Some((at, Event::Printed { step, ask, by, .. })) = sheet.map(|at| (at, all[at].clone()))
    {
        let why = "it ended with exit status: 1".to_owned();
        all.insert(at, Event::NotPrinted { step, ask, by, why });
    }
    all
}

/// The event with this field changed.
fn changed(event: &Event, field: &str) -> Option<Event> {
    let mut value = serde_json::to_value(event).unwrap();
    let field = value.get_mut(field).unwrap();
    *field = match field {
        Value::String(text) => json!(format!("{text}x")),
        Value::Number(number) => json!(number.as_u64().unwrap() + 1),
        _ => panic!("a field of another type: say here how it is changed"),
    };
    serde_json::from_value(value).ok()
}

fn is_free(event: &Event, kind: &str, field: &str) -> bool {
    match event {
        Event::Fact { name, .. } if field == "value" => {
            FACTS_HELD_ELSEWHERE.iter().any(|one| name.starts_with(one))
        }
        _ => {
            let one = (kind, field);
            OWN_WORD.contains(&one) || HELD_ELSEWHERE.contains(&one)
        }
    }
}

#[test]
fn each_field_of_each_line_counts_or_is_named_here() {
    let (mut kinds, mut wrong) = (BTreeSet::new(), Vec::new());
    for plan in plans() {
        let all = troubled(&plan);
        judged(&plan, &all).unwrap_or_else(|fault| panic!("{:?}: {fault}", plan.kind()));
        for (at, event) in all.iter().enumerate() {
            let value = serde_json::to_value(event).unwrap();
            let kind = value["kind"].as_str().unwrap().to_owned();
            for field in value.as_object().unwrap().keys() {
                let Some(changed) = changed(event, field).filter(|_| field != "kind") else {
                    continue;
                };
                let mut other = all.clone();
                other[at] = changed;
                let is_refused = judged(&plan, &other).is_err();
                if !is_refused && !is_free(event, &kind, field) {
                    wrong.push(format!("{field} of {event:?}"));
                }
            }
            kinds.insert(kind);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // `late` has a test of its own, since its time is another one.
    assert_eq!(kinds.len(), 15, "{kinds:?}");
}

#[test]
fn a_text_that_is_no_line_by_itself_is_refused_and_named() {
    let plan = plan();
    let all = troubled(&plan);
    for (at, event) in all.iter().enumerate() {
        let value = serde_json::to_value(event).unwrap();
        for field in ["program", "what", "text", "answer", "why"] {
            let kind = value["kind"].as_str().unwrap();
            if value.get(field).is_none() || (kind, field) == ("printed", "program") {
                continue;
            }
            for more in ["\nin order: all", "\u{202e}", "\u{1b}[2J", "\u{2028}x"] {
                let mut value = value.clone();
                let text = value[field].as_str().unwrap().to_owned();
                value[field] = json!(text + more);
                let mut other = all.clone();
                other[at] = serde_json::from_value(value).unwrap();
                let fault = judged(&plan, &other).unwrap_err();
                let is_it =
                    matches!(&fault, VerdictFault::Form { field: named, .. } if *named == field);
                assert!(is_it, "{fault}");
            }
        }
    }
}

#[test]
fn a_file_has_a_hash() {
    let plan = plan();
    for sha256 in ["", "garbage", &"A".repeat(64)] {
        let mut other = events(&plan);
        for event in &mut other {
            if let Event::File { sha256: told, .. } = event {
                sha256.clone_into(told);
            }
        }
        let fault = judged(&plan, &other).unwrap_err();
        let is_it = matches!(
            fault,
            VerdictFault::Form {
                field: "sha256",
                ..
            }
        );
        assert!(is_it, "{fault}");
    }
}

#[test]
fn a_text_that_a_run_does_not_take_is_no_deviation() {
    let plan = plan();
    let all = troubled(&plan);
    for text in ["", &"x".repeat(256)] {
        let mut other = all.clone();
        for event in &mut other {
            if let Event::Deviation { text: said, .. } = event {
                text.clone_into(said);
            }
        }
        let fault = judged(&plan, &other).unwrap_err();
        assert!(matches!(fault, VerdictFault::Form { .. }), "{fault}");
    }
}

/// What a run does not write there, though each line by itself is one that it writes.
#[test]
fn a_line_in_another_place_is_refused() {
    let plan = plan();
    let all = troubled(&plan);
    let of = |is_it: &dyn Fn(&Event) -> bool| all.iter().position(is_it).unwrap();
    let moved = |from: usize, to: usize| {
        let mut other = all.clone();
        let event = other.remove(from);
        other.insert(to, event);
        judged(&plan, &other).unwrap_err()
    };
    let intent = of(&|event| matches!(event, Event::Intent { .. }));
    moved(intent, intent + 1);
    moved(intent, intent + 2);
    let foreign = of(&|event| matches!(event, Event::ForeignEntry { .. }));
    moved(foreign, foreign + 1);
    moved(foreign, foreign - 4);
    let deviation = of(&|event| matches!(event, Event::Deviation { .. }));
    moved(deviation, deviation + 1);
    let other_answer = of(&|event| matches!(event, Event::OtherAnswer { .. }));
    moved(other_answer, intent);
}

/// A fact that is told twice by one run, and one that a run which goes on finds otherwise.
#[test]
fn a_fact_is_told_once_and_as_it_was_by_whoever_goes_on() {
    let plan = plan();
    let all = events(&plan);
    let again = |name: &str, value: &str, goes_on: bool| {
        let is_it = |event: &Event| matches!(event, Event::Fact { name: one, .. } if one == name);
        let at = all.iter().position(is_it).unwrap();
        let begins = all[..at]
            .iter()
            .rposition(|event| matches!(event, Event::Done { .. }))
            .unwrap();
        let mut first = all[at].clone();
        if let Event::Fact { value: told, .. } = &mut first {
            value.clone_into(told);
        }
        let mut other = all[..at].to_vec();
        other.push(first);
        if goes_on {
            other.push(Event::GoOn { cut: 0 });
            other.extend(clocks_again(&plan, &all[..at]));
            let asked = all[begins + 1..at].iter();
            let asked = asked.filter(|event| matches!(event, Event::Answer { .. }));
            other.extend(asked.cloned());
        }
        other.extend(all[at..].to_vec());
        judged(&plan, &other)
    };
    for name in ["program", "public key users", "fingerprint users"] {
        let fault = again(name, "another one", false).unwrap_err();
        assert!(matches!(fault, VerdictFault::ToldTwice { .. }), "{fault}");
    }
    for name in ["public key users", "fingerprint users"] {
        let fault = again(name, "another one", true).unwrap_err();
        assert!(matches!(fault, VerdictFault::ToldTwice { .. }), "{fault}");
    }
    // A program that was not the plan's stopped the run; that is told.
    let account = again("program", "another one", true).unwrap();
    assert_eq!(account.told_again.len(), 1);
    assert!(account.told_again[0].contains("program"));
}

#[test]
fn a_file_that_the_step_does_not_write_is_found() {
    for (plan, file) in [(plan(), "ledger.pub"), (of_bundles(), "more.txt")] {
        let all = events(&plan);
        for at in 1..all.len() {
            let Event::Done { step } = &all[at] else {
                continue;
            };
            let mut more = all.clone();
            let (step, name, sha256) = (step.clone(), file.to_owned(), hex(&[3; 32]));
            more.insert(at, Event::File { step, name, sha256 });
            let fault = judged(&plan, &more).unwrap_err();
            let is_it = matches!(
                &fault,
                VerdictFault::Foreign { what: "a file", .. } | VerdictFault::ToldTwice { .. }
            );
            assert!(is_it, "{fault}");
        }
    }
}
