mod counters;
mod fields;
mod late;
mod made;
mod named;
mod numbers;
mod retire;
mod sheets;

use super::*;
use crate::ceremony::conduct::{
    AS_TESTED, RANDOM, SECRET_CHECK, SECRETS_ARE_SET, SHARES, compared_fact, in_words,
    read_back_fact, signed_fact, tested_fact,
};
use crate::ceremony::facts::{
    CLOCKS, COMPONENTS, COMPONENTS_CHECK, FIRST_DRILL, LEDGER_BEFORE, LEDGER_KEY, LEDGER_KEY_PRINT,
    LIST_GOES, MADE_TO_FIND, PLACES, RETIRED, SECRET_IS_SET, SERVERS, STAGE, STAGE_MADE,
    STAGE_TRUSTED, blob_fact, brought_key_fact, can_wrap_fact, components_in_words,
    components_typed, copy_fact, emergency_fact, end_fact, enough, head_in_words, list_goes,
    made_to_find, one_wrapping_key, printed_by, retired_fact, secret_fact, secrets_fact,
    typed_in_words,
};
use crate::ceremony::medium::planned_hash;
use crate::ceremony::plan::tests::{
    filled, filled_for_bundles, filled_for_components, filled_to_drill_blob,
    filled_to_restore_from_blob,
};
use crate::ceremony::plan::{Hardware, KeyPlace, emergency_file, emergency_test_file};
use crate::ceremony::steps::{Act, Wanted};
use crate::ceremony::test_certificate::lint_fact;
use crate::ceremony::test_signature::{restored_fact, test_by_fact, test_fact, tried_fact};
use crate::certificate::subject::fingerprint;
use crate::config::CaName;
use crate::secret::SecretKind;
use crate::wire::hex;
pub(in crate::ceremony) use made::events;

pub(in crate::ceremony) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";

fn plan() -> Plan {
    Plan::parse(filled(3).as_bytes()).unwrap()
}

fn of_bundles() -> Plan {
    Plan::parse(filled_for_bundles().as_bytes()).unwrap()
}

/// A transcript of these events, chained anew, from the begin of the window on.
fn chained(plan: &Plan, events: &[Event]) -> Transcript {
    let mut transcript = Transcript::default();
    for event in events {
        transcript
            .push(plan.window.0.seconds(), event.clone())
            .unwrap();
    }
    transcript
}

fn judged(plan: &Plan, events: &[Event]) -> Result<Account, VerdictFault> {
    judge(plan, &chained(plan, events))
}

#[test]
fn what_a_run_writes_by_the_steps_of_the_plan_is_in_order() {
    let plan = plan();
    let account = judged(&plan, &events(&plan)).unwrap();
    assert_eq!(account.files.len(), 6);
    assert_eq!((account.went_on, account.other_answers), (0, 0));
    let plan = of_bundles();
    let account = judged(&plan, &events(&plan)).unwrap();
    assert_eq!(account.files.len(), 8);
}

#[test]
fn whoever_drops_or_swaps_a_line_and_chains_all_anew_is_found() {
    let wrapped = [
        filled_for_components(),
        filled_to_restore_from_blob(),
        filled_to_drill_blob(),
    ];
    let wrapped = wrapped.map(|text| Plan::parse(text.as_bytes()).unwrap());
    for plan in [plan(), of_bundles()].into_iter().chain(wrapped) {
        judged(&plan, &events(&plan)).unwrap();
        each_line_counts(&plan);
    }
}

fn each_line_counts(plan: &Plan) {
    let all = events(plan);
    for at in 0..all.len() {
        let mut dropped = all.clone();
        let line = dropped.remove(at);
        // What else was written is held against the outputs, of which one would be too many.
        if !matches!(&line, Event::File { name, .. } if name.ends_with("sig") || name.ends_with("config"))
        {
            assert!(judged(plan, &dropped).is_err(), "{line:?}");
        }
        let mut swapped = all.clone();
        if at + 1 < all.len() {
            swapped.swap(at, at + 1);
        }
        let kinds = [&all[at], all.get(at + 1).unwrap_or(&all[at])];
        // Facts and files of one step have no order among them.
        let free = |event: &Event| matches!(event, Event::Fact { .. } | Event::File { .. });
        if at + 1 < all.len() && !kinds.into_iter().all(free) {
            assert!(judged(plan, &swapped).is_err(), "{kinds:?}");
        }
    }
}

