//! The ledger key: named on the command line or in the config, and opened for use.

use std::ffi::OsString;
use std::path::Path;

use ssh_key::private::KeypairData;

use super::context::Context;
use super::failure::{Advised, Failure};
use super::private_key::read_private_key;
use super::terminal::warn;
use crate::config::{Config, LedgerKeyPlace};
use crate::ledger::Ca;
use crate::ledger::key::{LedgerKey, LedgerKeyError};

/// The place that an argument names, else the config's.
pub(crate) fn place(
    argument: Option<&OsString>,
    config: &Config,
) -> Result<Option<LedgerKeyPlace>, Failure> {
    match argument {
        Some(argument) => Ok(Some(LedgerKeyPlace::parse(argument)?)),
        None => Ok(config.ledger_key()),
    }
}

/// Opens the key, by its passphrase or PIN. A key of `cas` is refused.
pub(crate) fn open(
    context: &Context,
    place: &LedgerKeyPlace,
    cas: &[Ca],
) -> Result<LedgerKey, Failure> {
    match place {
        LedgerKeyPlace::File(path) => open_file(context, path, cas),
        LedgerKeyPlace::Device(locator) => Ok(LedgerKey::open(locator, &mut context.pins(), cas)?),
    }
}

fn open_file(context: &Context, path: &Path, cas: &[Ca]) -> Result<LedgerKey, Failure> {
    let (key, was_encrypted) = read_private_key(path)?;
    if !was_encrypted && context.talks() {
        warn("this key file has no passphrase: whoever reads it can sign heads and KRLs");
    }
    match key.key_data() {
        KeypairData::Ed25519(pair) => Ok(LedgerKey::from_keypair(pair.clone(), cas)?),
        _ => Err(Failure::new(format!(
            "{} is {}; a ledger key in a file is ssh-ed25519",
            path.display(),
            key.algorithm()
        ))
        .hint(MAKE_ONE)),
    }
}

impl Advised for LedgerKeyError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Opening(error) => error.hint(),
            Self::Signer(error) => error.hint(),
            Self::IsCa { .. } => Some(MAKE_ONE.to_owned()),
            _ => None,
        }
    }
}

const MAKE_ONE: &str = "make one: ssh-keygen -t ed25519 -C 'ledger key' -f ledger_key";
