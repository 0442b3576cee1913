//! Whose word is taken for where a key was born.

use std::path::PathBuf;

use super::context::Context;
use super::failure::{Advised, At, Failure};
use super::words::path;
use crate::attestation::{Roots, RootsError, Trust};
use crate::config::read_limited;

/// The roots that the config names, and those in these files, by the admin's word.
pub(crate) fn roots(context: &Context, files: &[PathBuf]) -> Result<Roots, Failure> {
    let mut roots = match context.config_if_there()? {
        Some(config) => config.attestation_roots()?,
        None => Roots::default(),
    };
    for file in files {
        let text = read_limited(file, LARGEST).in_file(file)?;
        let added = roots.add_pem(&text, Trust::Private);
        added.at(format!("roots of attestation in {}", path(file)))?;
    }
    Ok(roots)
}

impl Advised for RootsError {}

const LARGEST: u64 = 1 << 20;
