//! That a head is kept apart from its ledger: where it lies in the ledger's own folder, last
//! night's copy of that folder brings last night's head along, and nothing is noticed.

use std::path::Path;

use super::open_error::OpenError;
use crate::ledger::settings::FileSettings;

/// Refuses a config that has the heads of a ledger in `ledger_folder` kept in that folder alone.
///
/// # Errors
/// [`OpenError::HeadsBeside`].
pub(super) fn require(ledger_folder: &Path, settings: &FileSettings) -> Result<(), OpenError> {
    let is_beside = |folder: &Path| {
        let there = folder.canonicalize();
        there.is_ok_and(|there| there == ledger_folder)
    };
    let mut folders = settings.folders();
    if settings.kept_heads_only.is_none() || !settings.folders().all(is_beside) {
        return Ok(());
    }
    match folders.next() {
        Some(folder) => Err(OpenError::HeadsBeside(folder.to_path_buf())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn settings(only: &[&Path], too: &[&Path]) -> FileSettings {
        let owned = |folders: &[&Path]| folders.iter().map(|f| f.to_path_buf()).collect();
        FileSettings {
            kept_heads_only: Some(owned(only)),
            kept_heads: owned(too),
            ..FileSettings::default()
        }
    }

    #[test]
    fn heads_that_go_back_with_their_ledger_are_refused() {
        let room = tempfile::tempdir().unwrap();
        let room = room.path().canonicalize().unwrap();
        let ledger = room.join("ca");
        std::fs::create_dir(&ledger).unwrap();
        symlink(&ledger, room.join("link")).unwrap();
        for name in ["ca", "ca/.", "link", "ca/../link/."] {
            let folder = room.join(name);
            let refused = require(&ledger, &settings(&[&folder], &[&ledger]));
            assert!(matches!(refused, Err(OpenError::HeadsBeside(_))), "{name}");
        }
        for name in ["heads", "ca2", "ca/../heads", ""] {
            let folder = room.join(name);
            assert!(require(&ledger, &settings(&[&folder], &[])).is_ok());
            // One that lies elsewhere is enough.
            assert!(require(&ledger, &settings(&[&ledger], &[&folder])).is_ok());
        }
        let default = FileSettings {
            kept_heads: vec![ledger.clone()],
            ..FileSettings::default()
        };
        assert!(require(&ledger, &default).is_ok());
    }
}
