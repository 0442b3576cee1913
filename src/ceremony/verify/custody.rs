//! The ledger says of each device that shares open what the transcript says.

use crate::ceremony::conduct::{SECRET_CHECK, check_of, opened_by_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Pins, Plan};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Derivation, Ledger};

/// Holds generation, counter and secret of each device against the ledger's entries.
pub(super) fn has_custody(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
) -> Result<(), VerdictFault> {
    let known = ledger.opened_devices()?;
    let told = transcript.fact(SECRET_CHECK);
    let secret = told.and_then(check_of);
    let generation = secret.and_then(|check| known.generation_of(&check));
    // An earlier ceremony recorded what shares open; in a drill they may be missing.
    if plan.ledger.is_some() {
        let is_known = told.is_none() || generation.is_some();
        let words = "it knows no secret with the check of the transcript".to_owned();
        return is_known.then_some(()).ok_or(VerdictFault::Ledger(words));
    }
    for device in plan.devices.iter().filter(|one| one.pins == Pins::Shares) {
        let there = known.device(&key_place::device(device));
        let opened_by = there.and_then(|one| one.opened_by);
        let is_told = |by: Derivation| {
            Some(by.generation) == generation
                && transcript.fact(&opened_by_fact(device)) == Some(by.to_string().as_str())
        };
        if !opened_by.is_some_and(is_told) {
            return Err(VerdictFault::Ledger(format!(
                "it says something else than the transcript of what opens `{}`",
                device.name
            )));
        }
    }
    Ok(())
}
