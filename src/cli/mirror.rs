//! `punchmark mirror`: a copy of a ledger that is written elsewhere.

mod adopt;
mod init;
mod rebase;
mod signed_copy;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};

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
