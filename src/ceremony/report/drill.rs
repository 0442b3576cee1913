//! What a drill found: each share, device and copy that was missing, and how long the others took.

use super::super::facts::{COMPONENTS, MISSING};
use super::super::plan::{Plan, Task};
use super::super::test_signature::tried_fact;
use super::super::transcript::{Event, Transcript};
use super::text;
use crate::output::page::{Cell, Page};

/// The table of a drill; nothing in the report of another kind.
pub(super) fn found(page: &mut Page, plan: &Plan, transcript: &Transcript) {
    let Task::Drill(drill) = &plan.task else {
        return;
    };
    page.heading("What the drill found");
    page.table(
        "drill",
        &["What", "What came of it"],
        rows(plan, transcript),
    );
    let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    let failed = cas.any(|ca| {
        let says = transcript.fact(&tried_fact(&ca.name));
        says.is_none_or(|says| says.contains(MISSING))
    });
    let next = if failed {
        NOT_MOVED.to_owned()
    } else {
        format!("The next drill is due on {}.", drill.next_due)
    };
    page.paragraph("note", &next);
}

fn rows(plan: &Plan, transcript: &Transcript) -> Vec<Vec<Cell>> {
    let fact = |name: &str| transcript.fact(name).unwrap_or_default();
    let copies = plan.ledger.iter().flat_map(|ledger| &ledger.cas).map(|ca| {
        let device = plan.device_with(ca).unwrap_or_default();
        let what = match plan.blob(&ca.name) {
            Some(blob) => format!(
                "The key of CA `{}` out of {}, onto `{device}`",
                ca.name, blob.file
            ),
            None => format!("The key of CA `{}` in `{device}`", ca.name),
        };
        vec![text(what), text(fact(&tried_fact(&ca.name)))]
    });
    let devices = plan.devices.iter().filter_map(|device| {
        let says = fact(&format!("device {}", device.name));
        let what = format!("Device `{}`", device.name);
        says.contains(MISSING).then(|| vec![text(what), text(says)])
    });
    let shares = plan.custody.iter().map(|_custody| {
        let says = fact("shares");
        vec![text("The shares together"), text(says)]
    });
    let components = plan.components.iter().map(|_components| {
        let says = fact(COMPONENTS);
        vec![text("The components together"), text(says)]
    });
    let missing = transcript.events().filter_map(|event| match event {
        Event::Answer {
            ask, by, answer, ..
        } if answer == "missing" => Some(vec![text(format!("The {ask} of {by}")), text(MISSING)]),
        _ => None,
    });
    copies
        .chain(devices)
        .chain(shares)
        .chain(components)
        .chain(missing)
        .collect()
}

/// What is said of a drill that did not prove every copy.
const NOT_MOVED: &str = "A copy was not proved, and such a drill moves no date: what was due before stays due, as \
    `punchmark ca show` tells, and this one is to be held again.";
