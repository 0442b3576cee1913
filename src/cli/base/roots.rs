//! Whose word is taken for where a key was born.

use std::path::PathBuf;

use super::advice::file_kind::into_text;
use super::context::Context;
use super::failure::{Advised, At, Failure};
use super::words::path;
use crate::attestation::{ArmourError, Family, Roots, RootsError, Trust};
use crate::config::read_bytes;

/// The roots that the config names, or would if it were made now; and those in these files, by
/// the admin's word.
pub(crate) fn roots(context: &Context, files: &[PathBuf]) -> Result<Roots, Failure> {
    let mut roots = match context.config_if_there()? {
        Some(config) => config.attestation_roots()?,
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
