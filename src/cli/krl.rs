//! `punchmark krl`: key revocation lists, made of the ledger; or made, shown and asked
//! as by `ssh-keygen -k` and `-Q`, which needs no config.

mod check;
#[cfg(feature = "hosts")]
mod fetch;
mod file;
mod make;
mod preview;
mod show;
mod spec;
mod view;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};

/// Make, show and ask KRLs, the files of revoked keys that sshd's RevokedKeys names
///
/// Without a subcommand, writes the KRL of all that the ledger has revoked.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Krl {
    #[command(flatten)]
    make: make::Make,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Spec(spec::Spec),
    Check(check::Check),
    #[cfg(feature = "hosts")]
    Fetch(Box<fetch::Fetch>),
}

impl Krl {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            None => self.make.run(context),
            Some(Command::Show(command)) => command.run(context),
            Some(Command::Spec(command)) => command.run(context),
            Some(Command::Check(command)) => command.run(context),
            #[cfg(feature = "hosts")]
            Some(Command::Fetch(command)) => command.run(context),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark krl --ca users --out revoked.krl
  punchmark krl show revoked.krl
  punchmark krl check -f revoked.krl peter-cert.pub";
