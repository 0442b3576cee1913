//! The steps of a drill: the real copies and shares, tried with nothing issued.

use super::frame::{Cast, step};
use super::{Act, Step};
use crate::ceremony::plan::{CaBefore, Drill, Plan, PlannedBlob};

/// The steps: each copy is tried, and what was missing is noted without ending the drill.
pub(super) fn steps(plan: &Plan, drill: &Drill) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.open_components(plan));
    let cas = (0..).zip(plan.ledger.iter().flat_map(|ledger| &ledger.cas));
    steps.extend(cas.map(|(number, ca)| match plan.blob(&ca.name) {
        Some(blob) => cast.try_blob((number, blob), drill),
        None => cast.try_copy((number, ca), drill),
    }));
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    fn try_blob(&self, (number, blob): (usize, &PlannedBlob), drill: &Drill) -> Step {
        let (ca, onto) = (&blob.ca, &blob.onto);
        step(
            format!("try {ca}"),
            &self.administrator,
            format!(
                "The key of the CA `{ca}` comes out of {} into `{onto}`, signs a test, and is destroyed there: no \
                 certificate, and nothing that opens a door. What is missing is noted. Where nothing is, the next drill is due on {}.",
                blob.file, drill.next_due
            ),
            Act::TryCopy(number),
            "what came of it, and how long it took, is in transcript and ledger; the spare has no key of the CA",
        )
    }

    fn try_copy(&self, (number, ca): (usize, &CaBefore), drill: &Drill) -> Step {
        let device = ca.device.as_deref().unwrap_or_default();
        step(
            format!("try {}", ca.name),
            &self.administrator,
            format!(
                "`{device}` shows that it has the key of the CA `{}`, and signs a test: no certificate, and \
                 nothing that opens a door. What is missing is noted. Where nothing is, the next drill is due on {}.",
                ca.name, drill.next_due
            ),
            Act::TryCopy(number),
            "what came of it, and how long it took, is in transcript and ledger",
        )
    }
}
