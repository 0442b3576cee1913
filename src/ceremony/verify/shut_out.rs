//! The ledger says of a CA whose key was stolen what the plan has: a new one was trusted before, and let in those
//! of the plan; then the old key was revoked, and is in the list.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::Outputs;
use super::restored::{is_missing, lost_is_told};
use super::retired::{ca_of, is_revoked, not_so};
use super::told::is_told;
use crate::ca::left_places;
use crate::ceremony::emergency::{other_field, suffix};
use crate::ceremony::facts::{
    PLACES, SERVERS, emergency_fact, emergency_in_words, places_in_words, servers_in_words,
};
use crate::ceremony::plan::{Compromise, Plan, Task, emergency_file, emergency_test_file};
use crate::ceremony::public_files::LIST_FILE;
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::certificate::key_line::read_certificate_line;
use crate::krl::Krl;
use crate::ledger::{Ca, Entry, Event, Ledger, Stage, State};
use crate::wire::RawCertificate;

/// Holds the order of what was done, the list and the certificates against ledger and plan.
pub(super) fn has_shut_out(
    ledger: &Ledger,
    plan: &Plan,
    ((found, end), outputs): ((u64, u64), &Outputs<'_>),
    (transcript, foreign): (&Transcript, &BTreeSet<u64>),
) -> Result<(), VerdictFault> {
    let Some((theft, planned)) = plan.compromise().zip(plan.old_ca()) else {
        return Ok(());
    };
    let old = ca_of(ledger, planned)?;
    let list = Krl::from_bytes(&outputs.read(LIST_FILE)?);
    let list = list.map_err(|error| VerdictFault::List(error.to_string()))?;
    if !is_revoked(&list, &old) {
        let words = format!("the key of CA `{}` is not in it", planned.name);
        return Err(VerdictFault::List(words));
    }
    let (mut trusted, mut retired, mut issued) = (None, None, 0);
    ledger.each_entry(found.saturating_add(1), &mut |position, bytes| {
        match Entry::from_bytes(bytes).map(|entry| entry.event) {
            Ok(Event::StageReached(reached))
                if reached.old == old.position() && reached.stage == Stage::Trusted =>
            {
                trusted = Some((position, reached.word));
            }
            Ok(Event::CaRetired(end)) if end.ca == old.position() => retired = Some(position),
            // What a witness named as none of the plan's is told elsewhere.
            Ok(Event::Issued(_)) if position <= end && !foreign.contains(&position) => {
                issued += 1;
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    // Whoever ended the CA before did nothing that this ceremony would not have done.
    let was_retired = retired.is_none() && ledger.retired(&old)?.is_some();
    if retired.is_none() && !was_retired {
        return Err(not_so(planned, "was not retired"));
    }
    let trusted = trusted.filter(|(position, _)| was_retired || Some(*position) < retired);
    let Some((_, word)) = trusted else {
        return Err(not_so(
            planned,
            "was shut out before servers trusted another one",
        ));
    };
    let servers = servers_in_words(&word, theft.servers.len());
    if transcript.fact(SERVERS) != Some(servers.as_str()) {
        return Err(not_so(
            planned,
            "was shut out with other words about servers than the transcript has",
        ));
    }
    if issued != theft.emergencies.len() {
        let words = format!("{issued} certificates were signed, and not those of the plan");
        return Err(VerdictFault::Ledger(words));
    }
    certificates(ledger, (plan, transcript), theft, outputs)
}

/// The transcript tells of each place of the old key as the ledger does, and what is lost is missing there.
pub(super) fn places_are_told(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    end: u64,
) -> Result<(), VerdictFault> {
    let Some((theft, planned)) = plan.compromise().zip(plan.old_ca()) else {
        return Ok(());
    };
    let old = ca_of(ledger, planned)?;
    is_missing(ledger, (plan, planned), &theft.lost, &old)?;
    lost_is_told(ledger, (plan, transcript), (&theft.lost, planned), &old)?;
    let left = left_places(ledger, &old, end)?;
    is_told(transcript, PLACES, &places_in_words(&left))
}

/// The CAs that ended before a ceremony that ends them: that is no fault, and not what it did.
pub(super) fn ended_before(
    ledger: &Ledger,
    plan: &Plan,
    found: u64,
) -> Result<Vec<String>, VerdictFault> {
    let ends: Vec<_> = match &plan.task {
        Task::Compromise(_) => plan.old_ca().into_iter().collect(),
        Task::Retire(_) => plan.ledger.iter().flat_map(|ledger| &ledger.cas).collect(),
        _ => Vec::new(),
    };
    let mut told = Vec::new();
    for planned in ends {
        let ca = ca_of(ledger, planned)?;
        let mut is_before = false;
        ledger.each_entry(1, &mut |position, bytes| {
            if position > found {
                return ControlFlow::Break(());
            }
            let event = Entry::from_bytes(bytes).map(|entry| entry.event);
            is_before |= matches!(event, Ok(Event::CaRetired(end)) if end.ca == ca.position());
            ControlFlow::Continue(())
        })?;
        if is_before {
            told.push(format!(
                "CA `{}` was retired before this ceremony",
                planned.name
            ));
        }
    }
    Ok(told)
}

/// Each certificate of the plan is one of the new CA in the ledger, and says what the plan has.
fn certificates(
    ledger: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    theft: &Compromise,
    outputs: &Outputs<'_>,
) -> Result<(), VerdictFault> {
    let new = plan.cas().first().map(|ca| ca.name.as_str());
    let mut cas = ledger.cas()?.into_iter();
    let new = cas.find(|ca| Some(ca.name()) == new);
    let new = new.ok_or_else(|| VerdictFault::Ledger("it has no new CA".to_owned()))?;
    let suffixes = ledger.suffixes(&new)?.into_iter();
    let suffixes = suffixes.flat_map(|set| set.suffixes);
    let suffixes: Vec<_> = suffixes.map(|one| one.suffix).collect();
    for (number, one) in (0..).zip(&theft.emergencies) {
        let file = emergency_file(number);
        let read = read_certificate_line(&outputs.read(&file)?);
        let (raw, _) = read.map_err(|_form| VerdictFault::Output(file.clone()))?;
        let suffix = suffix(one, &raw).unwrap_or_default();
        let is_suffix = suffix.is_empty() || suffixes.iter().any(|own| own.as_bytes() == suffix);
        let not_planned = |what: String| VerdictFault::Bundle {
            file: file.clone(),
            what,
        };
        let other = other_field(one, &raw).or((!is_suffix).then_some("principals"));
        if let Some(field) = other {
            return Err(not_planned(format!(
                "its {field} are not what the plan has"
            )));
        }
        if !is_issued(ledger, &new, &raw)? {
            return Err(not_planned("the ledger has no such certificate".to_owned()));
        }
        outputs.is_as_tested(transcript, &emergency_test_file(number), raw.blob())?;
        let told = emergency_in_words(raw.serial(), new.name());
        is_told(transcript, &emergency_fact(number), &told)?;
    }
    Ok(())
}

fn is_issued(ledger: &Ledger, new: &Ca, raw: &RawCertificate) -> Result<bool, VerdictFault> {
    let serial = raw.serial().try_into().ok();
    let record = serial
        .map(|serial| ledger.record_of(new, serial))
        .transpose()?;
    let state = record.flatten().map(|record| record.state);
    Ok(matches!(state, Some(State::Issued(blob)) if blob == raw.blob()))
}
