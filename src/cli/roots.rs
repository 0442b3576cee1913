//! Whose word is taken for where a key was born.

use std::path::PathBuf;

use super::context::Context;
use super::failure::Failure;
use crate::attestation::{Roots, Trust};
use crate::config::read_limited;

/// The roots that the config names, and those in these files, by the admin's word.
pub(crate) fn roots(context: &Context, files: &[PathBuf]) -> Result<Roots, Failure> {
    let mut roots = match context.config_if_there()? {
        Some(config) => config.attestation_roots()?,
        None => Roots::default(),
    };
    for file in files {
        let path = file.display().to_string();
        let text = read_limited(file, LARGEST);
        let text = text.map_err(|source| Failure::File {
            path: path.clone(),
            source,
        })?;
        let added = roots.add_pem(&text, Trust::Private);
        added.map_err(|source| Failure::Roots { path, source })?;
    }
    Ok(roots)
}

const LARGEST: u64 = 1 << 20;
