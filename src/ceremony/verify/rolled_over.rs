//! The ledger says which CA takes the place of which.

use crate::ceremony::plan::Plan;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Ca, Ledger, Stage};

/// Holds the first stage of a rollover against the ledger's entries.
pub(super) fn has_rolled_over(ledger: &Ledger, plan: &Plan) -> Result<(), VerdictFault> {
    let Some(old) = plan.old_ca() else {
        return Ok(());
    };
    let cas = ledger.cas()?;
    let named = |name: &str| cas.iter().find(|ca| ca.name() == name);
    let new = plan.cas().first().and_then(|ca| named(ca.name.as_str()));
    let is_made = |(old, new): (&Ca, &Ca)| {
        let reached = ledger.stages(old)?;
        let made = |stage: &Stage| *stage == Stage::Made;
        let mut reached = reached.iter().map(|(_, reached)| reached);
        Ok::<_, VerdictFault>(reached.any(|one| made(&one.stage) && one.new == new.position()))
    };
    let is_there = named(old.name.as_str()).zip(new).map(is_made).transpose()?;
    if is_there == Some(true) {
        return Ok(());
    }
    Err(VerdictFault::Ledger(format!(
        "it does not have that a new CA takes the place of `{}`",
        old.name
    )))
}
