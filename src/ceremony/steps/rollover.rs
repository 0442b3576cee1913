//! The steps of a ceremony that makes a new CA beside one whose place it takes.

use super::frame::{Cast, step};
use super::{Act, Step};
use crate::ceremony::plan::{NewBeside, Pins, Plan};

/// The steps that make the new key, and have both trusted.
pub(super) fn steps(plan: &Plan, beside: &NewBeside) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.can_wrap_first(plan));
    // What shares open has its secrets since an earlier ceremony.
    let devices = (0..).zip(&plan.devices);
    let devices = devices.filter(|(_, device)| device.pins != Pins::Shares);
    steps.extend(devices.filter_map(|(number, device)| cast.pins(plan, (number, device))));
    steps.extend(cast.keys(plan));
    steps.extend([cast.compare(), cast.stage(beside), cast.lines()]);
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    pub(super) fn stage(&self, beside: &NewBeside) -> Step {
        let new = beside.cas.first().map(|ca| ca.name.to_string());
        let (old, new) = (&beside.old, new.unwrap_or_default());
        step(
            "stage made",
            &self.administrator,
            format!(
                "The ledger keeps that `{new}` takes the place of `{old}`, which signs on until roles \
                 are switched."
            ),
            Act::StageMade,
            "stage made is an entry; servers and clients now get a file with both keys",
        )
    }
}
