//! What is signed is what was shown: a config or a role that was changed between the two stops it.

use super::{Conduct, ConductError};
use crate::bundle::CUT_OFF;
use crate::ceremony::facts::refusals_told;
use crate::ceremony::files::file_sha256;
use crate::ceremony::plan::PlannedBundle;
use crate::ceremony::table::{REFUSED, TABLE_BYTES_MAX, WOULD_BE_SIGNED, items};
use crate::ceremony::transcript::Event;
use crate::wire::hex;

impl Conduct<'_> {
    /// Holds the table of the decision that is signed next against the one that people read: each item that would
    /// be signed says the same there.
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
                Some(shown) => shown == says,
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
    pub(super) fn shown_table(&self, bundle: &PlannedBundle) -> Result<String, ConductError> {
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
