//! The end of a CA, line by line.

use super::*;
use crate::ceremony::plan::tests::{
    filled_after_a_theft, filled_after_a_theft_of_a_wrapped_key, filled_to_drill,
    filled_to_restore, filled_to_retire, filled_to_roll_over,
};

fn plan() -> Plan {
    Plan::parse(filled_to_retire().as_bytes()).unwrap()
}

#[test]
fn an_end_without_one_of_its_lines_is_found() {
    let plan = plan();
    let all = events(&plan);
    let account = judged(&plan, &all).unwrap();
    assert_eq!(account.files.len(), 2);
    for at in 0..all.len() {
        let mut dropped = all.clone();
        let line = dropped.remove(at);
        let is_signature = matches!(&line, Event::File { name, .. } if name.ends_with("sig"));
        if !is_signature {
            assert!(judged(&plan, &dropped).is_err(), "{line:?}");
        }
    }
}

#[test]
fn an_end_that_was_cut_short_anywhere_and_went_on_is_in_order() {
    let plan = plan();
    let all = events(&plan);
    for at in 1..all.len() {
        let (before, after) = all.split_at(at);
        let step_begins = |event: &Event| matches!(event, Event::Done { .. } | Event::Begin { .. });
        let cut = before.iter().rposition(step_begins).unwrap();
        let again = before[cut + 1..].to_vec();
        let mut going_on = vec![Event::GoOn { cut: 0 }];
        going_on.extend(clocks_again(&plan, before));
        let resumed = [before.to_vec(), going_on, again, after.to_vec()].concat();
        judged(&plan, &resumed).unwrap_or_else(|fault| panic!("{at}: {fault}"));
    }
}

#[test]
fn a_new_ca_beside_another_without_one_of_its_lines_is_found() {
    for text in [
        filled_to_roll_over(),
        filled_after_a_theft(),
        filled_after_a_theft_of_a_wrapped_key(),
    ] {
        each_line_counts(&Plan::parse(text.as_bytes()).unwrap());
    }
}

fn each_line_counts(plan: &Plan) {
    let all = events(plan);
    judged(plan, &all).unwrap();
    for at in 0..all.len() {
        let mut dropped = all.clone();
        let line = dropped.remove(at);
        let is_more = matches!(&line, Event::File { name, .. } if name.ends_with("sshd_config") || name.ends_with("sig"));
        if !is_more {
            assert!(judged(plan, &dropped).is_err(), "{line:?}");
        }
    }
}

#[test]
fn a_restore_or_drill_without_one_of_its_lines_is_found() {
    for text in [filled_to_restore(), filled_to_drill()] {
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let all = events(&plan);
        judged(&plan, &all).unwrap();
        for at in 0..all.len() {
            let mut dropped = all.clone();
            let line = dropped.remove(at);
            assert!(judged(&plan, &dropped).is_err(), "{line:?}");
        }
    }
}

#[test]
fn a_ca_that_is_said_to_have_ended_otherwise_is_found() {
    let plan = plan();
    let mut all = events(&plan);
    for event in &mut all {
        if let Event::Fact { name, value, .. } = event
            && name.starts_with("retired ")
        {
            value.push('?');
        }
    }
    let fault = judged(&plan, &all).unwrap_err();
    assert!(matches!(fault, VerdictFault::Fact { .. }), "{fault}");
}
