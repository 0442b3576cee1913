//! `punchmark ledger key revoke`: what a key signed beyond a size is not believed.

use std::path::PathBuf;

use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key::blob;
use crate::cli::base::words::number_of;
use crate::config::{self, SubjectFile};
use crate::ledger::{Ledger, LedgerKeyRevoked};
use clap::Args;
use serde_json::json;

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

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Revoke {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let key = SubjectFile::read(&self.key).in_file(&self.key)?.key;
        let config = context.config()?;
        let looked = context.ledger_to_look(&config)?;
        let (name, size) = (fingerprint(&key), self.last_size);
        let plan = self.plan(&looked, &name)?;
        let object = json!({ "key": name, "believed-to": size });
        if self.dry_run {
            context.tell_plan(&plan, object)?;
            return Ok(Exit::Done);
        }
        drop(looked);
        context.confirm_or_go_on(&format!("{plan}. Go on?"))?;
        let mut ledger = context.ledger_after_asking(&config)?;
        let revoked = LedgerKeyRevoked {
            key: blob(&key)?,
            last_size: size,
            reason: self.reason,
            keyboard: config::keyboard(),
        };
        ledger.revoke_ledger_key(revoked, config::now())?;
        context.tell(
            &format!(
                "{name} signs no more; its heads of more than {} are not believed",
                number_of(size, "entry")
            ),
            object,
        )?;
        Ok(Exit::Done)
    }
}

impl Revoke {
    /// What is not believed any more. Of the heads that were given out, the ledger knows those
    /// that it recorded.
    fn plan(&self, ledger: &Ledger, key: &str) -> Result<String, Failure> {
        let heads = ledger.signed_heads()?;
        let its = heads.iter().filter(|(_, head)| head.key == key);
        let beyond = its.filter(|(_, head)| head.size > self.last_size).count();
        let size = self.last_size;
        Ok(format!(
            "{key} signs no more, for good, and its heads of more than {} are not \
             believed: {beyond} of those that the ledger knows",
            number_of(size, "entry")
        ))
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger key revoke ledger_key.pub --last-size 1234 --reason 'the stick was stolen'";
