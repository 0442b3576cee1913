//! Whether a role that a filter names is one at all: a mistyped name would find nothing, and say so.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::failure::Failure;
use super::similar::did_you_mean;
use crate::config::Config;
use crate::ledger::{Ledger, Term};

/// Refuses a role that neither the config has, if there is one, nor any entry of the ledger.
pub(crate) fn require_known_role(
    role: &str,
    config: Option<&Config>,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let mut known: BTreeSet<String> = config
        .into_iter()
        .flat_map(|config| config.policy().roles())
        .map(|role| role.name().to_string())
        .collect();
    if known.contains(role) {
        return Ok(());
    }
    let mut is_met = false;
    ledger.each_record_backward(&[Term::Role(role)], &mut |record| {
        is_met = record.reserved.role == role;
        if is_met {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if is_met {
        return Ok(());
    }
    ledger.each_record(&mut |record| {
        known.insert(record.reserved.role);
    })?;
    Err(unknown(role, &known))
}

fn unknown(role: &str, known: &BTreeSet<String>) -> Failure {
    let failure = Failure::usage(format!("neither config nor ledger has a role `{role}`"));
    match did_you_mean(role, known.iter().map(String::as_str)) {
        Some(near) => failure.hint(near),
        None => failure.hint("`punchmark role list` names those of the config"),
    }
}
