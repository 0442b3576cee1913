//! `punchmark get`: a certificate from a server, into the ssh-agent or beside a key.

mod watch;

use clap::Args;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::server::getting::{Getting, LogsIn};

/// Get a certificate from a server that you are logged in to
///
/// Makes a key in memory and adds it with its certificate to the ssh-agent, for as long as it is valid; an agent
/// that takes none is told, and files are written. With --key, the certificate lies beside your own key. Logs in
/// again, as the last time, where the session is over.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Get {
    #[command(flatten)]
    getting: Getting,

    /// Stay, and renew it at about two thirds of its life, until the session ends
    #[arg(long, conflicts_with_all = ["if_needed", "ci"])]
    watch: bool,
}

impl Get {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let done = self.getting.run(LogsIn::Again, context)?;
        if self.watch {
            return watch::watch(&self.getting, context);
        }
        Ok(done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark get
  punchmark get --role production --if-needed 15m
  punchmark get --role engineer --key ~/.ssh/id_ed25519.pub
  punchmark get --role production --piv 9a
  punchmark get --role engineer --watch
  punchmark get --ci --server ca.example.org --role deploy";
