//! Any bytes as the transcript of a ceremony: no panic, and what is read is spelt in one way: written
//! again it is the same bytes, and it is in order for no plan that it doesn't name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::ceremony::{Plan, Transcript, judge};

const PLAN: &[u8] = include_bytes!("../corpus/plan/create");

fuzz_target!(|bytes: &[u8]| {
    let Ok(transcript) = Transcript::parse(bytes) else {
        return;
    };
    let mut again = Transcript::default();
    let lines = transcript.lines().iter().cloned();
    let written: Vec<_> = lines.map(|line| again.push(line.time, line.event).unwrap()).collect();
    assert_eq!(written.concat(), bytes);
    assert_eq!(again.value(), transcript.value());
    let _ = Plan::parse(PLAN).map(|plan| judge(&plan, &transcript));
});
