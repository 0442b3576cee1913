//! What belongs to the step that leaves devices with other secrets, or with those that they had.

use super::{Seen, foreign};
use crate::ceremony::counters::AtTheEnd;
use crate::ceremony::facts::opened_by_fact;
use crate::ceremony::plan::{Device, End, Kind, Pins, Plan};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Each device that shares opened has what the plan has it have. What that is, is checked by the ledger.
    pub(super) fn counters(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let custody = plan.custody.as_ref();
        let custody = custody.ok_or_else(|| foreign(line, "counters"))?;
        for device in plan.devices.iter().filter(|one| one.pins == Pins::Shares) {
            let name = opened_by_fact(device);
            let (at, words) = self.fact(line, &name)?;
            let is_planned = match AtTheEnd::parse(words) {
                None => false,
                Some(AtTheEnd::Changed(_)) => custody.rotates,
                Some(AtTheEnd::Kept(_)) => !custody.rotates,
                Some(AtTheEnd::Missing(_)) => custody.rotates && plan.kind() == Kind::Drill,
                Some(AtTheEnd::Reset) => custody.rotates && may_be_reset(plan, device),
            };
            if !is_planned {
                return Err(VerdictFault::Fact { line: *at, name });
            }
        }
        Ok(())
    }
}

/// A card is reset where a key of it is destroyed.
fn may_be_reset(plan: &Plan, device: &Device) -> bool {
    let mut ends = plan.copies_that_end().iter();
    device.is_card()
        && ends.any(|copy| matches!(&copy.end, End::Destroyed(name) if *name == device.name))
}
