//! The ledger says what was lost and what goes on, and the test signature is of the key that it has.

use super::retired::entries_about;
use super::told::{holder_of, is_found_there, is_told};
use crate::ca::blob_name;
use crate::ceremony::facts::{COMPONENTS_CHECK, brought_key_fact, copy_fact, end_fact};
use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, EndOfCopy, Plan, PlannedBlob, Task};
use crate::ceremony::test_signature::{message, restored_fact, test_by_fact, test_fact};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::issue::TestSignature;
use crate::ledger::{Became, Ca, CopyKind, CopyTried, KnownCopy, Ledger, TrialResult, TriedFor};
use crate::signer::Locator;

/// Holds a restore against the ledger's entries and keys.
pub(super) fn has_restored(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
) -> Result<(), VerdictFault> {
    let Task::Restore(restore) = &plan.task else {
        return Ok(());
    };
    for planned in plan.ledger.iter().flat_map(|ledger| &ledger.cas) {
        let cas = ledger.cas()?;
        let ca = cas.iter().find(|ca| ca.name() == planned.name.as_str());
        let ca = ca.ok_or_else(|| not_so(planned, "is not there"))?;
        signed_the_test(plan, transcript, planned, ca)?;
        is_missing(ledger, (plan, planned), &restore.lost, ca)?;
        are_found(ledger, (plan, transcript), (&restore.lost, planned), ca)?;
        lost_is_told(ledger, (plan, transcript), (&restore.lost, planned), ca)?;
        if let Some(blob) = plan.blob(&planned.name) {
            has_brought(ledger, (plan, transcript), (planned, blob), ca)?;
        }
        let trials = ledger.trials(ca)?;
        let is_it = |tried: &CopyTried| {
            tried.plan == plan.sha256
                && tried.tried_for == TriedFor::Restore
                && tried.result == TrialResult::Proved
                && tried.word == restore.reason
                && is_in_room(plan, planned, &tried.device)
        };
        let Some((_, tried)) = trials.iter().find(|(_, tried)| is_it(tried)) else {
            return Err(not_so(planned, "was not restored by this plan"));
        };
        is_told(transcript, &test_by_fact(&planned.name), &tried.holder)?;
        is_told(transcript, &restored_fact(&planned.name), &tried.holder)?;
    }
    Ok(())
}

pub(super) fn signed_the_test(
    plan: &Plan,
    transcript: &Transcript,
    planned: &CaBefore,
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let signature = transcript.fact(&test_fact(&planned.name));
    let signature = signature.and_then(TestSignature::read);
    let message = message(plan, &planned.name);
    let is_signed = signature.is_some_and(|one| one.verify(ca.public_key(), &message).is_ok());
    if is_signed {
        return Ok(());
    }
    Err(not_so(planned, "did not sign the test of the transcript"))
}

/// The transcript tells of each place that is lost where the ledger has it.
fn are_found(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (lost, planned): (&[EndOfCopy], &CaBefore),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let entries = entries_about(ledger, ca)?;
    let lost = (0..).zip(lost);
    for (number, lost) in lost.filter(|(_, lost)| lost.ca == planned.name) {
        is_found_there((plan, transcript), (&copy_fact(number), lost), &entries)?;
    }
    Ok(())
}

/// The transcript tells of what became of each place that is lost as the ledger does.
pub(super) fn lost_is_told(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (lost, planned): (&[EndOfCopy], &CaBefore),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let newest = ledger.copies(ca)?;
    let lost = (0..).zip(lost);
    for (number, lost) in lost.filter(|(_, lost)| lost.ca == planned.name) {
        let given_up = newest.iter().map(|known| &known.seen);
        let given_up = given_up.filter(|seen| key_place::is_end_of(plan, lost, &seen.device));
        let given_up: Vec<_> = given_up.map(holder_of).collect();
        is_told(transcript, &end_fact(number), &given_up.join("; "))?;
    }
    Ok(())
}

/// The wrapped key is there still, and so is the copy that came out of it, as the transcript tells of it.
fn has_brought(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (planned, blob): (&CaBefore, &PlannedBlob),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let left = ledger.copies_left(ca)?;
    is_wrapped(&left, transcript, (planned, blob))?;
    let told = transcript.fact(&brought_key_fact(&planned.name));
    let is_there = left.iter().any(|copy| {
        copy.seen.kind == CopyKind::Wrapped
            && copy.seen.became == Became::Made
            && is_in_room(plan, planned, &copy.seen.device)
            && told == Some(copy.seen.holder.as_str())
    });
    if is_there {
        return Ok(());
    }
    Err(not_so(
        planned,
        "has no copy that came out of its wrapped key",
    ))
}

/// The wrapped key of the plan and the wrapping key of the transcript are those of the ledger.
pub(super) fn is_wrapped(
    left: &[KnownCopy],
    transcript: &Transcript,
    (planned, blob): (&CaBefore, &PlannedBlob),
) -> Result<(), VerdictFault> {
    let is_there = |name: &str| {
        let mut left = left.iter();
        left.any(|copy| copy.seen.device == name && copy.seen.became == Became::Made)
    };
    let check = transcript.fact(COMPONENTS_CHECK).unwrap_or_default();
    if is_there(&blob_name(&blob.sha256)) && is_there(&format!("components:{check}")) {
        return Ok(());
    }
    Err(not_so(planned, "has another wrapped key or wrapping key"))
}

/// Each place that is lost is missing.
pub(super) fn is_missing(
    ledger: &Ledger,
    (plan, planned): (&Plan, &CaBefore),
    lost: &[EndOfCopy],
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let copies = ledger.copies(ca)?;
    let lost = lost.iter().filter(|lost| lost.ca == planned.name);
    for (number, lost) in (1..).zip(lost) {
        let is_known = copies.iter().any(|copy| {
            copy.seen.became == Became::Missing
                && key_place::is_end_of(plan, lost, &copy.seen.device)
        });
        if !is_known {
            return Err(not_so(
                planned,
                &format!("does not have lost place {number} as missing"),
            ));
        }
    }
    Ok(())
}

pub(super) fn is_in_room(plan: &Plan, planned: &CaBefore, device: &str) -> bool {
    let there = device.parse::<Locator>().ok();
    let device = plan.device_with(planned);
    let device = device.and_then(|name| plan.device(name));
    there
        .zip(device)
        .is_some_and(|(there, device)| key_place::narrowed(&there, device).is_some())
}

pub(super) fn not_so(planned: &CaBefore, words: &str) -> VerdictFault {
    VerdictFault::Ledger(format!("CA `{}` {words}", planned.name))
}
