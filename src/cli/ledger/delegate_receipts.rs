//! `punchmark ledger delegate-receipts`: a key that a server has may sign receipts, until a time.

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
use crate::config::{self, SubjectFile};
use crate::krl::{ReceiptsDelegation, ReceiptsStatement};
use crate::ledger::RECEIPTS;
use crate::output;

/// Let another key sign receipts until a time, as that of a server does
///
/// The ledger key signs a statement, which lies beside the other key as KEY.delegation and goes out
/// with each receipt. That key signs no lists and no heads, so the ledger key needn't be where
/// the server is. `punchmark ledger key revoke` ends it at the server before its time; clients, which
/// ask nobody, go by the time.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DelegateReceipts {
    /// The public key file of the key that signs receipts
    #[arg(long, value_name = "KEY.pub")]
    key: PathBuf,

    /// Until when its receipts count: 20271231, or +52w
    #[arg(long, value_name = "TIME")]
    until: String,

    /// The ledger key, a file or a locator [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,

    #[command(flatten)]
    asks: AsksForPins,
}

impl DelegateReceipts {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let until = instant(&self.until)?;
        if until <= config::now() {
            return Err(Failure::usage(format!("{} is over", utc(until))));
        }
        let key = SubjectFile::read(&self.key).in_file(&self.key)?.key;
        let config = context.config()?;
        let place = ledger_key::place(self.ledger_key.as_ref(), &config)?;
        let place = place.ok_or_else(|| {
            Failure::new("no ledger key is named")
                .hint("name it, or write it as `ledger-key` into the config")
        })?;
        let looked = context.ledger_to_look(&config)?;
        looked.check_ledger_key(&blob(&key)?)?;
        let cas = looked.cas()?;
        drop(looked);
        let mut by = ledger_key::open(context, &place, &cas, (&self.passphrase, self.asks))?;
        let mut ledger = context.ledger_after_asking(&config)?;
        // Both are known as ones that sign receipts before one lets the other do so.
        ledger_key::signs(&mut ledger, by.public_key(), &place, RECEIPTS)?;
        ledger_key::signs_elsewhere(&mut ledger, &blob(&key)?, RECEIPTS)?;
        let head = ledger.checkpoint()?;
        let statement = ReceiptsStatement {
            ledger: head.map(|head| head.origin).unwrap_or_default(),
            until,
            key: blob(&key)?,
        };
        let word = by.sign_receipts_delegation(&statement)?;
        let delegation = ReceiptsDelegation::new(statement, blob(by.public_key())?, word);
        let delegation = delegation.ok_or_else(|| {
            Failure::new("a ledger key signs receipts by itself, without a delegation")
        })?;
        let beside = self.key.with_extension("delegation");
        output::write(&beside, delegation.to_string().as_bytes(), 0o644).at("cannot write")?;
        let name = fingerprint(&key);
        let words = format!("{name} may sign receipts until {}", utc(until));
        let object = json!({ "key": name, "until": until, "delegation": beside });
        context.tell(&format!("{words}\nwrote {}", beside.display()), object)?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  ssh-keygen -q -t ed25519 -N '' -C receipts -f receipts_key
  punchmark ledger delegate-receipts --key receipts_key.pub --until +52w";
