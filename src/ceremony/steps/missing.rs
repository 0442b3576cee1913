//! What may be missing in a ceremony without ending it: that is an answer of its own, and what would be asked
//! of it later is not asked.

use std::collections::BTreeSet;

use super::{Ask, MISSING, Step, Wanted, is_same};
use crate::ceremony::plan::{Custody, Device, Kind, Plan};
use crate::ceremony::transcript::{Event, Transcript};

/// What a question asks for that may be missing, where that ends nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrMissing {
    /// The answer where it is there.
    pub text: String,
    /// What is missing, in the words of the deviation.
    pub what: String,
    /// Whether another number than the text may be there in its place.
    pub is_number: bool,
    /// Earlier questions, by step and name: where one of them was answered so, this one isn't asked.
    pub unless: Vec<(String, String)>,
}

impl OrMissing {
    /// Whether an answer says that it is missing.
    #[must_use]
    pub fn is_missing(&self, answer: &str) -> bool {
        !is_same(answer, &self.text) && is_same(answer, MISSING)
    }

    /// What is written down of it.
    pub(in crate::ceremony) fn deviation(&self) -> String {
        format!("{MISSING}: {}", self.what)
    }
}

/// The questions, by step and name, that were answered last by what is missing.
pub(in crate::ceremony) fn missing(
    steps: &[Step],
    transcript: &Transcript,
) -> BTreeSet<(String, String)> {
    let mut missing = BTreeSet::new();
    for event in transcript.events() {
        let (step, ask, by, answer) = match event {
            Event::Answer {
                step,
                ask,
                by,
                answer,
            } => (step, ask, by, answer.as_str()),
            Event::TypedBack { step, ask, by } => (step, ask, by, ""),
            _ => continue,
        };
        let asked = steps.iter().find(|one| one.name == *step);
        let asked = asked.and_then(|one| one.ask(ask, by));
        let question = (step.clone(), ask.clone());
        if asked.is_some_and(|asked| asked.wanted.is_missing(answer)) {
            missing.insert(question);
        } else {
            missing.remove(&question);
        }
    }
    missing
}

/// Where something that is missing ends nothing, that is an answer of its own.
pub(super) fn or_missing(
    plan: &Plan,
    asked: Ask,
    what: &str,
    unless: Vec<(String, String)>,
) -> Ask {
    let is_number = asked.number().is_some();
    match asked.wanted {
        Wanted::Text(text) | Wanted::Number(text) if plan.kind() == Kind::Drill => Ask {
            wanted: Wanted::OrMissing(OrMissing {
                text,
                is_number,
                what: what.to_owned(),
                unless,
            }),
            ..asked
        },
        _ => asked,
    }
}

/// What is said where something may be missing.
pub(super) fn may_miss(plan: &Plan) -> &'static str {
    match plan.kind() {
        Kind::Drill => {
            " What is not there is answered by \"missing\"; nothing more is asked of it."
        }
        _ => "",
    }
}

pub(super) fn unseal_step(device: &Device) -> String {
    format!("unseal {}", device.name)
}

pub(super) fn serial_ask(device: &Device) -> String {
    format!("serial {}", device.name)
}

/// Whether somebody answered that a device is missing.
pub(in crate::ceremony) fn is_told_missing(
    device: &Device,
    missing: &BTreeSet<(String, String)>,
) -> bool {
    let serial = (DEVICES_STEP.to_owned(), serial_ask(device));
    missing.contains(&bag_of(device)) || missing.contains(&serial)
}

/// The question for the bag that a device comes in.
pub(super) fn bag_of(device: &Device) -> (String, String) {
    (unseal_step(device), BAG.to_owned())
}

/// Each custodian types their share off its sheet.
pub(super) fn typed_shares(custody: &Custody, wanted: impl Fn(usize) -> Wanted) -> Vec<Ask> {
    let all = custody.quorum.shares();
    let asks = custody.holders.iter().enumerate().map(|(number, holder)| {
        let share = number + 1;
        Ask {
            name: share_ask(share),
            who: holder.name.clone(),
            question: format!("the 20 words of share {share} of {all}, off its sheet"),
            wanted: wanted(number),
        }
    });
    asks.collect()
}

/// The question for a share.
pub(super) fn share_ask(share: usize) -> String {
    format!("share {share}")
}

/// The question for the bag of a device.
pub(super) const BAG: &str = "bag";
/// The name of the step that looks at the devices.
pub(super) const DEVICES_STEP: &str = "devices";
/// The name of the step in which shares are typed.
pub(super) const SHARES_STEP: &str = "shares";
