//! `punchmark ledger checkpoint`: the head, signed by a key that is no CA's.

use std::ffi::OsString;

use clap::Args;
use serde_json::json;

use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::signed_head;
use crate::cli::base::terminal::product;
use crate::cli::base::words::number_of;
use crate::config::LedgerKeyPlace;
use crate::ledger::Ledger;

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

    #[command(flatten)]
    asks: AsksForPins,

    /// Say which head would be signed, and sign, record and write nothing
    #[arg(long)]
    dry_run: bool,
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
        if self.dry_run {
            return foresee(context, &looked, &place);
        }
        let mut key = ledger_key::open(
            context,
            &place,
            &looked.cas()?,
            (&self.passphrase, self.asks),
        )?;
        drop(looked);
        let mut ledger = context.ledger_after_asking(&config)?;
        let (_, note) = signed_head::sign(&mut ledger, &mut key, &place)?;
        product(note.trim_end())?;
        Ok(Exit::Done)
    }
}

/// Says which head would be signed.
fn foresee(context: &Context, looked: &Ledger, place: &LedgerKeyPlace) -> Result<Exit, Failure> {
    let (head, beside) = signed_head::foresee(looked, place)?;
    let key = match place {
        LedgerKeyPlace::File(path) => {
            path.metadata().in_file(path)?;
            path.display().to_string()
        }
        LedgerKeyPlace::Device(locator) => locator.to_string(),
    };
    let (entries, beside) = (number_of(head.size, "entry"), beside.display());
    let words = format!(
        "the head of {entries} would be signed by {key}, recorded, and written to {beside}"
    );
    let object = json!({ "entries": head.size, "key": key, "head": beside.to_string() });
    context.tell_plan(&words, object)?;
    Ok(Exit::Done)
}

const EXAMPLES: &str = "\
Examples:
  ssh-keygen -t ed25519 -C 'ledger key' -f /media/stick/ledger_key
  punchmark ledger checkpoint --key /media/stick/ledger_key > head-of-november.txt
  punchmark ledger checkpoint --dry-run
  punchmark ledger checkpoint --key 'pkcs11:token=Audit;object=ledger' > head.txt";
