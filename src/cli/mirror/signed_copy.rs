//! What a mirror is begun from: a copy of the ledger, and a head that somebody signed.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::head::{Kept, believed_by, claimed};
use crate::cli::base::words::path;
use crate::ledger::Ledger;

/// A copy of the ledger, as far as a signed head vouches for it.
#[derive(Debug, Args)]
pub(super) struct SignedCopy {
    /// A copy of the ledger
    #[arg(long, value_name = "LEDGER")]
    pub(super) from: PathBuf,

    /// The head, as `ledger checkpoint` printed it
    #[arg(long, value_name = "FILE")]
    head: PathBuf,

    /// The public key of who signed the head (Ed25519 or P-256), brought by another way than the copy
    #[arg(long, value_name = "FILE")]
    signer: PathBuf,
}

impl SignedCopy {
    /// The copy and the head; whatever is wrong with either is added to the faults.
    pub(super) fn open(&self, faults: &mut Faults) -> Option<(Ledger, Kept)> {
        let copy = faults.note(Ledger::open_to_read(&self.from).in_file(&self.from));
        let head = faults.note(signed_head(&self.head, &self.signer, copy.as_ref()));
        copy.zip(head)
    }
}

/// A head, signed by the key that was named, and believed by the copy.
fn signed_head(head: &Path, signer: &PathBuf, copy: Option<&Ledger>) -> Result<Kept, Failure> {
    let claimed = claimed(head, std::slice::from_ref(signer))?;
    let kept = match copy {
        Some(copy) => believed_by(copy, vec![claimed])?.pop(),
        None => Some(claimed.without_a_ledger()),
    };
    kept.filter(|kept| kept.signer.is_some()).ok_or_else(|| {
        Failure::new(format!("{} is unsigned", path(head)))
            .hint("take a head as `punchmark ledger checkpoint` printed it")
    })
}
