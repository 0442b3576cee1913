//! A number that is another one than the plan's.

use super::*;
use crate::ceremony::plan::tests::{filled_to_drill, filled_to_retire};
use crate::ceremony::steps::Ask;

fn plans() -> [Plan; 3] {
    [filled(3), filled_to_retire(), filled_to_drill()]
        .map(|text| Plan::parse(text.as_bytes()).unwrap())
}

/// Every question that another number may answer, with its place among the events.
fn questions(plan: &Plan, events: &[Event]) -> Vec<(usize, Ask)> {
    let steps = steps(plan);
    let of = |(at, event): (usize, &Event)| match event {
        Event::Answer { step, ask, by, .. } => {
            let step = steps.iter().find(|one| one.name == *step)?;
            let ask = step.ask(ask, by).filter(|ask| ask.number().is_some())?;
            Some((at, ask.clone()))
        }
        _ => None,
    };
    events.iter().enumerate().filter_map(of).collect()
}

/// The events with another answer at this place, behind a deviation of this person, of this text.
fn otherwise(events: &[Event], at: usize, there: &str, told: Option<(&str, &str)>) -> Vec<Event> {
    let mut events = events.to_vec();
    let Event::Answer { step, answer, .. } = &mut events[at] else {
        panic!("{:?}", events[at]);
    };
    *answer = there.to_owned();
    let step = step.clone();
    if let Some((by, text)) = told {
        let (by, text) = (by.to_owned(), text.to_owned());
        events.insert(at, Event::Deviation { step, by, text });
    }
    events
}

#[test]
fn another_number_stands_behind_a_deviation_that_says_both() {
    for plan in plans() {
        let all = events(&plan);
        let questions = questions(&plan, &all);
        assert!(questions.len() > 2, "{questions:?}");
        for (at, ask) in questions {
            let words = ask.other_number(&plan, "B 99").unwrap();
            let told = Some((ask.who.as_str(), words.as_str()));
            let account = judged(&plan, &otherwise(&all, at, "B 99", told)).unwrap();
            assert_eq!(account.deviations.len(), 1);
            assert!(account.deviations[0].2.contains(ask.number().unwrap()));
            // Without it, of another number, of somebody else, or in other words.
            let other = ask.other_number(&plan, "B 98").unwrap();
            let second = ask.second_reader(&plan).unwrap();
            for told in [
                None,
                Some((ask.who.as_str(), other.as_str())),
                Some((second, words.as_str())),
                Some((ask.who.as_str(), "the bag is torn")),
            ] {
                judged(&plan, &otherwise(&all, at, "B 99", told)).unwrap_err();
            }
        }
    }
}

#[test]
fn whoever_reads_it_too_is_somebody_else() {
    for plan in plans() {
        for (_, ask) in questions(&plan, &events(&plan)) {
            assert_ne!(ask.second_reader(&plan).unwrap(), ask.who);
        }
    }
}

#[test]
fn no_other_question_takes_it_and_nothing_else_is_a_number() {
    for plan in plans() {
        for step in steps(&plan) {
            for ask in step.asks {
                let number = ask.number().map(str::to_owned);
                assert_eq!(ask.other_number(&plan, "B 99").is_some(), number.is_some());
                let planned = number.unwrap_or_default();
                for none in ["", " ", "-", " B9", "missing", "B9\n", planned.as_str()] {
                    assert_eq!(ask.other_number(&plan, none), None, "{none:?}");
                }
            }
        }
    }
}
