//! The ledger says what was lost and what goes on, and the test signature is of the key that it has.

use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, Plan, Restore, Task};
use crate::ceremony::test_signature::{message, test_fact};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::issue::TestSignature;
use crate::ledger::{Became, Ca, CopyTried, Ledger, TrialResult, TriedFor};
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
        is_missing(ledger, plan, (restore, planned), ca)?;
        let trials = ledger.trials(ca)?;
        let is_it = |tried: &CopyTried| {
            tried.plan == plan.sha256
                && tried.tried_for == TriedFor::Restore
                && tried.result == TrialResult::Proved
                && is_in_room(plan, planned, &tried.device)
        };
        if !trials.iter().any(|(_, tried)| is_it(tried)) {
            return Err(not_so(planned, "was not restored by this plan"));
        }
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

/// Each place that is lost is missing.
fn is_missing(
    ledger: &Ledger,
    plan: &Plan,
    (restore, planned): (&Restore, &CaBefore),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let copies = ledger.copies(ca)?;
    let lost = restore.lost.iter().filter(|lost| lost.ca == planned.name);
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
    let device = planned.device.as_deref();
    let device = device.and_then(|name| plan.device(name));
    there
        .zip(device)
        .is_some_and(|(there, device)| key_place::narrowed(&there, device).is_some())
}

pub(super) fn not_so(planned: &CaBefore, words: &str) -> VerdictFault {
    VerdictFault::Ledger(format!("CA `{}` {words}", planned.name))
}
