//! That the head of a ledger is kept where it goes back together with it, in the same words
//! wherever somebody looks at a CA's machine, and at once where somebody works on it.

use std::path::Path;

use super::terminal::{hint, warn};
use super::words;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError};

/// The warning; none where a head is kept elsewhere, or there is no ledger with a head.
///
/// It is no refusal: so the program itself chose, for want of the machine's folder, where the
/// ledger lies right in its owner's home. What a *config* names below the ledger is refused.
pub(crate) fn warning(config: &Config) -> Result<Option<String>, LedgerError> {
    let (ledger, settings) = (config.ledger(), config.ledger_settings());
    if !ledger.exists() {
        return Ok(None);
    }
    let below = Ledger::heads_below(&ledger, &settings)?;
    Ok(below.map(|folder| in_words(&folder)))
}

/// Says it of a ledger that is open to be written to.
pub(crate) fn warn_where_below(ledger: &mut Ledger) {
    if let Some(folder) = ledger.heads_lie_below() {
        warn(&in_words(&folder));
        hint(ONE_MORE);
    }
}

/// Says it after the first entry of a ledger, or the one that took it for the newest copy, since
/// its head is kept from then on.
pub(crate) fn warn_if_below(config: &Config) -> Result<(), LedgerError> {
    if let Some(words) = warning(config)? {
        warn(&words);
        hint(ONE_MORE);
    }
    Ok(())
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
