//! `punchmark import`: a CA key that was a file goes into the token.

use std::path::PathBuf;

use clap::Args;

use super::adopt::first_serial;
use super::context::Context;
use super::failure::{Exit, Failure};
use super::init::CaArguments;
use super::private_key::read_private_key;
use super::slot_arguments::SlotArguments;
use super::terminal::warn;
use crate::ca::Source;

/// Bring an existing ssh-keygen CA key file into the token, as a CA
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Import {
    #[command(flatten)]
    ca: CaArguments,

    /// The private key file, in OpenSSH's form
    #[arg(long, value_name = "FILE")]
    from: PathBuf,

    /// First serial to give out, above all that the key ever signed
    #[arg(long, value_name = "N")]
    next_serial: Option<u64>,

    #[command(flatten)]
    in_slot: SlotArguments,
}

impl Import {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (key, _was_encrypted) = read_private_key(&self.from)?;
        let next_serial = first_serial(self.next_serial)?;
        let from = self.from.display().to_string();
        let management_key = self.in_slot.management_key()?;
        self.in_slot.check(context, &self.ca.key.parse()?)?;
        let in_slot = self.in_slot.wanted(management_key.as_ref());
        let source = Source::Import(key.key_data(), in_slot);
        let exit = self.ca.establish(context, source, next_serial)?;
        if context.talks() {
            warn(&format!(
                "this key was once outside: whoever copied {from} can sign with it. \
                 Destroy the file and its backups, or better make a new key with init"
            ));
        }
        Ok(exit)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark import users --from ca_key --next-serial 1001 \\
    --key 'pkcs11:token=Root%20CA;object=users'";
