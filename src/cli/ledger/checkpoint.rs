//! `punchmark ledger checkpoint`: the head, signed by a key that is no CA's.

use std::ffi::OsString;

use clap::Args;

use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::signed_head;
use crate::cli::base::terminal::product;

/// The key that signs heads.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    /// The ledger key, which is no CA's: an Ed25519 key file that is encrypted and lies apart,
    /// or the locator of an Ed25519 or P-256 key in a device [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,
}

impl Sign {
    /// Signs only a head that extends the last one that this key signed.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let place = ledger_key::place(self.key.as_ref(), &config)?.ok_or_else(|| {
            Failure::new("no ledger key is named")
                .hint("name it with --key, or as `ledger-key` in the config")
        })?;
        let looked = context.ledger_to_look(&config)?;
        looked.checkpoint()?.ok_or_else(empty_ledger)?;
        let mut key = ledger_key::open(context, &place, &looked.cas()?, &self.passphrase)?;
        drop(looked);
        let mut ledger = context.ledger_after_asking(&config)?;
        let (_, note) = signed_head::sign(&mut ledger, &mut key, &place)?;
        product(note.trim_end())?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  ssh-keygen -t ed25519 -C 'ledger key' -f /media/stick/ledger_key
  punchmark ledger checkpoint --key /media/stick/ledger_key > head-of-november.txt
  punchmark ledger checkpoint --key 'pkcs11:token=Audit;object=ledger' > head.txt";
