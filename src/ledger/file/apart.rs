//! That a head is kept apart from its ledger: where it lies in the ledger's own folder, or below it,
//! last night's copy of that folder brings last night's head along, and nothing is noticed.

use std::path::{Path, PathBuf};

use super::open_error::OpenError;
use crate::ledger::settings::FileSettings;

/// Where a folder of heads lies, seen from that of the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lies {
    Beside,
    Below,
    Elsewhere,
}

/// Refuses a config that has the heads of a ledger in `ledger_folder` kept in or below that folder
/// alone, where none of the heads that are `kept` already lies elsewhere. Tells what only the
/// config makes right.
///
/// # Errors
/// [`OpenError::HeadsBeside`], which no config makes right; [`OpenError::HeadsBelow`].
pub(super) fn require<'f>(
    ledger_folder: &Path,
    settings: &FileSettings,
    mut kept: impl Iterator<Item = &'f Path>,
) -> Result<Option<String>, OpenError> {
    let folders: Vec<_> = settings
        .folders()
        .map(|folder| (folder, lies(folder, ledger_folder)))
        .collect();
    let has = |wanted| folders.iter().find(|(_, lies)| *lies == wanted);
    if settings.kept_heads_only.is_none() || has(Lies::Elsewhere).is_some() {
        return Ok(None);
    }
    let Some((below, _)) = has(Lies::Below) else {
        return match folders.first() {
            Some((beside, _)) => Err(OpenError::HeadsBeside(beside.to_path_buf())),
            None => Ok(None),
        };
    };
    if kept.any(|folder| lies(folder, ledger_folder) == Lies::Elsewhere) {
        return Ok(None);
    }
    if settings.allow.iter().any(|what| what == HEADS_BELOW) {
        return Ok(Some(HEADS_BELOW.to_owned()));
    }
    Err(OpenError::HeadsBelow(below.to_path_buf()))
}

/// The first of these folders, where all lie in or below the ledger's own: whoever puts that whole
/// folder back puts the heads back too.
pub(super) fn all_below<'f>(
    ledger_folder: &Path,
    mut folders: impl Iterator<Item = &'f Path>,
) -> Option<PathBuf> {
    let goes_back = |folder: &Path| lies(folder, ledger_folder) != Lies::Elsewhere;
    let first = folders.next().filter(|first| goes_back(first))?;
    folders.all(goes_back).then(|| first.to_path_buf())
}

fn lies(folder: &Path, ledger_folder: &Path) -> Lies {
    let there = resolved(folder);
    if there == ledger_folder {
        Lies::Beside
    } else if there.starts_with(ledger_folder) {
        Lies::Below
    } else {
        Lies::Elsewhere
    }
}

/// The folder without symbolic links. One that is not there yet is made where its name leads.
fn resolved(folder: &Path) -> PathBuf {
    for there in folder.ancestors() {
        let Ok(real) = there.canonicalize() else {
            continue;
        };
        let missing = folder.strip_prefix(there).unwrap_or(Path::new(""));
        return real.join(missing);
    }
    folder.to_path_buf()
}

/// What the config calls heads that lie below the ledger's folder alone.
const HEADS_BELOW: &str = "heads below";

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

    fn none() -> impl Iterator<Item = &'static Path> {
        std::iter::empty()
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
            let mut settings = settings(&[&folder], &[&ledger]);
            // No word takes those in the very folder.
            settings.allow = vec![HEADS_BELOW.to_owned()];
            let refused = require(&ledger, &settings, none());
            assert!(matches!(refused, Err(OpenError::HeadsBeside(_))), "{name}");
        }
        for name in ["heads", "ca2", "ca/../heads", ""] {
            let folder = room.join(name);
            let alone = settings(&[&folder], &[]);
            assert!(matches!(require(&ledger, &alone, none()), Ok(None)));
            // One that lies elsewhere is enough.
            for inside in [ledger.clone(), ledger.join("heads")] {
                let both = settings(&[&inside], &[&folder]);
                assert!(matches!(require(&ledger, &both, none()), Ok(None)));
            }
        }
        let default = FileSettings {
            kept_heads: vec![ledger.clone(), ledger.join("heads")],
            ..FileSettings::default()
        };
        assert!(matches!(require(&ledger, &default, none()), Ok(None)));
    }

    #[test]
    fn heads_below_their_ledger_alone_want_a_word_of_the_config_whether_the_folder_is_there_or_not()
    {
        let room = tempfile::tempdir().unwrap();
        let room = room.path().canonicalize().unwrap();
        let ledger = room.join("ca");
        std::fs::create_dir_all(ledger.join("there")).unwrap();
        symlink(&ledger, room.join("link")).unwrap();
        for name in ["ca/there", "ca/new", "ca/new/er", "link/new"] {
            let folder = room.join(name);
            let mut settings = settings(&[&folder], &[&ledger]);
            let refused = require(&ledger, &settings, none());
            assert!(
                matches!(refused, Err(OpenError::HeadsBelow(named)) if named == folder),
                "{name}"
            );
            let kept = [folder.as_path(), &room];
            let kept = require(&ledger, &settings, kept.into_iter());
            assert!(matches!(kept, Ok(None)), "{name}");
            settings.allow = vec![HEADS_BELOW.to_owned()];
            let allowed = require(&ledger, &settings, none()).unwrap();
            assert_eq!(allowed.as_deref(), Some(HEADS_BELOW), "{name}");
        }
    }
}
