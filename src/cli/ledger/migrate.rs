//! `punchmark ledger migrate`: a database of before version 0.2.0 becomes a file.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::kept::by_word;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Exit, Failure};
use crate::cli::base::terminal::{confirm_typed, product_object, say};
use crate::cli::base::words;
use crate::config;
use crate::ledger::migrate::{MigrateError, OldLedger};
use crate::ledger::{Entry, SuffixSet};

/// Which ledger, and whether to do it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Migrate {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let (path, settings) = (config.ledger(), config.ledger_settings());
        let old = OldLedger::open(&path, settings)?;
        let suffixes = old.suffixes()?;
        if context.talks() {
            describe(&path, &old, &suffixes);
        }
        let path_words = words::path(&path);
        if self.dry_run {
            if context.json() {
                let object =
                    json!({ "ledger": path_words, "entries": old.head().size, "dry-run": true });
                product_object(object)?;
            }
            return Ok(Exit::Done);
        }
        let adopted = (!old.is_kept()).then(|| adopted(&old)).transpose()?;
        if !suffixes.is_empty() {
            confirm_typed("These suffixes are reserved for good, and no config can free them.")?;
        }
        let reserved = old.suffix_entries(&suffixes, &config::keyboard(), config::now())?;
        let more: Vec<Entry> = adopted.into_iter().chain(reserved).collect();
        let migrated = old.migrate(&more)?;
        // Keeps the head of all of it, which nothing is signed without.
        config.ledger_place().keep_head()?;
        let (size, kept) = (migrated.head.size, words::path(&migrated.old));
        context.tell(
            &format!(
                "{path_words} is a file of {} now; the database is kept as {kept}",
                words::number_of(size, "entry")
            ),
            json!({ "ledger": path_words, "entries": size, "database": kept }),
        )?;
        Ok(Exit::Done)
    }
}

/// Somebody's word that a ledger of which no head is kept is the newest copy.
fn adopted(old: &OldLedger) -> Result<Entry, Failure> {
    let adopted = by_word(old.head().size, old.last_time())?;
    Ok(OldLedger::adopting_entry(adopted, config::now())?)
}

fn describe(path: &Path, old: &OldLedger, suffixes: &[SuffixSet]) {
    let (head, cas) = (old.head(), old.cas().len());
    let format = old.format();
    let heads = match (old.is_kept(), head.size) {
        (_, 0) => "and empty",
        (true, _) => "and goes on from the heads that were kept",
        (false, _) => "but no kept head was found: nothing says that this is the newest copy",
    };
    say(&format!(
        "{}: format {format}, {}, CAs: {cas}; sound, {heads}",
        words::path(path),
        words::number_of(head.size, "entry"),
    ));
    for suffix in suffixes {
        let SuffixSet {
            class,
            suffix,
            proof,
            ..
        } = suffix;
        say(&format!(
            "  reserves {suffix} (class {class}, least proof {proof})"
        ));
    }
}

impl Advised for MigrateError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Older { .. } => {
                "put the newest copy of the ledger back; if there is none, see docs/recover.md"
                    .to_owned()
            }
            Self::Occupied(path) => format!("move {} away, and migrate again", path.display()),
            Self::Damaged { .. } | Self::Entry { .. } => {
                "put a backup of the ledger back, see docs/recover.md".to_owned()
            }
            Self::Open(error) => return error.hint(),
            Self::Heads(error) => return error.hint(),
            _ => return None,
        })
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger migrate --dry-run
  punchmark ledger migrate";
