//! What `bundle sign` would refuse of a bundle by its config: ages, and roles.

use crate::bundle::{BundleSession, Header, Item, Wish};
use crate::cli::base::failure::Failure;
use crate::cli::base::words::chain;
use crate::config::Config;
use crate::issue::Bundled;
use crate::ledger::{Credential, DutiesSet, Ledger};

/// Each fault, with the item that it is of: as of now, and as the config here has it.
pub(super) fn refused(
    header: &Header,
    items: &[Item],
    config: &Config,
    ledger: Option<&Ledger>,
) -> Result<Vec<String>, Failure> {
    let mut faults = Vec::new();
    let roles = items.iter().map(|item| &item.content().role);
    for error in BundleSession::refused_by_config(header, roles, config) {
        faults.push(chain(&error));
    }
    let limits = config.admission_limits();
    for (number, item) in (1_u64..).zip(items) {
        let content = item.content();
        // A key by the registrar's word is as old as the bundle.
        if let Wish::Request(_) = item.wish
            && let Err(error) = limits.hold(content.created, header.made)
        {
            faults.push(format!("item {number}: {}", chain(&error)));
        }
        if let Some(ledger) = ledger
            && let Some(why) = by_no_word(header, item, ledger)?
        {
            faults.push(format!("item {number}: {why}"));
        }
    }
    Ok(faults)
}

/// Why the registrar's word doesn't count for somebody who is known by nothing else.
fn by_no_word(header: &Header, item: &Item, ledger: &Ledger) -> Result<Option<String>, Failure> {
    let content = item.content();
    let Some(claimed) = &content.claimed else {
        return Ok(None);
    };
    let key = ssh_key::PublicKey::from(content.subject.key().clone()).to_bytes()?;
    let is_known = ledger.requester_of(&Credential::Key(key))?.is_some();
    // What evidence says of a card, and lines of allowed signers, are held against it when it is signed.
    if is_known || !content.evidence.is_empty() {
        return Ok(None);
    }
    let registrar = ledger.duties_of(header.registrar.name.as_str())?;
    let bundled = Bundled {
        registrar: registrar.unwrap_or_else(|| DutiesSet {
            name: header.registrar.name.to_string(),
            ..DutiesSet::default()
        }),
        made: header.made,
    };
    let word = bundled.by_word(claimed, &content.role);
    Ok(word.err().map(|error| chain(&error)))
}