#[test]
fn a_line_that_is_there_twice_is_found() {
    let plan = plan();
    let all = events(&plan);
    for at in 0..all.len() {
        let mut doubled = all.clone();
        doubled.insert(at, all[at].clone());
        assert!(judged(&plan, &doubled).is_err(), "{:?}", all[at]);
    }
}

#[test]
fn an_answer_of_another_person_or_to_another_word_is_found() {
    let plan = plan();
    let all = events(&plan);
    for at in 0..all.len() {
        let Event::Answer {
            step,
            ask,
            by,
            answer,
        } = &all[at]
        else {
            continue;
        };
        for (by, answer) in [("Mallory", answer.as_str()), (by, "something else")] {
            let mut changed = all.clone();
            changed[at] = Event::Answer {
                step: step.clone(),
                ask: ask.clone(),
                by: by.to_owned(),
                answer: answer.to_owned(),
            };
            let fault = judged(&plan, &changed).unwrap_err();
            assert!(matches!(fault, VerdictFault::Answer { .. }), "{fault}");
        }
    }
}

#[test]
fn a_fact_that_is_not_the_plans_or_contradicts_another_is_found() {
    let plan = plan();
    let all = events(&plan);
    for at in 0..all.len() {
        let mut changed = all.clone();
        let Event::Fact { name, value, .. } = &mut changed[at] else {
            continue;
        };
        value.insert(0, 'x');
        let name = name.clone();
        let fault = judged(&plan, &changed).unwrap_err();
        assert!(
            matches!(fault, VerdictFault::Fact { .. }),
            "{name}: {fault}"
        );
    }
}

