//! What a new plan takes from the ledger, or its mirror, and from bundles that were made.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use ssh_key::{Fingerprint, HashAlg};

use super::super::plan_file::sha256;
use crate::bundle::{Opened, only_ca};
use crate::ceremony::{DraftLedger, LastCeremony, PlannedBundle};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::terminal::warn;
use crate::config::Config;
use crate::file::open;
use crate::ledger::{Ca, Ledger};
use crate::request::RoleName;

/// What bundles say of themselves, in the order that they were named in, and the roles that they ask for.
pub(super) fn bundles(
    files: &[PathBuf],
) -> Result<(Vec<PlannedBundle>, BTreeSet<RoleName>), Failure> {
    let mut roles = BTreeSet::new();
    let read = |file: &PathBuf| {
        bundle(file, &mut roles).map_err(|failure| failure.at(file.display().to_string()))
    };
    let all: Vec<_> = files.iter().map(read).collect::<Result<_, _>>()?;
    Ok((all, roles))
}

fn bundle(path: &Path, roles: &mut BTreeSet<RoleName>) -> Result<PlannedBundle, Failure> {
    let file = open(path).at("the bundle")?;
    let bytes = file.metadata().at("the bundle")?.len();
    let opened = Opened::read(BufReader::new(file), bytes)?;
    let header = opened.header().clone();
    for item in opened.items() {
        roles.insert(item?.content().role.clone());
    }
    let name = path.file_name().and_then(|name| name.to_str());
    Ok(PlannedBundle {
        file: name
            .ok_or_else(|| Failure::usage("the bundle's name is no text"))?
            .to_owned(),
        bytes,
        sha256: sha256(path)?,
        id: header.id,
        header: header.hash()?,
        items: header.items,
    })
}

/// The ledger of the config, or its mirror, and the CA of these roles; all CAs of the ledger where there
/// are none. None where there is no config here.
pub(super) fn ledger(
    context: &Context,
    roles: &BTreeSet<RoleName>,
) -> Result<Option<DraftLedger>, Failure> {
    let Some(config) = context.config_if_there()? else {
        warn(
            "there is no config here, so that ledger and CA are left open; name one with --config",
        );
        return Ok(None);
    };
    let ledger = context.ledger_to_read(&config)?;
    let head = ledger
        .checkpoint()?
        .ok_or_else(|| Failure::new("the ledger has no entry yet"))?;
    Ok(Some(DraftLedger {
        last: last_ceremony(&ledger)?,
        cas: cas(&config, &ledger, roles)?,
        head,
    }))
}

/// A mirror that took an answer behind the last ceremony that it knows can't know the one in which that was made.
fn last_ceremony(ledger: &Ledger) -> Result<LastCeremony, Failure> {
    let last = ledger.ceremonies()?.pop();
    let signed = ledger.bundles()?.into_iter();
    let signed = signed.filter(|bundle| bundle.closed.is_some());
    let behind = signed.map(|bundle| bundle.position).max();
    let known = last.as_ref().map(|(position, _)| *position);
    if ledger.is_mirror() && behind.is_some() && behind > known {
        warn(
            "the mirror can't know the ceremony in which its last bundle was signed: `last` is to be filled in from the \
             paper of that one, or of a later one",
        );
        return Ok(LastCeremony::OnPaper);
    }
    Ok(last.map_or(LastCeremony::None, |(_, held)| {
        LastCeremony::Value(held.transcript)
    }))
}

fn cas(
    config: &Config,
    ledger: &Ledger,
    roles: &BTreeSet<RoleName>,
) -> Result<Vec<(String, Fingerprint)>, Failure> {
    let wanted = if roles.is_empty() {
        None
    } else {
        Some(only_ca(roles, config)?)
    };
    let all = ledger.cas()?;
    let all = all
        .iter()
        .filter(|ca| wanted.as_deref().is_none_or(|wanted| ca.name() == wanted));
    let named = |ca: &Ca| {
        let print = ca.public_key().fingerprint(HashAlg::Sha256);
        (ca.name().to_owned(), print)
    };
    Ok(all.map(named).collect())
}
