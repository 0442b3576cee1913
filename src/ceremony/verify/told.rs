//! What a transcript tells, held word for word against what the ledger or an output says.

use crate::ceremony::key_place;
use crate::ceremony::plan::{EndOfCopy, Plan};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::CopySeen;
use crate::signer::Locator;

/// Holds a fact against the words that it has to be.
pub(super) fn is_told(
    transcript: &Transcript,
    name: &str,
    wanted: &str,
) -> Result<(), VerdictFault> {
    let told = told(transcript, name)?;
    if told == wanted {
        return Ok(());
    }
    Err(VerdictFault::Told {
        name: name.to_owned(),
        told: told.to_owned(),
        wanted: wanted.to_owned(),
    })
}

fn told<'t>(transcript: &'t Transcript, name: &str) -> Result<&'t str, VerdictFault> {
    let missing = || VerdictFault::Ledger(format!("the transcript has no {name}"));
    transcript.fact(name).ok_or_else(missing)
}

/// The device of a copy, as a run tells of it.
pub(super) fn holder_of(seen: &CopySeen) -> &str {
    if seen.holder.is_empty() {
        &seen.device
    } else {
        &seen.holder
    }
}

/// Holds the place where a copy was found against the entries about it: its device in their words, or, where
/// the config alone told of it, a locator that names what they name.
pub(super) fn is_found_there(
    (plan, transcript): (&Plan, &Transcript),
    (name, copy): (&str, &EndOfCopy),
    entries: &[CopySeen],
) -> Result<(), VerdictFault> {
    let told = told(transcript, name)?;
    let locator = told.parse::<Locator>().ok();
    let names = |seen: &CopySeen| {
        let there = seen.device.parse::<Locator>().ok();
        let both = locator.as_ref().zip(there);
        both.is_some_and(|(one, there)| one.covers(&there) || there.covers(one))
    };
    let mut meant = entries
        .iter()
        .filter(|seen| key_place::is_end_of(plan, copy, &seen.device));
    if meant.any(|seen| holder_of(seen) == told || names(seen)) {
        return Ok(());
    }
    Err(VerdictFault::Ledger(format!(
        "it has no entry for {name} of the transcript, {told:?}"
    )))
}
