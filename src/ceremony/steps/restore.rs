//! The steps of a ceremony in which a copy's device takes the place of one that is lost.

use super::frame::{Cast, ask, step};
use super::{Act, Step};
use crate::ceremony::plan::{CaBefore, End, EndOfCopy, Plan, Restore};

/// The steps: each copy signs a test before the one that is lost is given up.
pub(super) fn steps(plan: &Plan, restore: &Restore) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.open_components(plan));
    steps.push(cast.lost(restore));
    let cas = || (0..).zip(plan.ledger.iter().flat_map(|ledger| &ledger.cas));
    steps.extend(cas().filter_map(|(number, ca)| Some(cast.bring(number, plan.blob(&ca.name)?))));
    steps.extend(cas().map(|(number, ca)| cast.test(number, (plan, ca))));
    steps.extend(cas().map(|(number, ca)| cast.take_place(number, (plan, ca))));
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    fn lost(&self, restore: &Restore) -> Step {
        let asks = (1..).zip(&restore.lost).map(|(number, lost)| {
            let question = format!("{}; type \"lost\"", words_of(lost));
            ask(&format!("lost {number}"), &self.witness, question, "lost")
        });
        Step {
            asks: asks.collect(),
            ..step(
                "lost",
                &self.administrator,
                format!("What is lost, and why we are here: {}.", restore.reason),
                Act::Lost,
                "ledger or config know each place that is lost",
            )
        }
    }

    /// The key of a CA signs a message that is of no use.
    pub(super) fn test(&self, number: usize, (plan, ca): (&Plan, &CaBefore)) -> Step {
        let device = plan.device_with(ca).unwrap_or_default();
        step(
            format!("test {}", ca.name),
            &self.administrator,
            format!(
                "`{device}` signs a test by the key of the CA `{}`: no certificate, and nothing that opens \
                 a door.",
                ca.name
            ),
            Act::TestKey(number),
            "the signature is that of the key that the ledger has",
        )
    }

    fn take_place(&self, number: usize, (plan, ca): (&Plan, &CaBefore)) -> Step {
        let device = plan.device_with(ca).unwrap_or_default();
        let typed = format!("restore {} to {device}", ca.name);
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                typed,
                &self.administrator,
                format!(
                    "The CA `{}` signs by `{device}` from here on. What is lost stays in the ledger as \
                     missing: whoever finds it can sign.",
                    ca.name
                ),
                Act::TakePlace(number),
                "ledger and config have it so",
            )
        }
    }
}

pub(super) fn words_of(lost: &EndOfCopy) -> String {
    match &lost.end {
        End::Missing { copy, words } => {
            format!("the key of CA `{}` in {copy} is missing: {words}", lost.ca)
        }
        End::Destroyed(device) => format!("the key of CA `{}` in `{device}`", lost.ca),
        End::Overwritten { copy, .. } | End::ByHand { copy, .. } => {
            format!("the key of CA `{}` in {copy}", lost.ca)
        }
    }
}
