//! `punchmark doctor`: what is wrong, and how it is mended.

mod ca;
#[cfg(feature = "hosts")]
mod expect;
#[cfg(feature = "hosts")]
mod fleet;
#[cfg(feature = "hosts")]
mod login;
#[cfg(feature = "hosts")]
mod sshd;

use clap::Args;
#[cfg(feature = "hosts")]
use clap::Subcommand;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};

/// Say what is wrong with this CA's machine; or with a server, a login, a fleet
///
/// Changes nothing, and asks for no PIN. Without a subcommand, looks at config, ledger, kept
/// head, roots, modules and clock of a CA, and at the age of its last KRL and signed head.
/// For monitoring: exits with 0 (OK), 1 (WARNING), 2 (CRITICAL), or 3 (UNKNOWN) where it could
/// not look.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Doctor {
    #[command(flatten)]
    ca: ca::DoctorCa,

    #[cfg(feature = "hosts")]
    #[command(subcommand)]
    command: Option<Command>,
}

#[cfg(feature = "hosts")]
#[derive(Debug, Subcommand)]
enum Command {
    Sshd(sshd::DoctorSshd),
    Login(login::DoctorLogin),
    Fleet(fleet::DoctorFleet),
}

impl Doctor {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        #[cfg(feature = "hosts")]
        if let Some(command) = self.command {
            return match command {
                Command::Sshd(command) => command.run(context),
                Command::Login(command) => command.run(context),
                Command::Fleet(command) => command.run(context),
            };
        }
        self.ca.run(context)
    }
}

#[cfg(not(feature = "hosts"))]
const EXAMPLES: &str = "\
Examples:
  punchmark doctor";
#[cfg(feature = "hosts")]
const EXAMPLES: &str = "\
Examples:
  punchmark doctor
  punchmark doctor sshd
  punchmark doctor sshd --user www --json
  punchmark doctor login --user www --certificate peter-cert.pub
  punchmark doctor fleet reports/ --servers servers.txt";
