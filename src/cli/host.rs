//! `punchmark host`: the certificates that a server shows to whoever comes.

mod install;
mod request;
mod status;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Advised, Exit, Failure};
use crate::server::host::HostFileError;

/// Ask for host certificates, put them in place, and watch how long they last
///
/// Run on the server, as root: the host keys sign their own requests.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Host {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Request(request::HostRequest),
    Install(install::HostInstall),
    Status(status::HostStatus),
}

impl Host {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Request(command) => command.run(context),
            Command::Install(command) => command.run(context),
            Command::Status(command) => command.run(context),
        }
    }
}

impl Advised for HostFileError {}

const EXAMPLES: &str = "\
Examples:
  punchmark host request --role servers --ca hosts.pub -n web1,web1.example.org
  punchmark host install --ca hosts.pub -n web1 /var/lib/certificates
  punchmark host status";
