//! Heads that were kept elsewhere: read, checked by their signer, held against the ledger.

use std::path::Path;

use ssh_key::PublicKey;

use crate::cli::base::failure::{Advised, At, Failure};
use crate::config::read_limited;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::{NoteError, NoteKey};
use crate::ledger::{AuditError, ProofError, SqliteLedger};

/// A small text file that was kept elsewhere.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    read_limited(path, LARGEST).in_file(path)
}

/// The signer of a head, which signs under the ledger's own name.
pub(super) fn note_key(public_key: &Path, text: &str) -> Result<NoteKey, Failure> {
    let key = PublicKey::from_openssh(&read_text(public_key)?).in_file(public_key)?;
    Ok(NoteKey::new(
        &Checkpoint::parse(text)?.origin,
        key.key_data(),
    )?)
}

/// Holds the ledger against a head that it must extend.
pub(super) fn extends(ledger: &SqliteLedger, kept: &Checkpoint) -> Result<(), Failure> {
    ledger.extends(kept).map_err(|error| match error {
        ProofError::Forked { .. } | ProofError::Shorter { .. } => {
            Failure::from(error).hint(CHANGED)
        }
        other => other.into(),
    })
}

impl Advised for NoteError {}

impl Advised for AuditError {
    fn hint(&self) -> Option<String> {
        Some(CHANGED.to_owned())
    }
}

/// The most that is read of a head or a proof.
const LARGEST: u64 = 64 * 1024;

const CHANGED: &str = "keep this file as it is, and compare it with a backup: it was changed, \
    cut short, or an older copy was put back";
