//! `punchmark mirror`: a copy of a ledger that is written elsewhere.

mod adopt;
mod init;
mod rebase;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::head::{Kept, believed_by, claimed};
use super::base::words::path;
use crate::ledger::Ledger;

/// Keep a copy of a ledger that is written elsewhere: it is read, and only answers extend it
#[derive(Debug, Args)]
pub(crate) struct Mirror {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Adopt(adopt::Adopt),
    Rebase(rebase::Rebase),
}

impl Mirror {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Init(command) => command.run(context),
            Command::Adopt(command) => command.run(context),
            Command::Rebase(command) => command.run(context),
        }
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
