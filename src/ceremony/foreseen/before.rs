//! What a plan says of a ledger that is there: its head, its CAs and the ceremony before, held against that ledger.

use crate::ceremony::plan::{CaBefore, LedgerBefore, Plan, PlanFault, Task};
use crate::config::Config;
use crate::ledger::{Ca, Ledger, LedgerError, file::OpenError};

/// All that the ledger of the config tells against it; nothing where no ledger is beside the config.
pub(super) fn before(plan: &Plan, config: &Config) -> Vec<PlanFault> {
    let Some(planned) = &plan.ledger else {
        return Vec::new();
    };
    let looked = match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => return Vec::new(),
        opened => opened.and_then(|ledger| held_against(&ledger, (plan, planned))),
    };
    looked.unwrap_or_else(|error| {
        let words = format!("can't be looked into: {error}");
        vec![PlanFault::at("ledger", words)]
    })
}

fn held_against(
    ledger: &Ledger,
    (plan, planned): (&Plan, &LedgerBefore),
) -> Result<Vec<PlanFault>, LedgerError> {
    let mut faults = Vec::new();
    if let Err(error) = ledger.extends(&planned.head) {
        let words = format!("the ledger of the config doesn't go on from this head: {error}");
        faults.push(PlanFault::at("ledger", words));
    }
    // What ends CAs is held against more of the ledger.
    let cas = ledger.cas()?;
    let known = planned
        .cas
        .iter()
        .filter(|_| !matches!(plan.task, Task::Retire(_)));
    for (number, known) in (1..).zip(known) {
        if of_ledger(&cas, known).is_none() {
            faults.push(no_such_ca(number, known));
        }
    }
    // A mirror has the last ceremony when the next bundle's answer came; and a plan that was held is in the ledger itself.
    let held = ledger.ceremonies()?.into_iter().rev();
    let mut others = held.filter(|(_, held)| held.plan != plan.sha256);
    let last = others.next().map(|(_, held)| held.transcript);
    if !ledger.is_mirror() && last != plan.last {
        let words = "is not the last ceremony of the ledger: take the words from its paper";
        faults.push(PlanFault::at("last", words));
    }
    Ok(faults)
}

/// The CA of the ledger that the plan names, by its name and its key.
pub(super) fn of_ledger<'l>(cas: &'l [Ca], planned: &CaBefore) -> Option<&'l Ca> {
    cas.iter().find(|ca| {
        let print = ca.public_key().fingerprint(ssh_key::HashAlg::Sha256);
        ca.name() == planned.name.as_str() && print == planned.fingerprint
    })
}

pub(super) fn no_such_ca(number: usize, planned: &CaBefore) -> PlanFault {
    let words = format!("the ledger has no CA `{}` with this key", planned.name);
    PlanFault::at(&format!("known-ca {number}, fingerprint"), words)
}
