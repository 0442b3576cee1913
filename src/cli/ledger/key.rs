//! `punchmark ledger key`: which keys vouch for the ledger, and which do no longer.

mod list;
mod revoke;
mod rollover;

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::certificate::subject::fingerprint;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::config::{Config, LedgerKeyPlace};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, HEADS, LISTS, RECEIPTS};

/// Say which keys vouch for the ledger: they sign its heads and lists, and are nobody's
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the keys that vouch for the ledger, or did
    List(list::List),
    /// Record a key and what it signs, before it signs anything
    Add(Add),
    /// Let another key take over: both sign that
    Rollover(rollover::Rollover),
    /// Say up to which size a key's heads are believed, and that it signs no more
    Revoke(revoke::Revoke),
}

/// A key, and what it signs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Add {
    /// The key: a file or a locator [default: the config's ledger-key]
    #[arg(value_name = "KEY")]
    key: Option<OsString>,

    /// What it signs; may be given more than once [default: heads and lists]
    #[arg(long = "for", value_name = "WHAT")]
    purposes: Vec<Signs>,

    #[command(flatten)]
    passphrase: PassphraseFile,

    #[command(flatten)]
    asks: AsksForPins,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// What a ledger key signs.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Signs {
    Heads,
    Lists,
    Receipts,
}

impl Key {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(command) => command.run(context),
            Command::Add(command) => command.run(context),
            Command::Rollover(command) => command.run(context),
            Command::Revoke(command) => command.run(context),
        }
    }
}

impl Add {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let looked = context.ledger_to_look(&config)?;
        let place = place(self.key.as_ref(), &config)?;
        let key = ledger_key::open(
            context,
            &place,
            &looked.cas()?,
            (&self.passphrase, self.asks),
        )?;
        let purposes = match self.purposes.as_slice() {
            [] => HEADS | LISTS,
            named => named.iter().fold(0, |sum, one| sum | one.bit()),
        };
        if self.dry_run {
            looked.check_ledger_key(&ledger_key::blob(key.public_key())?)?;
            let (key, what) = (fingerprint(key.public_key()), words(purposes));
            context.tell_plan(
                &format!("{key} would sign {what} of this ledger"),
                json!({ "key": key, "signs": what }),
            )?;
            return Ok(Exit::Done);
        }
        drop(looked);
        let mut ledger = context.ledger_after_asking(&config)?;
        ledger_key::signs(&mut ledger, key.public_key(), &place, purposes)?;
        let (key, what) = (fingerprint(key.public_key()), words(purposes));
        context.tell(
            &format!("{key} signs {what} of this ledger"),
            json!({ "key": key, "signs": what }),
        )?;
        Ok(Exit::Done)
    }
}

impl Signs {
    fn bit(self) -> u8 {
        match self {
            Self::Heads => HEADS,
            Self::Lists => LISTS,
            Self::Receipts => RECEIPTS,
        }
    }
}

/// Opens the key that is named, else the config's.
fn open(
    context: &Context,
    named: Option<&OsString>,
    config: &Config,
    cas: &[Ca],
    by: (&PassphraseFile, AsksForPins),
) -> Result<LedgerKey, Failure> {
    ledger_key::open(context, &place(named, config)?, cas, by)
}

fn place(named: Option<&OsString>, config: &Config) -> Result<LedgerKeyPlace, Failure> {
    ledger_key::place(named, config)?.ok_or_else(|| {
        Failure::new("no ledger key is named")
            .hint("name it, or write it as `ledger-key` into the config")
    })
}

/// What a key signs, for people.
fn words(purposes: u8) -> String {
    let all = [(HEADS, "heads"), (LISTS, "lists"), (RECEIPTS, "receipts")];
    let named = all.iter().filter(|(bit, _)| purposes & bit != 0);
    let named: Vec<_> = named.map(|(_, word)| *word).collect();
    if named.is_empty() {
        "nothing yet".to_owned()
    } else {
        named.join(" and ")
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger key add /media/stick/ledger_key
  punchmark ledger key add ledger_key --passphrase-file /run/credentials/ledger
  punchmark ledger key add 'pkcs11:token=Audit;object=ledger' --for lists";
