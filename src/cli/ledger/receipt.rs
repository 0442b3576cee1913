//! `punchmark ledger receipt`: what a receipt shows that a client kept.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::prove;
use crate::api::receipt::KeptReceipt;
use crate::certificate::key_line::read_certificate_line;
use crate::certificate::subject::fingerprint;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::head::read_text;
use crate::cli::base::terminal::{product, product_object};
use crate::config::SubjectFile;
use crate::ledger::receipt::{ReceiptError, Received, check};

/// Check a receipt that `punchmark get` kept, without the ledger
///
/// It shows that the ledger held the certificate when its head was signed. Which ledger key that is
/// stands in the file; name the one that you know with --signer. To hold the ledger itself
/// against what a client saw: ledger verify --against HEAD, with the file `head` beside the receipts.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Receipt {
    /// The receipt, from the folder `receipts` of a server
    #[arg(value_name = "FILE")]
    receipt: PathBuf,

    /// The ledger's public key. Without it, the one that the client met is believed, and that is said
    #[arg(long, value_name = "FILE")]
    signer: Option<PathBuf>,
}

impl Receipt {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let file = &self.receipt;
        let kept: KeptReceipt = serde_json::from_str(&read_text(file)?)
            .map_err(|_form| Failure::new(format!("{} is no receipt", file.display())))?;
        let (certificate, _comment) = read_certificate_line(&kept.certificate).in_file(file)?;
        let key = self.ledger_key(&kept)?;
        let received = check(&kept.receipt, &certificate, &key).in_file(file)?;
        if context.json() {
            product_object(self.json(&received, &key))?;
        } else if context.talks() {
            for entry in &received.entries {
                product(&prove::words(entry))?;
            }
            product(&self.by(&received, &key))?;
        }
        Ok(Exit::Done)
    }

    fn ledger_key(&self, kept: &KeptReceipt) -> Result<KeyData, Failure> {
        if let Some(file) = &self.signer {
            return Ok(SubjectFile::read(file).in_file(file)?.key);
        }
        let key = PublicKey::from_openssh(&kept.ledger_key).in_file(&self.receipt)?;
        Ok(key.key_data().clone())
    }

    fn by(&self, received: &Received, key: &KeyData) -> String {
        let head = &received.head;
        let by = match received.until {
            Some(_) => format!("{}, let do so by", fingerprint(&received.signer)),
            None => "the ledger key".to_owned(),
        };
        let mut words = format!(
            "  by a head of {} entries of {}, signed by {by} {}",
            head.size,
            head.origin,
            fingerprint(key)
        );
        if self.signer.is_none() {
            words += "\n  not checked: whether that is the ledger's key (--signer)";
        }
        words
    }

    fn json(&self, received: &Received, key: &KeyData) -> serde_json::Value {
        let entries = received.entries.iter();
        let shown = entries
            .map(|entry| json!({ "position": entry.index + 1, "says": prove::words(entry) }));
        json!({
            "holds": true,
            "origin": received.head.origin,
            "entries": received.head.size,
            "signer": fingerprint(&received.signer),
            "ledger-key": fingerprint(key),
            "is-known": self.signer.is_some(),
            "shown": shown.collect::<Vec<_>>(),
        })
    }
}

impl Advised for ReceiptError {}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger receipt 4711-5a0f2c91.json --signer ledger_key.pub
  punchmark ledger verify --against head --signer ledger_key.pub";