#[test]
fn a_key_in_another_place_and_a_clock_far_away_are_found() {
    let plan = plan();
    let all = events(&plan);
    for at in 0..all.len() {
        let mut changed = all.clone();
        match &mut changed[at] {
            Event::Intent { locator, .. } => {
                *locator = locator.replace("serial=fe12", "serial=fe13");
                let fault = judged(&plan, &changed).unwrap_err();
                assert!(matches!(fault, VerdictFault::Place { .. }), "{fault}");
            }
            Event::Answer { ask, answer, .. } if ask == "clock 2" => {
                let (now, far) = (plan.window.0, Instant::of(plan.window.0.seconds() + 360));
                *answer = far.to_string();
                if let Some(Event::Fact { value, .. }) = changed.get_mut(at + 1) {
                    *value = format!("{now}, {far}, {now}");
                }
                let fault = judged(&plan, &changed).unwrap_err();
                assert!(matches!(fault, VerdictFault::Clock { .. }), "{fault}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_run_that_goes_on_asks_the_step_again_and_makes_no_second_key() {
    let plan = plan();
    let all = events(&plan);
    for at in 1..all.len() {
        let (before, after) = all.split_at(at);
        let cut = before
            .iter()
            .rposition(|event| matches!(event, Event::Done { .. } | Event::Begin { .. }));
        let again = before.get(cut.unwrap() + 1..).unwrap().iter();
        let again = again.filter(|event| !matches!(event, Event::Intent { .. }));
        let mut resumed = before.to_vec();
        resumed.push(Event::GoOn { cut: 0 });
        resumed.extend(clocks_again(&plan, before));
        resumed.extend(again.cloned());
        resumed.extend(after.to_vec());
        let account = judged(&plan, &resumed).unwrap_or_else(|fault| panic!("{at}: {fault}"));
        assert_eq!(account.went_on, 1);
        assert_eq!(account.files.len(), 6);
    }
}

/// What a run that goes on asks first, where the clocks were read before.
pub(super) fn clocks_again(plan: &Plan, before: &[Event]) -> Vec<Event> {
    let is_read = |event: &Event| matches!(event, Event::Done { step } if step == "clocks");
    if !before.iter().any(is_read) {
        return Vec::new();
    }
    let steps = steps(plan);
    let step = steps.iter().find(|step| step.act == Act::Clocks).unwrap();
    let clock = |ask: &crate::ceremony::steps::Ask| Event::Clock {
        by: ask.who.clone(),
        time: plan.window.0.to_string(),
    };
    step.asks.iter().map(clock).collect()
}

/// The events of a run that was started again before the second question behind the clocks.
fn resumed(plan: &Plan, clocks: &[Event]) -> Vec<Event> {
    let all = events(plan);
    let is_read = |event: &Event| matches!(event, Event::Done { step } if step == "clocks");
    let at = all.iter().position(is_read).unwrap() + 1;
    let mut events = all[..at].to_vec();
    events.push(Event::GoOn { cut: 0 });
    events.extend(clocks.to_vec());
    events.extend(all[at..].to_vec());
    events
}

#[test]
fn a_run_that_goes_on_reads_the_clocks_again_and_clocks_apart_are_told() {
    let plan = plan();
    let right = clocks_again(&plan, &events(&plan));
    assert_eq!(right.len(), 2);
    judged(&plan, &resumed(&plan, &right)).unwrap();
    let mut far = right.clone();
    let hours_ahead = Instant::of(plan.window.0.seconds() + 3 * 3600);
    if let Event::Clock { time, .. } = &mut far[0] {
        *time = hours_ahead.to_string();
    }
    let swapped: Vec<_> = right.iter().rev().cloned().collect();
    for wrong in [&[][..], &right[..1], &swapped, &far] {
        assert!(judged(&plan, &resumed(&plan, wrong)).is_err(), "{wrong:?}");
    }
    // Those that were apart when they were read first are told.
    let all = events(&plan);
    let is_clock = |event: &Event| matches!(event, Event::Answer { ask, .. } if ask == "clock 1");
    let at = all.iter().position(is_clock).unwrap();
    let mut apart = all[at..at + 3].to_vec();
    let told = format!("{0}, {hours_ahead}, {0}", plan.window.0);
    if let Event::Answer { answer, .. } = &mut apart[1] {
        *answer = hours_ahead.to_string();
    }
    if let Event::Fact { value, .. } = &mut apart[2] {
        value.clone_from(&told);
    }
    apart.push(Event::GoOn { cut: 0 });
    let first = [&all[..at], &apart, &all[at..]].concat();
    let account = judged(&plan, &first).unwrap();
    assert_eq!(account.clocks_apart[0].1, told);
}

#[test]
fn behind_the_window_a_line_stands_where_somebody_said_why() {
    let plan = plan();
    let all = events(&plan);
    let late = |by: &str| Event::Late {
        by: by.to_owned(),
        text: "the token was locked".to_owned(),
    };
    for at in 1..all.len() {
        let written = |before: Option<Event>| {
            let mut transcript = Transcript::default();
            for event in &all[..at] {
                transcript
                    .push(plan.window.0.seconds(), event.clone())
                    .unwrap();
            }
            for event in before.into_iter().chain(all[at..].to_vec()) {
                transcript.push(plan.window.1.seconds(), event).unwrap();
            }
            judge(&plan, &transcript)
        };
        let is_clock = |event: &Event| match event {
            Event::Answer { ask, .. } => ask.starts_with("clock"),
            Event::Fact { name, .. } => name == CLOCKS,
            _ => false,
        };
        if all[at..].iter().any(is_clock) {
            // The clocks that people read then are those of that time.
            continue;
        }
        let fault = written(None).unwrap_err();
        assert!(matches!(fault, VerdictFault::Window { .. }), "{fault}");
        let account = written(Some(late("Bob"))).unwrap();
        let words = ("window", "Bob", "the token was locked");
        let told = &account.deviations[0];
        assert_eq!((told.0.as_str(), told.1.as_str(), told.2.as_str()), words);
        for other in ["Mallory", "Anna"] {
            let fault = written(Some(late(other))).unwrap_err();
            assert!(matches!(fault, VerdictFault::Foreign { .. }), "{fault}");
        }
    }
}

#[test]
fn an_entry_that_is_none_of_the_plan_is_told_with_who_said_what_it_is() {
    let plan = plan();
    let foreign = |by: &str| Event::ForeignEntry {
        position: 14,
        what: "serial 1 was taken".to_owned(),
        by: by.to_owned(),
        text: "Anna signed for the fire brigade".to_owned(),
    };
    let mut all = events(&plan);
    let at = all.len() - 1;
    all.insert(at, foreign("Bob"));
    let account = judged(&plan, &all).unwrap();
    assert!(account.foreign_entries.contains(&14));
    let (step, _, text) = &account.deviations[0];
    assert_eq!(step, "ledger");
    assert!(text.contains("entry 14") && text.contains("fire brigade"));
    for other in ["Mallory", "Anna"] {
        all[at] = foreign(other);
        judged(&plan, &all).unwrap_err();
    }
    // Of one entry a witness says once what it is.
    all[at] = foreign("Bob");
    all.insert(at, foreign("Bob"));
    judged(&plan, &all).unwrap_err();
}

#[test]
fn another_plan_and_a_time_outside_of_its_window_are_found() {
    let plan = plan();
    let all = events(&plan);
    let other = Plan::parse(filled(3).replace("Room 5", "Room 6").as_bytes()).unwrap();
    let fault = judge(&other, &chained(&plan, &all)).unwrap_err();
    assert!(matches!(fault, VerdictFault::OtherPlan(_)), "{fault}");
    let mut late = Transcript::default();
    for event in &all {
        late.push(plan.window.1.seconds(), event.clone()).unwrap();
    }
    let fault = judge(&plan, &late).unwrap_err();
    assert!(
        matches!(fault, VerdictFault::Window { line: 1, .. }),
        "{fault}"
    );
}

#[test]
fn the_rehearsal_is_the_one_whose_words_were_typed() {
    let text = filled(3).replace("requires-rehearsal = false", "requires-rehearsal = true ");
    let plan = Plan::parse(text.as_bytes()).unwrap();
    let right = events(&plan);
    let account = judged(&plan, &right).unwrap();
    assert_eq!(account.rehearsal, Some([5; 32]));
    let is_fact = |event: &Event| matches!(event, Event::Fact { name, .. } if name == "rehearsal");
    let at = right.iter().position(is_fact).unwrap();
    for other in [hex(&[6; 32]), hex(&[5; 31]), String::new()] {
        let mut events = right.clone();
        events[at] = Event::Fact {
            step: "rehearsal".to_owned(),
            name: "rehearsal".to_owned(),
            value: other,
        };
        let fault = judged(&plan, &events).unwrap_err();
        assert!(matches!(fault, VerdictFault::Fact { .. }), "{fault}");
    }
    let mut without = right.clone();
    without.remove(at);
    let fault = judged(&plan, &without).unwrap_err();
    assert!(matches!(fault, VerdictFault::Missing { .. }), "{fault}");
}

/// What the fuzz targets of plans and transcripts begin with leads them to the last step.
#[test]
fn the_seeds_of_the_fuzz_targets_are_a_plan_and_its_ceremony() {
    let plan = Plan::parse(include_bytes!("../../../fuzz/corpus/plan/create")).unwrap();
    let seed = include_bytes!("../../../fuzz/corpus/transcript/create");
    let transcript = Transcript::parse(seed).unwrap();
    assert_eq!(judge(&plan, &transcript).unwrap().head.unwrap().size, 6);
}
