//! The config, read again for a server that runs: held against itself, the ledger, and what wants a start.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use super::{again, judges, served};
use crate::batch::Books;
use crate::ca::KnownCa;
use crate::config::{Config, ReceiptsBy, ServeConfig, ServeConfigError, ServeTls};
use crate::ledger::Ledger;
use crate::service::{Reload, Reloaded};

/// Why a config doesn't count while the server runs.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    /// What it says can't be changed under a server that runs.
    #[error("{} changed, which counts from the next start on: start the server again", .0.join(", "))]
    Start(Vec<String>),
    /// It makes no server.
    #[error(transparent)]
    Serve(#[from] ServeConfigError),
    /// Nothing could be asked for.
    #[error("no role of the config names a CA")]
    NoCa,
}

/// What is read again. Each config that is served by lives as long as the process: all threads read it.
pub(super) fn reload(config: &'static Config) -> Reload {
    let last = Arc::new(Mutex::new(config));
    Box::new(move |ledger| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let (config, reloaded) = read(&last, ledger)?;
        *last = config;
        Ok(reloaded)
    })
}

fn read(last: &Config, ledger: &Ledger) -> Result<(&'static Config, Reloaded), Box<dyn Error>> {
    let config = Config::read(last.path())?;
    let serve = config.serve().map_err(ReloadError::from)?;
    let names = served(&config).map_err(|_none| ReloadError::NoCa)?;
    let wanted = wants_start((last, &last.serve()?), (&config, &serve), &names);
    if !wanted.is_empty() {
        return Err(ReloadError::Start(wanted).into());
    }
    let known = names
        .iter()
        .map(|name| KnownCa::find(&config, ledger, name));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    let books = Books::read(&config, ledger)?;
    let oddities = oddities(&config);
    // All that is looked at is well: it stays.
    let config: &'static Config = Box::leak(Box::new(config));
    let books: &'static Books = Box::leak(Box::new(books));
    let judges = judges(&known, (config, books), ledger)?;
    let reloaded = Reloaded {
        serve,
        policy: config.policy(),
        judges,
        again: again(config, books, names),
        oddities,
    };
    Ok((config, reloaded))
}

/// What changed that can't change while the server has its devices, its ledger and its addresses.
fn wants_start(
    (old, old_serve): (&Config, &ServeConfig),
    (new, new_serve): (&Config, &ServeConfig),
    names: &BTreeSet<String>,
) -> Vec<String> {
    let is_proxied = |serve: &ServeConfig| matches!(serve.tls, ServeTls::Proxy { .. });
    let made = |serve: &ServeConfig| serve.lists.clone().filter(|lists| lists.every.is_some());
    let (old_made, new_made) = (made(old_serve), made(new_serve));
    let signs = new_made.is_some() || new_serve.receipts == Some(ReceiptsBy::LedgerKey);
    let is_signed_by_other = signs && old.ledger_key() != new.ledger_key();
    let of_server = [
        (old_serve.listen != new_serve.listen, "`listen`"),
        (old_serve.metrics != new_serve.metrics, "`metrics`"),
        (
            is_proxied(old_serve) != is_proxied(new_serve),
            "who does TLS",
        ),
        (old_made != new_made, "`krl` with `every`"),
        (old_serve.receipts != new_serve.receipts, "`receipts`"),
        (is_signed_by_other, "`ledger-key`"),
        (old.ledger() != new.ledger(), "`ledger`"),
        (
            old.ledger_settings() != new.ledger_settings(),
            "where the head is kept",
        ),
        (
            served(old).ok().as_ref() != Some(names),
            "which CAs roles name",
        ),
    ];
    let changed = of_server.into_iter().filter(|(is_other, _)| *is_other);
    let changed = changed.map(|(_, what)| what.to_owned());
    let keys = names.iter().filter(|name| {
        let key = |config: &Config| config.ca(name).ok().map(|ca| ca.keys.clone());
        key(old).is_some() && key(old) != key(new)
    });
    changed
        .chain(keys.map(|name| format!("`key` of CA `{name}`")))
        .collect()
}

fn oddities(config: &Config) -> Vec<String> {
    let of_roles = config.oddities().into_iter().map(|odd| match odd.role {
        Some(role) => format!("role {role}: {}", odd.oddity),
        None => format!("suffixes: {}", odd.oddity),
    });
    of_roles.chain(config.serve_oddities()).collect()
}
