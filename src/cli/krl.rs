//! `punchmark krl`: key revocation lists made, shown and asked, as by `ssh-keygen -k`
//! and `-Q`. Needs no config.

mod check;
mod file;
mod show;
mod spec;

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::{Exit, Failure};

pub(crate) use self::file::KrlFailure;

/// Make, show and ask KRLs, the files of revoked keys that sshd's RevokedKeys names
#[derive(Debug, Args)]
pub(crate) struct Krl {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(show::Show),
    Spec(spec::Spec),
    Check(check::Check),
}

impl Krl {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Show(command) => command.run(context),
            Command::Spec(command) => command.run(context),
            Command::Check(command) => command.run(context),
        }
    }
}
