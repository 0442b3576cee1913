//! Whose word is taken for where a key was born.

use std::path::PathBuf;

use super::advice::file_kind::into_text;
use super::context::Context;
use super::failure::{Advised, At, Failure};
use super::words::path;
use crate::attestation::{ArmourError, Family, Roots, RootsError, Trust};
use crate::config::{Config, read_bytes};
use crate::ledger::file::OpenError;
use crate::ledger::{Ledger, LedgerError};

/// The roots that the config names and its ledger doesn't distrust: what is proved to a person
/// is what is proved to the CA. Where no ledger is yet, nothing is distrusted.
pub(crate) fn believed(config: &Config) -> Result<Roots, Failure> {
    let roots = config.attestation_roots()?;
    match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => Ok(roots),
        opened => Ok(opened?.believed(&roots)?),
    }
}

/// The roots that the config names, or would if it were made now; and those in these files, by
/// the admin's word.
pub(crate) fn roots(context: &Context, files: &[PathBuf]) -> Result<Roots, Failure> {
    let mut roots = match context.config_if_there()? {
        Some(config) => believed(&config)?,
        None => Roots::of(Family::Yubico),
    };
    for file in files {
        let bytes = read_bytes(file, LARGEST).in_file(file)?;
        let added = roots.add(&bytes, Trust::Private);
        added.at(format!("roots of attestation in {}", path(file)))?;
    }
    Ok(roots)
}

impl Advised for RootsError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Pem(ArmourError::Missing { kind, .. }) => into_text(*kind),
            _ => None,
        }
    }
}

const LARGEST: usize = 1 << 20;
