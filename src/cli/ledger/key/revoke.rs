//! `punchmark ledger key revoke`: what a key signed beyond a size is not believed.

use std::path::PathBuf;

use clap::Args;
use ssh_key::PublicKey;

use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key::blob;
use crate::cli::base::terminal::say;
use crate::config::{self, read_limited};
use crate::ledger::LedgerKeyRevoked;

/// The key, and how far it is believed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Revoke {
    /// The public key file of the ledger key
    #[arg(value_name = "KEY.pub")]
    key: PathBuf,

    /// How many entries the last head has that is believed of it; 0 if none is
    #[arg(long, value_name = "N")]
    last_size: u64,

    /// Why, for the ledger
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    reason: String,
}

impl Revoke {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = read_limited(&self.key, LARGEST).in_file(&self.key)?;
        let key = PublicKey::from_openssh(&text).in_file(&self.key)?;
        let config = context.config()?;
        let mut ledger = context.ledger(&config)?;
        let revoked = LedgerKeyRevoked {
            key: blob(key.key_data())?,
            last_size: self.last_size,
            reason: self.reason,
            keyboard: config::keyboard(),
        };
        ledger.revoke_ledger_key(revoked, config::now())?;
        if context.talks() {
            let (key, size) = (fingerprint(key.key_data()), self.last_size);
            say(&format!(
                "{key} signs no more; its heads of more than {size} entries are not believed"
            ));
        }
        Ok(Exit::Done)
    }
}

/// A public key file takes a line.
const LARGEST: u64 = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark ledger key revoke ledger_key.pub --last-size 1234 --reason 'the stick was stolen'";
