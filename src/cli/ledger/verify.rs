//! `punchmark ledger verify`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::head::{extends, note_key, read_text};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::product;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::unverified_text;
use crate::ledger::{Audit, Signatures, SqliteLedger};

/// What to hold the ledger against.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    /// A head that was kept elsewhere, as `ledger checkpoint` printed it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// The public key of who signed that head (ssh-ed25519); else its signature is not checked
    #[arg(long, value_name = "FILE", requires = "against")]
    signer: Option<PathBuf>,

    /// Check the CA's signature of every certificate, too
    #[arg(long)]
    signatures: bool,
}

impl Verify {
    pub(super) fn run(self, context: &Context, ledger: &SqliteLedger) -> Result<Exit, Failure> {
        let kept = self.kept()?;
        let audit = ledger.audit(match self.signatures {
            true => Signatures::Check,
            false => Signatures::Skip,
        })?;
        if let Some(kept) = &kept {
            extends(ledger, kept)?;
        }
        match context.json() {
            true => print_json(&audit, kept.as_ref())?,
            false => print(&audit, kept.as_ref())?,
        }
        Ok(Exit::Done)
    }

    fn kept(&self) -> Result<Option<Checkpoint>, Failure> {
        let Some(path) = &self.against else {
            return Ok(None);
        };
        let note = read_text(path)?;
        let text = match &self.signer {
            Some(signer) => note_key(signer, unverified_text(&note)?)?
                .open(&note)?
                .to_owned(),
            None => unverified_text(&note)?.to_owned(),
        };
        Ok(Some(Checkpoint::parse(&text)?))
    }
}

/// Without a head from elsewhere, nothing can say that the ledger is complete.
fn print(audit: &Audit, kept: Option<&Checkpoint>) -> Result<(), Failure> {
    product(&match kept {
        None => "consistent with itself".to_owned(),
        Some(kept) => format!(
            "consistent with itself, and extends the head of {} entries that was kept",
            kept.size
        ),
    })?;
    product(&format!(
        "  {} entries: {} serials taken, {} certificates issued, {} given up",
        audit.head.size(),
        audit.reserved,
        audit.issued,
        audit.failed
    ))
}

fn print_json(audit: &Audit, kept: Option<&Checkpoint>) -> Result<(), Failure> {
    let value = json!({
        "consistent": true,
        "entries": audit.head.size(),
        "cas": audit.cas,
        "reserved": audit.reserved,
        "issued": audit.issued,
        "failed": audit.failed,
        "extends": kept.map(|kept| kept.size),
    });
    product(&value.to_string())
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger verify --signatures
  punchmark ledger verify --against head-of-november.txt --signer ledger_key.pub";
