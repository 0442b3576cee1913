//! The ledger has each trial of a drill as the transcript tells of it, and no certificate came of it.

use super::restored::{is_in_room, is_wrapped, not_so, signed_the_test};
use super::told::is_told;
use crate::ca::blob_name;
use crate::ceremony::facts::{MISSING, PLACES, SERVERS, servers_in_words};
use crate::ceremony::plan::{CaBefore, Drill, Plan, Task};
use crate::ceremony::test_signature::{test_by_fact, test_fact, tried_fact, tried_in_words};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Ca, CopyTried, KnownCopy, Ledger, TrialResult, TriedFor};

/// Holds a drill against the ledger's entries and keys.
pub(super) fn has_drilled(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
) -> Result<(), VerdictFault> {
    is_due(ledger, plan)?;
    let Task::Drill(drill) = &plan.task else {
        return Ok(());
    };
    for planned in plan.ledger.iter().flat_map(|ledger| &ledger.cas) {
        let cas = ledger.cas()?;
        let ca = cas.iter().find(|ca| ca.name() == planned.name.as_str());
        let ca = ca.ok_or_else(|| not_so(planned, "is not there"))?;
        let told = transcript.fact(&tried_fact(&planned.name));
        let result = match told {
            Some(told) if told.starts_with(MISSING) => TrialResult::Failed,
            _ => TrialResult::Proved,
        };
        let has_signed = transcript.fact(&test_fact(&planned.name)).is_some();
        if result == TrialResult::Proved || has_signed {
            signed_the_test(plan, transcript, planned, ca)?;
        }
        if let Some(blob) = plan.blob(&planned.name) {
            let left = ledger.copies_left(ca)?;
            if result == TrialResult::Proved {
                is_wrapped(&left, transcript, (planned, blob))?;
            }
            let is_there = |copy: &KnownCopy| is_in_room(plan, planned, &copy.seen.device);
            if left.iter().any(is_there) {
                return Err(not_so(planned, "has a copy of its key in the spare still"));
            }
        }
        let is_it = |tried: &CopyTried| {
            is_of(drill, plan, tried)
                && tried.result == result
                && is_the_copy(plan, planned, &tried.device)
        };
        let trials = ledger.trials(ca)?;
        let Some((_, tried)) = trials.iter().find(|(_, tried)| is_it(tried)) else {
            return Err(not_so(planned, "was not tried so by this plan"));
        };
        is_told(
            transcript,
            &tried_fact(&planned.name),
            &tried_in_words(tried),
        )?;
        // What a run before signed, and one that was cut short did not record, counts for nothing.
        if result == TrialResult::Proved {
            let signed_by = match plan.blob(&planned.name) {
                Some(_) => spare_in_words(ledger, plan, planned, ca)?,
                None => tried.holder.clone(),
            };
            is_told(transcript, &test_by_fact(&planned.name), &signed_by)?;
        }
    }
    Ok(())
}

/// The spare that a wrapped key was tried in, as the ledger has it; a copy that ended there is told of for good.
fn spare_in_words(
    ledger: &Ledger,
    plan: &Plan,
    planned: &CaBefore,
    ca: &Ca,
) -> Result<String, VerdictFault> {
    let mut copies = ledger.copies(ca)?.into_iter();
    let tried = copies.find(|copy| is_in_room(plan, planned, &copy.seen.device));
    let tried = tried.ok_or_else(|| not_so(planned, "has no copy that was in the spare"))?;
    Ok(tried.seen.holder)
}

/// What was tried: the copy in its device, or the wrapped key.
fn is_the_copy(plan: &Plan, planned: &CaBefore, device: &str) -> bool {
    match plan.blob(&planned.name) {
        Some(blob) => device == blob_name(&blob.sha256),
        None => is_in_room(plan, planned, device),
    }
}

/// What a drill found missing, and whom a stolen key's end locks out, as the transcript tells of it.
pub(super) fn missing(plan: &Plan, transcript: &Transcript) -> Vec<String> {
    let cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    let tried = cas.filter_map(|ca| {
        let told = transcript.fact(&tried_fact(&ca.name))?;
        told.starts_with(MISSING)
            .then(|| format!("CA `{}`: {told}", ca.name))
    });
    let servers = plan.compromise().and_then(|theft| {
        let told = transcript.fact(SERVERS)?;
        let whole = servers_in_words("", theft.servers.len());
        (told != whole).then(|| format!("servers: {told}"))
    });
    let left = plan.old_ca().filter(|_| plan.compromise().is_some());
    let left = left.and_then(|old| {
        let told = transcript.fact(PLACES)?;
        Some(format!("CA `{}`, left of its key: {told}", old.name))
    });
    tried.chain(servers).chain(left).collect()
}

/// The ledger has the day of the next drill for each CA that was made.
fn is_due(ledger: &Ledger, plan: &Plan) -> Result<(), VerdictFault> {
    let Some(drill) = plan.drill() else {
        return Ok(());
    };
    let cas = ledger.cas()?;
    for planned in plan.cas() {
        let ca = cas.iter().find(|ca| ca.name() == planned.name.as_str());
        let due = ca.map(|ca| ledger.drill_due(ca)).transpose()?.flatten();
        if due != Some(drill.next_due.seconds()) {
            let words = format!("CA `{}` has another day for its drill", planned.name);
            return Err(VerdictFault::Ledger(words));
        }
    }
    Ok(())
}

fn is_of(drill: &Drill, plan: &Plan, tried: &CopyTried) -> bool {
    tried.plan == plan.sha256
        && tried.tried_for == TriedFor::Drill
        && tried.next_due == drill.next_due.seconds()
}
