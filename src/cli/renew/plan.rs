//! What a run of `renew` would sign, shown before it does: to whoever vouches, or asked for no more.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::changes::changes;
use crate::batch::Looked;
use crate::cli::base::context::Context;
use crate::cli::base::decided::{object, shown, would_be_signed};
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object, warn};
use crate::cli::base::vouching::{Vouched, vouch_for};
use crate::cli::base::words::{number_of, path};
use crate::config::Config;
use crate::request::KnownBy;
use crate::wire::RawCertificate;

/// All that would be signed.
pub(super) struct Plan(Vec<Item>);

/// One certificate that would be signed.
struct Item {
    /// The file, and all that would be in it.
    shown: String,
    object: Value,
    file: String,
    changes: Vec<String>,
    /// Whom a person's word alone stands for.
    vouched: Option<String>,
}

impl Plan {
    pub(super) fn of(
        looked: &Looked,
        before: &HashMap<PathBuf, RawCertificate>,
        config: Option<&Config>,
    ) -> Self {
        let items = looked.wanted().map(|(file, wanted)| {
            let decided = wanted.decided();
            let before = file.and_then(|file| before.get(file));
            let changes = before.map_or(Vec::new(), |before| changes(before, decided));
            let is_vouched = decided.known_by() == KnownBy::Vouch;
            let file_words = file.map_or("-".to_owned(), path);
            Item {
                shown: shown(file, wanted, config),
                object: with(
                    object(file, wanted),
                    json!({
                        "output": file_words, "follows": before.map(RawCertificate::serial),
                        "changes": changes,
                    }),
                ),
                file: file_words,
                changes,
                vouched: is_vouched.then(|| decided.requester().to_owned()),
            }
        });
        Self(items.collect())
    }

    /// Says all of it, to whoever wants no more than that.
    pub(super) fn print(&self, context: &Context) -> Result<(), Failure> {
        for item in &self.0 {
            if context.json() {
                product_object(item.object.clone())?;
                continue;
            }
            product(item.shown.trim_start_matches('\n'))?;
            for change in &item.changes {
                product(&format!("    changed     {change}"))?;
            }
        }
        if !context.json() {
            product(&would_be_signed(self.len()))?;
        }
        Ok(())
    }

    /// Asks a person: for their word, where nothing else says whose a key is; else whether all of
    /// it is meant, if somebody is there to be asked.
    pub(super) fn confirm(&self, context: &Context) -> Result<(), Failure> {
        for item in self
            .0
            .iter()
            .filter(|item| context.talks() && !item.changes.is_empty())
        {
            warn(&format!("{}: {}", item.file, item.changes.join("; ")));
        }
        let vouched = self.0.iter().filter_map(|item| {
            let name = item.vouched.clone()?;
            let shown = item.shown.clone();
            Some(Vouched { name, shown })
        });
        let vouched: Vec<_> = vouched.collect();
        if vouched.is_empty() {
            return context.confirm_or_go_on(&format!(
                "{} will be signed anew.\nGo on?",
                number_of(self.len(), "certificate")
            ));
        }
        vouch_for(&vouched, context)
    }

    fn len(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

/// One object with the fields of both.
fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}
