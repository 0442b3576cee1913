//! That the head of a ledger is kept where it goes back together with it, in the same words
//! wherever somebody looks at a CA's machine.

use std::path::Path;

use super::words;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError};

/// The warning; none where a head is kept elsewhere, or there is no ledger with a head.
///
/// It is no refusal: under one folder people try things out, and keep a CA on a medium of its own.
/// What goes back with the whole folder shows against a head elsewhere alone, on paper or a server.
pub(crate) fn warning(config: &Config) -> Result<Option<String>, LedgerError> {
    let (ledger, settings) = (config.ledger(), config.ledger_settings());
    if !ledger.exists() {
        return Ok(None);
    }
    let below = Ledger::heads_below(&ledger, &settings)?;
    Ok(below.map(|folder| in_words(&folder)))
}

fn in_words(folder: &Path) -> String {
    format!(
        "the head of the ledger is kept below the ledger's own folder alone, in {}: whoever puts \
         that folder back puts an older head back too, and nothing is noticed",
        words::path(folder)
    )
}

/// What mends it.
pub(crate) const ONE_MORE: &str = "name one more folder in the config, which no backup of this one brings back: \
     kept-heads = [\"/path\"]";
