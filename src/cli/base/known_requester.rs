//! Whether a requester that a filter names is one at all: a mistyped name would find nothing, and say so.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::failure::Failure;
use super::similar::did_you_mean;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Term};
use crate::policy::role::Permit;

/// Refuses a requester whom no entry of the ledger names, and no role of the config, if there is one.
pub(crate) fn require_known_requester(
    name: &str,
    config: Option<&Config>,
    ledger: &Ledger,
) -> Result<(), Failure> {
    match unknown_requester(name, config, ledger)? {
        None => Ok(()),
        Some(unknown) => Err(Failure::usage(unknown.words).hint(unknown.hint)),
    }
}

/// Whom neither ledger nor config know.
pub(crate) struct UnknownRequester {
    pub(crate) words: String,
    pub(crate) hint: String,
}

/// What is to be said of a requester whom neither ledger nor config know; none of one whom they do.
pub(crate) fn unknown_requester(
    name: &str,
    config: Option<&Config>,
    ledger: &Ledger,
) -> Result<Option<UnknownRequester>, LedgerError> {
    if has_asked(name, ledger)? || ledger.requester_is_barred(name)? {
        return Ok(None);
    }
    let mut known: BTreeSet<String> = config.map(of_config).unwrap_or_default();
    known.extend(
        ledger
            .requesters()?
            .into_iter()
            .map(|(_, added)| added.name),
    );
    known.extend(ledger.requester_names()?.into_keys());
    if known.contains(name) {
        return Ok(None);
    }
    // All who ever asked are read only to find the one that was hardly missed.
    ledger.each_record(&mut |record| {
        known.insert(record.reserved.requester);
    })?;
    let near = did_you_mean(name, known.iter().map(String::as_str));
    Ok(Some(UnknownRequester {
        words: format!("nobody called `{name}` has asked, is enrolled, or is named by a role"),
        hint: near.unwrap_or_else(|| LIST.to_owned()),
    }))
}

fn has_asked(name: &str, ledger: &Ledger) -> Result<bool, LedgerError> {
    let mut is_met = false;
    ledger.each_record_backward(&[Term::Requester(name)], &mut |record| {
        is_met = record.reserved.requester == name;
        if is_met {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(is_met)
}

/// Those whom a role names to the letter: a pattern such as `*` knows nobody.
fn of_config(config: &Config) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for role in config.policy().roles() {
        let Permit::Only(patterns) = role.requesters() else {
            continue;
        };
        let names = patterns.iter().map(|pattern| pattern.glob().as_str());
        known.extend(
            names
                .filter(|name| !name.contains(['*', '?']))
                .map(str::to_owned),
        );
    }
    known
}

const LIST: &str = "`punchmark requester list` names those who are enrolled, `punchmark ledger list` \
    those who asked";
