//! What is signed is what was shown: a config or a role that was changed between the two stops it.

use std::collections::BTreeMap;

use super::{Conduct, ConductError};
use crate::bundle::is_same_but_for_times;
use crate::ceremony::facts::refusals_told;
use crate::ceremony::files::file_sha256;
use crate::ceremony::plan::PlannedBundle;
use crate::ceremony::transcript::Event;
use crate::wire::hex;

impl Conduct<'_> {
    /// Holds the table of the decision that is signed next against the one that people read: each item that would
    /// be signed says the same there, but for when it begins.
    pub(super) fn is_as_shown(
        &self,
        bundle: &PlannedBundle,
        now: &str,
    ) -> Result<(), ConductError> {
        let shown = self.shown_table(bundle)?;
        let shown = items(&shown);
        let told = refusals_told(self.transcript(), bundle);
        for (item, (who, says)) in items(now) {
            let (Some(says), Some((who_shown, shown))) =
                (says.strip_prefix(WOULD_BE_SIGNED), shown.get(&item))
            else {
                continue;
            };
            let is_it = match shown.strip_prefix(WOULD_BE_SIGNED) {
                Some(CUT_OFF) => true,
                Some(shown) => is_same_but_for_times(shown, says),
                // What was told as refused is refused again behind this.
                None if shown.starts_with(REFUSED) => told.contains_key(&item),
                None => true,
            };
            if !is_it || *who_shown != who {
                return Err(ConductError::NotAsShown {
                    file: bundle.file.clone(),
                    item,
                });
            }
        }
        Ok(())
    }

    /// The table as the step that showed it wrote it.
    fn shown_table(&self, bundle: &PlannedBundle) -> Result<String, ConductError> {
        let name = bundle.table();
        let path = self.folder.join(&name);
        let failed = |source| ConductError::File {
            path: path.display().to_string(),
            source,
        };
        let found = hex(&file_sha256(&path).map_err(failed)?);
        let written = self.transcript().events().filter_map(|event| match event {
            Event::File {
                name: of, sha256, ..
            } if *of == name => Some(sha256),
            _ => None,
        });
        if written.last() != Some(&found) {
            return Err(ConductError::OtherFile {
                path: path.display().to_string(),
                found,
            });
        }
        crate::file::read_limited(&path, TABLE_BYTES_MAX).map_err(failed)
    }
}

/// The items of a table by their numbers: who and for which key, and what was decided.
fn items(table: &str) -> BTreeMap<u64, (&str, &str)> {
    let mut lines = table.lines().peekable();
    let mut items = BTreeMap::new();
    while let Some(line) = lines.next() {
        let decided = lines.peek().and_then(|next| next.strip_prefix(INDENT));
        let item = line.trim_start().split_once("  ");
        let item = item.and_then(|(number, who)| Some((number.parse().ok()?, who)));
        if let (Some(decided), Some((number, who))) = (decided, item) {
            items.insert(number, (who, decided));
        }
    }
    items
}

/// A bundle has at most 100,000 items, each with a few hundred bytes.
const TABLE_BYTES_MAX: u64 = 256 * 1024 * 1024;
const INDENT: &str = "       ";
const WOULD_BE_SIGNED: &str = "would be signed: ";
const REFUSED: &str = "refused: ";
/// What is shown of an item that a run before had begun.
const CUT_OFF: &str = "begun by a run that was cut off";

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn the_items_of_a_table_have_what_was_decided() {
        let table = "    1  erik, role ops  SHA256:aa\n       would be signed: erik; valid x\n    2  anna, role ops  \
            SHA256:bb\n       refused: no\n   13  ole, role ops  SHA256:cc\n       would be signed: ole; valid y\n\
            \x20      enrols erik\n";
        let items = items(table);
        assert_eq!(items.len(), 3);
        let (who, says) = items.get(&1).unwrap();
        assert_eq!(
            (*who, *says),
            (
                "erik, role ops  SHA256:aa",
                "would be signed: erik; valid x"
            )
        );
        assert_eq!(items.get(&2).unwrap().1, "refused: no");
        assert_eq!(items.get(&13).unwrap().1, "would be signed: ole; valid y");
    }
}
