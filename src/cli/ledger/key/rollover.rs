//! `punchmark ledger key rollover`: another key takes over, by the word of both.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{open, place};
use crate::certificate::subject::fingerprint;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::ledger_key::{self, blob};
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::terminal::hint;
use crate::config;
use crate::ledger::LedgerKeyRolled;

/// The two keys.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rollover {
    /// The key that takes over: a file or a locator
    #[arg(long, value_name = "KEY")]
    new: OsString,

    /// The key that ends [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    old: Option<OsString>,

    /// Read the passphrase of the old key, if that is a file, from this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Read the passphrase of the new key, if that is a file, from this file
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Rollover {
    /// Both keys are opened, and both sign; the ledger takes it only if both verify.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let looked = context.ledger_to_look(&config)?;
        let cas = looked.cas()?;
        let (old, new) = (self.passphrase_file, self.new_passphrase_file);
        let (old, new) = (PassphraseFile::named(old), PassphraseFile::named(new));
        let mut old = open(context, self.old.as_ref(), &config, &cas, (&old, self.asks))?;
        let mut new = open(context, Some(&self.new), &config, &cas, (&new, self.asks))?;
        let blobs = (blob(old.public_key())?, blob(new.public_key())?);
        let statement = looked.rollover(&blobs.0, &blobs.1)?;
        let names = (fingerprint(old.public_key()), fingerprint(new.public_key()));
        let object = json!({ "old": names.0, "new": names.1 });
        let plan = format!(
            "{} takes over from {}, which signs no more, for good",
            names.1, names.0
        );
        if self.dry_run {
            context.tell_plan(&plan, object)?;
            return Ok(Exit::Done);
        }
        drop(looked);
        context.confirm_or_go_on(&format!("{plan}. Go on?"))?;
        let rolled = LedgerKeyRolled {
            by_old: old.sign_rollover(&statement)?,
            by_new: new.sign_rollover(&statement)?,
            old: blobs.0,
            new: blobs.1,
            purposes: statement.purposes(),
            keyboard: config::keyboard(),
        };
        // Whatever the old key was recorded for meanwhile, the ledger refuses to lose.
        let mut ledger = context.ledger_after_asking(&config)?;
        ledger.roll_ledger_key(rolled, config::now())?;
        let place = place(Some(&self.new), &config)?;
        ledger_key::signs(&mut ledger, new.public_key(), &place, statement.purposes())?;
        let words = format!(
            "{} took over from {}, which signs no more",
            names.1, names.0
        );
        context.tell(&words, object)?;
        if context.talks() {
            hint(
                "write the new key as `ledger-key` into the config; servers follow with the next list, \
                 for which `punchmark krl` writes LIST.keys beside it",
            );
        }
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger key rollover --old old_ledger_key --new ledger_key
  punchmark ledger key rollover --old old_ledger_key --passphrase-file old.pass \\
    --new ledger_key --new-passphrase-file new.pass";
