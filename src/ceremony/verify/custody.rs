//! The ledger says of each device that shares open what the transcript says.

use crate::ceremony::conduct::{SECRET_CHECK, check_of, opened_by_fact};
use crate::ceremony::counters::{AtTheEnd, had, set_since};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Pins, Plan};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Derivation, Ledger};

/// Holds generation, counter and secret of each device against the ledger's entries.
pub(super) fn has_custody(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
    found: Option<&Checkpoint>,
) -> Result<(), VerdictFault> {
    let known = ledger.opened_devices()?;
    let told = transcript.fact(SECRET_CHECK);
    let secret = told.and_then(check_of);
    let generation = secret.and_then(|check| known.generation_of(&check));
    // An earlier ceremony recorded what shares open; in a drill they may be missing.
    if let Some(found) = found {
        let is_known = told.is_none() || generation.is_some();
        let words = "it knows no secret with the check of the transcript".to_owned();
        is_known.then_some(()).ok_or(VerdictFault::Ledger(words))?;
        let mut opened = opened(plan);
        return opened.try_for_each(|device| has_at_the_end(ledger, transcript, found, device));
    }
    for device in opened(plan) {
        let there = known.device(&key_place::device(device));
        let opened_by = there.and_then(|one| one.opened_by);
        let is_told = |by: Derivation| {
            Some(by.generation) == generation
                && transcript.fact(&opened_by_fact(device)) == Some(by.to_string().as_str())
        };
        if !opened_by.is_some_and(is_told) {
            return Err(other(device));
        }
    }
    Ok(())
}

/// The devices that shares open.
fn opened(plan: &Plan) -> impl Iterator<Item = &Device> {
    let devices = plan.devices.iter();
    devices.filter(|device| device.pins == Pins::Shares)
}

/// What the transcript says that a device was left with stands in the ledger: behind the one that was found where
/// it changed, and before where it was kept.
fn has_at_the_end(
    ledger: &Ledger,
    transcript: &Transcript,
    found: &Checkpoint,
    device: &Device,
) -> Result<(), VerdictFault> {
    let name = key_place::device(device);
    let words = transcript.fact(&opened_by_fact(device));
    let since = set_since(ledger, &name, found.size)?;
    let is_so = match words.and_then(AtTheEnd::parse) {
        None => false,
        Some(AtTheEnd::Reset) => since.is_empty(),
        Some(AtTheEnd::Kept(by)) => had(ledger, &name, found.size)? == Some(by),
        Some(AtTheEnd::Missing(by)) => {
            since.is_empty() && had(ledger, &name, found.size)? == Some(by)
        }
        Some(AtTheEnd::Changed(by)) => {
            let check = transcript.fact(SECRET_CHECK).and_then(check_of);
            check.is_some_and(|check| since.last() == Some(&(by, check)))
        }
    };
    is_so.then_some(()).ok_or_else(|| other(device))
}

fn other(device: &Device) -> VerdictFault {
    VerdictFault::Ledger(format!(
        "it says something else than the transcript of what opens `{}`",
        device.name
    ))
}
