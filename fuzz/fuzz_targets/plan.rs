//! Any bytes as the plan of a ceremony: no panic, every fault has words, and a plan that is taken
//! becomes steps with names of their own, and paper that holds no mark-up but ours.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use punchmark::ceremony::{Plan, html, markdown, steps};

fuzz_target!(|bytes: &[u8]| {
    let plan = match Plan::parse(bytes) {
        Ok(plan) => plan,
        Err(faults) => {
            assert!(!faults.all().is_empty());
            assert!(faults.all().iter().all(|fault| !fault.words.is_empty()));
            return;
        }
    };
    let steps = steps(&plan);
    let names: BTreeSet<_> = steps.iter().map(|step| &step.name).collect();
    assert_eq!(names.len(), steps.len());
    assert!(!html(&plan).contains("<script"));
    assert!(!markdown(&plan).is_empty());
});
