//! `punchmark ledger key list`: the keys that vouch for the ledger, or did.

use clap::Args;
use serde_json::json;
use ssh_key::Fingerprint;

use super::super::source::Source;
use super::words;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::ledger::LedgerKeyState;

/// Whose keys to list.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    source: Source,
}

impl List {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let ledger = self.source.open(context)?;
        for (key, state) in ledger.known_ledger_keys()? {
            let key = Fingerprint::Sha256(key).to_string();
            if context.json() {
                let value = json!({
                    "key": key, "signs": words(state.purposes), "rolled-over": state.rolled,
                    "believed-to": state.believed_to,
                });
                product_object(value)?;
            } else {
                product(&format!(
                    "{key}  {}{}",
                    words(state.purposes),
                    ended(&state)
                ))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn ended(state: &LedgerKeyState) -> String {
    let rolled = if state.rolled {
        ", until another took over"
    } else {
        ""
    };
    match state.believed_to {
        Some(size) => format!(
            "{rolled}, revoked: believed up to {}",
            number_of(size, "entry")
        ),
        None => rolled.to_owned(),
    }
}
