//! What is wrong with a server: what sshd will do, by its own word and by the files that it
//! names, held against what is wanted of it: that a certificate lets in, by one list, and
//! nothing else does.
//!
//! Everything here only looks. A judgement is a [`Finding`], with the way to mend it; what
//! could not be looked at is a finding too, and never silence.

mod accounts;
mod beside;
mod ca;
mod command;
mod doors;
mod finding;
mod hardware;
mod known;
mod label;
mod listed;
mod look;
mod machine;
mod principals;
mod revoked;
mod server;

use std::collections::BTreeMap;

pub use accounts::{Shut, shut};
pub use ca::{TrustedKey, trusted};
pub use finding::{Finding, Severity};
pub use hardware::beside_hardware;
pub use known::{KnownFacts, KnownSeen};
pub use listed::{ListFacts, ListSeen};
pub use look::{LookError, Question, look, settings_for};
pub use revoked::{Ages, ListState, RevokedList};
pub use server::{Entry, Examined, Server};

use super::account::AccountError;

/// What was found.
#[derive(Debug)]
pub struct Diagnosis {
    /// The findings, the worst first.
    pub findings: Vec<Finding>,
    /// The user CAs that this sshd trusts outside of `Match` blocks.
    pub cas: Vec<TrustedKey>,
    /// The lists of revoked keys, likewise.
    pub revoked: Vec<RevokedList>,
}

/// Looks at all that sshd said of a server and at the files that it names.
///
/// # Errors
/// [`AccountError`] if the system says nothing of accounts.
pub fn examine(server: &Server) -> Result<Diagnosis, AccountError> {
    let mut found = machine::findings(server);
    for examined in &server.accounts {
        let one = of_account(server, examined)?;
        let name = &examined.account.name;
        found.extend(one.into_iter().map(|finding| finding.of_user(name)));
    }
    Ok(Diagnosis {
        findings: merged(found, server),
        cas: trusted(&server.base).unwrap_or_default(),
        revoked: revoked::lists(&server.base),
    })
}

fn of_account(server: &Server, examined: &Examined) -> Result<Vec<Finding>, AccountError> {
    let Examined {
        account, settings, ..
    } = examined;
    let mut found = accounts::findings(examined)?;
    // Where sshd turns the account away, no door of it is open.
    if shut(account, settings, None)?.is_none() {
        found.extend(doors::findings(account, settings)?);
    }
    found.extend(ca::findings(
        settings,
        &server.expected_cas,
        is_bound(server),
    ));
    found.extend(revoked::findings(settings, server.now, server.ages));
    for list in revoked::lists(settings) {
        found.extend(beside::of_signed_list(&list.path));
    }
    found.extend(principals::findings(examined));
    found.extend(command::findings(settings, server.version)?);
    Ok(found)
}

/// Whether the list takes certificates of named CAs alone, so that a second one proves nothing.
fn is_bound(server: &Server) -> bool {
    let facts = server
        .list
        .as_ref()
        .and_then(|list| list.facts.as_ref().ok());
    facts.is_some_and(|facts| !facts.cas.is_empty())
}

/// One finding for all users that it holds for, with its place, the worst first.
fn merged(found: Vec<Finding>, server: &Server) -> Vec<Finding> {
    let mut all: BTreeMap<_, Finding> = BTreeMap::new();
    for finding in found {
        let key = (finding.severity, finding.name, finding.fault.clone());
        match all.get_mut(&key) {
            Some(known) => known.users.extend(finding.users),
            None => {
                all.insert(key, finding);
            }
        }
    }
    let worst_first = all.into_values().rev();
    worst_first
        .map(|finding| finding.with_place(&server.files))
        .collect()
}
