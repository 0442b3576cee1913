//! `punchmark ledger delegate-lists`: the key of a mirror may sign lists, until a time.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::certificate::explain::utc;
use crate::certificate::subject::fingerprint;
use crate::cli::base::arguments::instant;
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key::{self, blob};
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::terminal::hint;
use crate::config::{self, LedgerKeyPlace, SubjectFile};
use crate::krl::DelegationStatement;
use crate::ledger::key::LedgerKey;
use crate::ledger::{LISTS, Ledger, ListsDelegated};

/// Let another key sign lists until a time, as that of a mirror does
///
/// The ledger key signs a statement, which is an entry of the ledger and goes out with the next
/// answer. Servers know the ledger key alone (`krl fetch --signer`), and take a list by the other one
/// beside which the statement lies, if it holds all that the ledger had revoked, and names no CA's key
/// and no serial that the ledger did not hold. A later delegation takes the place of an earlier one;
/// `punchmark ledger key revoke` ends one before its time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DelegateLists {
    /// The public key file of the key that signs lists outside
    #[arg(long, value_name = "KEY.pub")]
    key: PathBuf,

    /// Until when servers take its lists: 20271231, or +52w
    #[arg(long, value_name = "TIME")]
    until: String,

    /// The ledger key, a file or a locator [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl DelegateLists {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let until = instant(&self.until)?;
        let key = SubjectFile::read(&self.key).in_file(&self.key)?.key;
        let config = context.config()?;
        let place = ledger_key::place(self.ledger_key.as_ref(), &config)?;
        let place = place.ok_or_else(|| {
            Failure::new("no ledger key is named")
                .hint("name it, or write it as `ledger-key` into the config")
        })?;
        let looked = context.ledger_to_look(&config)?;
        let statement = looked.next_delegation(blob(&key)?, until)?;
        looked.check_ledger_key(&statement.key)?;
        if until <= config::now() {
            return Err(Failure::usage(format!("{} is over", utc(until))));
        }
        let name = fingerprint(&key);
        let object = json!({ "key": name, "number": statement.number, "until": until });
        let words = format!("may sign lists until {}", utc(until));
        if self.dry_run {
            context.tell_plan(&format!("{name} {words}"), object)?;
            return Ok(Exit::Done);
        }
        let cas = looked.cas()?;
        drop(looked);
        let mut by = ledger_key::open(context, &place, &cas, (&self.passphrase, self.asks))?;
        let mut ledger = context.ledger_after_asking(&config)?;
        record(&mut ledger, statement, (&mut by, &place))?;
        context.tell(&format!("{name} {words}"), object)?;
        if context.talks() {
            hint(
                "the answer to the next bundle takes that out; list: punchmark krl, on the mirror",
            );
        }
        Ok(Exit::Done)
    }
}

/// Both keys are known as ones that sign lists before one lets the other do so.
fn record(
    ledger: &mut Ledger,
    statement: DelegationStatement,
    (by, place): (&mut LedgerKey, &LedgerKeyPlace),
) -> Result<(), Failure> {
    ledger_key::signs(ledger, by.public_key(), place, LISTS)?;
    ledger_key::signs_elsewhere(ledger, &statement.key, LISTS)?;
    // Whoever wrote meanwhile may have taken the number.
    let statement = ledger.next_delegation(statement.key, statement.until)?;
    let delegated = ListsDelegated {
        number: statement.number,
        until: statement.until,
        word: by.sign_delegation(&statement)?,
        by: blob(by.public_key())?,
        key: statement.key,
        keyboard: config::keyboard(),
    };
    Ok(ledger.delegate_lists(delegated, config::now())?)
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger delegate-lists --key list_key.pub --until 20271231
  punchmark ledger delegate-lists --key list_key.pub --until +52w --ledger-key ledger_key";
