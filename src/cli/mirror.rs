//! `punchmark mirror`: a copy of a ledger that is written elsewhere.

mod init;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Advised, Exit, Failure};
use crate::ledger::MirrorError;

/// Keep a copy of a ledger that is written elsewhere: it is read, and only answers extend it
#[derive(Debug, Args)]
pub(crate) struct Mirror {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
}

impl Mirror {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Init(command) => command.run(context),
        }
    }
}

impl Advised for MirrorError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ledger(error) => return error.hint(),
            Self::Proof(error) => return error.hint(),
            Self::Within { .. } => {
                "take a head as `punchmark ledger checkpoint` printed it".to_owned()
            }
            Self::Gap { .. } => "an answer before this one was not accepted".to_owned(),
            Self::OtherEntries { .. } => {
                "it was changed on the way, or is of another ledger: have it carried again"
                    .to_owned()
            }
        })
    }
}
