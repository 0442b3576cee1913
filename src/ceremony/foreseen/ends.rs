//! What stops an end: copies that the plan has no end for, and people who would be locked out. It shows in the ledger, and is
//! told before bags are cut.

use super::before::{no_such_ca, of_ledger};
use crate::ca::{LockOut, Retirement, key_places};
use crate::ceremony::instant::Instant;
use crate::ceremony::key_place::is_end_of;
use crate::ceremony::plan::{CaBefore, Plan, PlanFault, Retire, Task};
use crate::config::Config;
use crate::ledger::{Became, Ca, Ledger, LedgerError, file::OpenError};
use crate::wire::number_of;

/// All that the ledger of the config tells against the ends of a plan; nothing of plans that end nothing, and where no
/// ledger is beside the config.
pub(super) fn ends(plan: &Plan, config: &Config, now: u64) -> Vec<PlanFault> {
    let Task::Retire(retire) = &plan.task else {
        return Vec::new();
    };
    let ledger = match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => return Vec::new(),
        ledger => ledger,
    };
    let mut faults = Vec::new();
    let looked = ledger.and_then(|ledger| {
        let cas = ledger.cas()?;
        let planned = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
        for (number, planned) in (1..).zip(planned) {
            let Some(ca) = of_ledger(&cas, planned) else {
                faults.push(no_such_ca(number, planned));
                continue;
            };
            faults.extend(locked_out(&ledger, ca, retire.lock_out, now)?);
            let places = places(config, &ledger, ca)?;
            faults.extend(of_copies((plan, retire), planned, &places));
        }
        Ok(())
    });
    if let Err(error) = looked {
        faults.push(PlanFault::at(
            "ledger",
            format!("can't be looked into: {error}"),
        ));
    }
    faults
}

/// A place of a key, by its name in the ledger, and whether the key is gone from there.
type PlaceOfKey = (String, bool);

fn places(config: &Config, ledger: &Ledger, ca: &Ca) -> Result<Vec<PlaceOfKey>, LedgerError> {
    let is_gone = |became| became == Some(Became::Destroyed);
    let mut places: Vec<_> = key_places(config, ledger, ca)?
        .into_iter()
        .map(|place| (place.device.to_string(), is_gone(place.became)))
        .collect();
    for copy in ledger.copies(ca)? {
        let name = copy.seen.device;
        // What was wrapped is in no device.
        if name.parse::<crate::signer::Locator>().is_err() {
            places.push((name, is_gone(Some(copy.seen.became))));
        }
    }
    Ok(places)
}

fn locked_out(
    ledger: &Ledger,
    ca: &Ca,
    lock_out: LockOut,
    now: u64,
) -> Result<Option<PlanFault>, LedgerError> {
    let before = Retirement::of(ledger, ca, now)?;
    if before.is_revoked || before.revokes(lock_out) {
        return Ok(None);
    }
    let until = before
        .living
        .last
        .as_ref()
        .map_or(0, |last| last.valid_before);
    let words = format!(
        "CA `{}` has {} valid, the last until {}: hold it after that, or with `lock-out = true`",
        ca.name(),
        number_of(before.living.valid, "certificate"),
        Instant::of(until)
    );
    Ok(Some(PlanFault::at("retire, lock-out", words)))
}

fn of_copies(
    (plan, retire): (&Plan, &Retire),
    planned: &CaBefore,
    places: &[PlaceOfKey],
) -> Vec<PlanFault> {
    let own = |copy: &&crate::ceremony::plan::EndOfCopy| copy.ca == planned.name;
    let mut faults = Vec::new();
    for (name, _) in places.iter().filter(|(_, is_gone)| !is_gone) {
        let meant = retire.copies.iter().filter(own);
        let words = match meant.filter(|copy| is_end_of(plan, copy, name)).count() {
            1 => continue,
            0 => format!("none is for the key of `{}` in {name}", planned.name),
            _ => format!("several are for the key of `{}` in {name}", planned.name),
        };
        faults.push(PlanFault::at("copy", words));
    }
    for (number, copy) in (1..).zip(&retire.copies).filter(|(_, copy)| own(copy)) {
        if !places.iter().any(|(name, _)| is_end_of(plan, copy, name)) {
            let words = format!(
                "neither ledger nor config has the key of `{}` there",
                planned.name
            );
            faults.push(PlanFault::at(&format!("copy {number}"), words));
        }
    }
    faults
}
