//! Whose word is taken for where a key of a ceremony was born: the maker's pinned roots, and those of the
//! plan.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::attestation::{Family, Roots, Trust};
use crate::ceremony::Plan;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::words::path;
use crate::config::{Place, read_bytes};
use crate::ledger::file::OpenError;
use crate::ledger::{Ledger, LedgerError};

/// The roots of a plan, whose files lie where it says, but for what its ledger distrusts.
pub(super) fn roots_of(plan: &Plan, folder: &Path, place: &Place) -> Result<Roots, Failure> {
    let files: Vec<_> = plan
        .roots
        .iter()
        .map(|root| folder.join(&root.path))
        .collect();
    let roots = pinned(plan, &files)?;
    let Some(config) = place.read_if_there()? else {
        return Ok(roots);
    };
    match Ledger::open_to_read(&config.ledger()) {
        Err(LedgerError::Open(OpenError::Missing(_))) => Ok(roots),
        opened => Ok(opened?.believed(&roots)?),
    }
}

/// The maker's roots, and those in these files, each of which the plan has by its SHA-256.
pub(super) fn pinned(plan: &Plan, files: &[PathBuf]) -> Result<Roots, Failure> {
    let mut roots = Roots::of(Family::Yubico);
    for file in files {
        let bytes = read_bytes(file, LARGEST).in_file(file)?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        if !plan.roots.iter().any(|root| root.sha256 == sha256) {
            let words = "has the SHA-256 of no [[attestation-root]] of the plan";
            return Err(Failure::new(format!("{} {words}", path(file))));
        }
        let added = roots.add(&bytes, Trust::Private);
        added.at(format!("roots of attestation in {}", path(file)))?;
    }
    Ok(roots)
}

const LARGEST: usize = 1 << 20;
