//! The ledger says of each device that shares open what the transcript says.

use crate::ceremony::counters::{AtTheEnd, had, set_since};
use crate::ceremony::facts::{SECRET_CHECK, check_of, opened_by_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Pins, Plan};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::Ledger;
use crate::ledger::checkpoint::Checkpoint;

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
    let is_known = secret.is_some_and(|check| known.generation_of(&check).is_some());
    // In a drill of what an earlier ceremony recorded they may be missing.
    if !is_known && (told.is_some() || found.is_none()) && opened(plan).next().is_some() {
        let words = "it knows no secret with the check of the transcript".to_owned();
        return Err(VerdictFault::Ledger(words));
    }
    let found = found.map_or(0, |found| found.size);
    let mut opened = opened(plan);
    opened.try_for_each(|device| has_at_the_end(ledger, (transcript, secret), found, device))
}

/// The devices that shares open.
fn opened(plan: &Plan) -> impl Iterator<Item = &Device> {
    let devices = plan.devices.iter();
    devices.filter(|device| device.pins == Pins::Shares)
}

/// What the transcript says that a device was left with stands in the ledger: behind the one that was found where
/// it changed, and before where it did not. What became of the device since then is told as an entry of others.
fn has_at_the_end(
    ledger: &Ledger,
    (transcript, secret): (&Transcript, Option<[u8; 32]>),
    found: u64,
    device: &Device,
) -> Result<(), VerdictFault> {
    let name = key_place::device(device);
    let words = transcript.fact(&opened_by_fact(device));
    let is_so = match words.and_then(AtTheEnd::parse) {
        None => false,
        Some(AtTheEnd::Reset) => had(ledger, &name, found)?.is_some(),
        Some(AtTheEnd::Kept(by) | AtTheEnd::Missing(by)) => had(ledger, &name, found)? == Some(by),
        Some(AtTheEnd::Changed(by)) => {
            let since = set_since(ledger, &name, found)?;
            secret.is_some_and(|check| since.contains(&(by, check)))
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
