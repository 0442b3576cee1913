//! What the ledger has of a ceremony: it goes on from the heads of before, and has the keys and the entry.

use ssh_key::public::KeyData;

use super::copies::{has_copies, origin_of};
use super::thrown_away::thrown_away;
use super::{Evidence, key_of};
use crate::ceremony::facts::{LEDGER_BEFORE, head_of_words};
use crate::ceremony::plan::Plan;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::config::CaName;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Ca, HEADS, LISTS, Ledger, LedgerKeyState};

pub(super) fn goes_on(ledger: &Ledger, before: &Checkpoint) -> Result<(), VerdictFault> {
    let own = ledger
        .checkpoint()?
        .map(|head| head.origin)
        .unwrap_or_default();
    if own != before.origin {
        return Err(VerdictFault::OtherLedger {
            wanted: before.origin.clone(),
            found: own,
        });
    }
    ledger
        .extends(before)
        .map_err(|error| VerdictFault::Ledger(error.to_string()))
}

/// The ledger that was found goes on from the plan's head, and the one at the end from that.
pub(super) fn found_before(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
    end: &Checkpoint,
) -> Result<Option<Checkpoint>, VerdictFault> {
    let Some(planned) = &plan.ledger else {
        return Ok(None);
    };
    let found = transcript.fact(LEDGER_BEFORE).and_then(head_of_words);
    let found = found.filter(|found| found.size <= end.size);
    let missing = || VerdictFault::Ledger("the transcript has no head before".to_owned());
    goes_on(ledger, &planned.head)?;
    thrown_away(ledger, plan)?;
    let found = found.ok_or_else(missing)?;
    goes_on(ledger, &found)?;
    Ok(Some(found))
}

/// The CAs of the plan with the keys of the transcript, those that were made born in their tokens, and the
/// ledger key.
pub(super) fn has_keys(
    ledger: &Ledger,
    plan: &Plan,
    transcript: &Transcript,
    key: &KeyData,
) -> Result<(), VerdictFault> {
    let cas = ledger.cas()?;
    for ca in plan.ledger.iter().flat_map(|before| &before.cas) {
        let key = key_of(transcript, &format!("public key {}", ca.name))?;
        let is_it = |one: &Ca| one.name() == ca.name.as_str() && *one.public_key() == key;
        require_ca(cas.iter().any(is_it), &ca.name)?;
    }
    for ca in plan.cas() {
        let made = key_of(transcript, &format!("public key {}", ca.name))?;
        let is_it = cas.iter().any(|one| {
            one.name() == ca.name.as_str()
                && *one.public_key() == made
                && one.added().purpose == ca.certificates
                && one.added().origin == origin_of(ca)
        });
        require_ca(is_it, &ca.name)?;
        has_copies(ledger, (plan, transcript), ca)?;
    }
    let hash = key.fingerprint(ssh_key::HashAlg::Sha256).sha256();
    let state = hash
        .map(|hash| ledger.ledger_key(&hash))
        .transpose()?
        .flatten();
    // One that was there before may sign heads alone.
    let wanted = match plan.ledger {
        Some(_) => HEADS,
        None => HEADS | LISTS,
    };
    let is_believed = |state: &LedgerKeyState| {
        state.recorded & wanted == wanted && !state.rolled && state.believed_to.is_none()
    };
    if state.as_ref().is_some_and(is_believed) {
        return Ok(());
    }
    Err(VerdictFault::Ledger(
        "the key of the transcript is none of its own, or believed no more".to_owned(),
    ))
}

fn require_ca(is_there: bool, name: &CaName) -> Result<(), VerdictFault> {
    if is_there {
        return Ok(());
    }
    Err(VerdictFault::Ledger(format!(
        "it has no CA `{name}` with the key of the transcript"
    )))
}

/// Where the ceremony stands in the ledger, behind the one that the plan names.
pub(super) fn has_ceremony(ledger: &Ledger, evidence: &Evidence<'_>) -> Result<u64, VerdictFault> {
    let missing = || VerdictFault::Ledger("it has no such ceremony".to_owned());
    let position = ledger
        .position_of_ceremony(&evidence.value)?
        .ok_or_else(missing)?;
    let held = ledger.ceremonies()?;
    let at = held
        .iter()
        .position(|(_, one)| one.transcript == evidence.value)
        .ok_or_else(missing)?;
    let (before, from) = held.split_at(at);
    if from
        .first()
        .is_none_or(|(_, one)| one.plan != evidence.plan.sha256)
    {
        return Err(VerdictFault::Ledger(
            "its ceremony is that of another plan".to_owned(),
        ));
    }
    if before.last().map(|(_, one)| one.transcript) != evidence.plan.last {
        let words = "another ceremony stands before this one than the plan's `last`";
        return Err(VerdictFault::Ledger(words.to_owned()));
    }
    Ok(position)
}
