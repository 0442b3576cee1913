//! The ledger and the last list say of CAs that ended what the plan has: revoked, and every copy of
//! their keys accounted for.

use std::ops::ControlFlow;

use super::Outputs;
use super::told::{holder_of, is_found_there, is_told};
use crate::ca::{by_hand_word, left_places, overwritten_word};
use crate::ceremony::facts::{begins_fact, copy_fact, end_fact, end_in_words};
use crate::ceremony::key_place;
use crate::ceremony::plan::{CaBefore, End, EndOfCopy, Plan, Retire, Task};
use crate::ceremony::public_files::LIST_FILE;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::krl::{Krl, Signatures, Subject};
use crate::ledger::{Became, Ca, CopySeen, Entry, Event, KnownCopy, Ledger};

/// Holds the end of each CA against ledger and list.
pub(super) fn has_retired(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (found, outputs): (u64, &Outputs<'_>),
) -> Result<(), VerdictFault> {
    let Task::Retire(retire) = &plan.task else {
        return Ok(());
    };
    let list = Krl::from_bytes(&outputs.read(LIST_FILE)?);
    let list = list.map_err(|error| VerdictFault::List(error.to_string()))?;
    for planned in plan.ledger.iter().flat_map(|ledger| &ledger.cas) {
        let ca = ca_of(ledger, planned)?;
        if ledger.retired(&ca)?.is_none() {
            return Err(not_so(planned, "is not retired"));
        }
        if !is_revoked(&list, &ca) {
            let words = format!("the key of CA `{}` is not in it", planned.name);
            return Err(VerdictFault::List(words));
        }
        copies_ended(plan, retire, planned, &ledger.copies(&ca)?)?;
        nothing_is_left(ledger, planned, &ca)?;
        ends_are_told(ledger, (plan, transcript), (retire, planned), &ca)?;
        ended_as_planned((ledger, found), (plan, transcript), (retire, planned), &ca)?;
    }
    Ok(())
}

/// What ended in this ceremony ended in the way of the plan, by the words that the ledger keeps: a file that was
/// overwritten is none that people destroyed, and the other way round.
fn ended_as_planned(
    (ledger, found): (&Ledger, u64),
    (plan, transcript): (&Plan, &Transcript),
    (retire, planned): (&Retire, &CaBefore),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let entries = entries_from(ledger, ca, found.saturating_add(1))?;
    let of_ca = (0..).zip(&retire.copies);
    for (number, copy) in of_ca.filter(|(_, copy)| copy.ca == planned.name) {
        let ended = entries.iter().rev();
        let mut ended = ended.filter(|seen| key_place::is_end_of(plan, copy, &seen.device));
        let Some(seen) = ended.next() else {
            continue;
        };
        let wanted = match &copy.end {
            End::Destroyed(_) => continue,
            End::Overwritten { copy, .. } => {
                is_told(transcript, &begins_fact(number), copy)?;
                overwritten_word(&retire.reason)
            }
            End::ByHand { words, .. } => by_hand_word(words, &retire.reason),
            End::Missing { words, .. } => words.clone(),
        };
        if seen.word != wanted {
            let words = format!(
                "has copy {} of the plan ended otherwise: {:?}, and not {wanted:?}",
                number + 1,
                seen.word
            );
            return Err(not_so(planned, &words));
        }
    }
    Ok(())
}

/// The transcript tells of each copy where it was, and what became of it, as the ledger does.
fn ends_are_told(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (retire, planned): (&Retire, &CaBefore),
    ca: &Ca,
) -> Result<(), VerdictFault> {
    let (entries, newest) = (entries_about(ledger, ca)?, ledger.copies(ca)?);
    let of_ca = (0..).zip(&retire.copies);
    for (number, copy) in of_ca.filter(|(_, copy)| copy.ca == planned.name) {
        is_found_there((plan, transcript), (&copy_fact(number), copy), &entries)?;
        let ended = newest.iter().map(|known| &known.seen);
        let ended = ended.filter(|seen| key_place::is_end_of(plan, copy, &seen.device));
        let ended: Vec<_> = ended
            .map(|seen| end_in_words(holder_of(seen), &seen.word))
            .collect();
        is_told(transcript, &end_fact(number), &ended.join("; "))?;
    }
    Ok(())
}

/// Every entry about a copy of a CA's key.
pub(super) fn entries_about(ledger: &Ledger, ca: &Ca) -> Result<Vec<CopySeen>, VerdictFault> {
    entries_from(ledger, ca, 1)
}

fn entries_from(ledger: &Ledger, ca: &Ca, from: u64) -> Result<Vec<CopySeen>, VerdictFault> {
    let mut entries = Vec::new();
    ledger.each_entry(from, &mut |_position, bytes| {
        if let Ok(Event::CopySeen(seen)) = Entry::from_bytes(bytes).map(|entry| entry.event)
            && seen.ca == ca.position()
        {
            entries.push(seen);
        }
        ControlFlow::Continue(())
    })?;
    Ok(entries)
}

pub(super) fn ca_of(ledger: &Ledger, planned: &CaBefore) -> Result<Ca, VerdictFault> {
    let mut cas = ledger.cas()?.into_iter();
    let is_it = |ca: &Ca| {
        ca.name() == planned.name.as_str()
            && ca.public_key().fingerprint(ssh_key::HashAlg::Sha256) == planned.fingerprint
    };
    cas.find(is_it)
        .ok_or_else(|| not_so(planned, "is not there"))
}

pub(super) fn is_revoked(list: &Krl, ca: &Ca) -> bool {
    let key = Subject::from_blob(&ca.added().public_key, Signatures::Unchecked);
    key.is_ok_and(|key| list.revokes(&key).is_some())
}

/// No copy is left but what the plan names as missing, and each that the plan names ended as it says.
fn copies_ended(
    plan: &Plan,
    retire: &Retire,
    planned: &CaBefore,
    copies: &[KnownCopy],
) -> Result<(), VerdictFault> {
    let means = |end: &EndOfCopy, copy: &KnownCopy| {
        end.ca == planned.name && key_place::is_end_of(plan, end, &copy.seen.device)
    };
    for copy in copies {
        let mut ends = retire.copies.iter().filter(|end| means(end, copy));
        let wanted = match ends.next().map(|end| &end.end) {
            Some(End::Missing { .. }) => Became::Missing,
            _ => Became::Destroyed,
        };
        if copy.seen.became != wanted {
            let words = format!("has a copy in {}, which did not end so", copy.seen.holder);
            return Err(not_so(planned, &words));
        }
    }
    let of_ca = retire.copies.iter().filter(|end| end.ca == planned.name);
    for (number, end) in (1..).zip(of_ca) {
        if !copies.iter().any(|copy| means(end, copy)) {
            let words = format!("has no entry for copy {number} of the plan");
            return Err(not_so(planned, &words));
        }
    }
    Ok(())
}

/// No place that the ledger ever told of, a copy or where the CA was bound to, has the key still; but what is missing.
fn nothing_is_left(ledger: &Ledger, planned: &CaBefore, ca: &Ca) -> Result<(), VerdictFault> {
    let left = left_places(ledger, ca, ledger.size())?;
    let mut left = left.iter().filter(|place| place.became != Became::Missing);
    match left.next() {
        None => Ok(()),
        Some(place) => {
            let words = format!("has its key in {}, which did not end", place.device);
            Err(not_so(planned, &words))
        }
    }
}

pub(super) fn not_so(planned: &CaBefore, words: &str) -> VerdictFault {
    VerdictFault::Ledger(format!("CA `{}` {words}", planned.name))
}
