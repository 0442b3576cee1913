//! That a head is kept apart from its ledger: where it lies in the ledger's own folder, last
//! night's copy of that folder brings last night's head along, and nothing is noticed.

use std::path::{Path, PathBuf};

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

/// The first of these folders, where all lie in or below the ledger's own: whoever puts that whole
/// folder back puts the heads back too.
pub(super) fn all_below<'f>(
    ledger_folder: &Path,
    mut folders: impl Iterator<Item = &'f Path>,
) -> Option<PathBuf> {
    let is_below = |folder: &Path| {
        let there = folder.canonicalize();
        there.is_ok_and(|there| there.starts_with(ledger_folder))
    };
    let first = folders.next().filter(|first| is_below(first))?;
    folders.all(is_below).then(|| first.to_path_buf())
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
    fn heads_below_their_ledger_are_told_from_those_of_which_one_lies_elsewhere() {
        let room = tempfile::tempdir().unwrap();
        let room = room.path().canonicalize().unwrap();
        let (ledger, below) = (room.join("ca"), room.join("ca/keep/heads"));
        let elsewhere = room.join("ca-heads");
        for folder in [&below, &elsewhere] {
            std::fs::create_dir_all(folder).unwrap();
        }
        symlink(&below, room.join("link")).unwrap();
        let link = room.join("link");
        let found = |folders: &[&Path]| all_below(&ledger, folders.iter().copied());
        assert_eq!(found(&[&below]), Some(below.clone()));
        assert_eq!(found(&[&link, &ledger]), Some(link.clone()));
        assert_eq!(found(&[&below, &elsewhere]), None);
        assert_eq!(found(&[&elsewhere, &below]), None);
        assert_eq!(found(&[]), None);
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
