//! Where heads are kept, whose they must be, and what is believed of them.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use tempfile::TempDir;

use super::*;

const ORIGIN: &str = "punchmark.ledger/0123456789abcdef";
const FILE: &str = "0123456789abcdef.kept-head";

fn owner() -> Owner {
    Owner {
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        mode: 0o640,
    }
}

fn head(size: u64) -> KeptHead {
    KeptHead {
        head: Head {
            size,
            root: [7; 32],
        },
        last: Place(64),
        next: Place(100 + size),
    }
}

fn settings(folders: &[&Path]) -> FileSettings {
    FileSettings {
        kept_heads_only: Some(folders.iter().map(|folder| folder.to_path_buf()).collect()),
        ..FileSettings::default()
    }
}

fn look(folders: &[&Path]) -> Result<KeptHeads, HeadsError> {
    KeptHeads::look(ORIGIN, owner(), &settings(folders))
}

/// A folder in which a head of size 1 is kept.
fn kept() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut heads = look(&[folder.path()]).unwrap();
    assert_eq!(heads.highest(), None);
    heads
        .complete(head(1), &settings(&[folder.path()]))
        .unwrap();
    folder
}

#[test]
fn the_newest_that_was_kept_is_found_again() {
    let folder = kept();
    for size in 2..6 {
        let mut heads = look(&[folder.path()]).unwrap();
        assert_eq!(heads.highest(), Some(head(size - 1)));
        heads.keep(head(size)).unwrap();
    }
    // Also one that goes back, after somebody said that it should.
    look(&[folder.path()]).unwrap().keep(head(3)).unwrap();
    assert_eq!(look(&[folder.path()]).unwrap().highest(), Some(head(3)));
}

#[test]
fn a_slot_that_was_cut_short_leaves_the_one_before() {
    let folder = kept();
    look(&[folder.path()]).unwrap().keep(head(2)).unwrap();
    let path = folder.path().join(FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    // The second head went to the second slot.
    bytes[4096 + 30..4096 + 512].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(look(&[folder.path()]).unwrap().highest(), Some(head(1)));
    bytes.truncate(0);
    std::fs::write(&path, &bytes).unwrap();
    let error = look(&[folder.path()]).unwrap_err();
    assert!(matches!(error, HeadsError::Unreadable(_)), "{error}");
}

#[test]
fn the_file_takes_after_the_ledger() {
    let folder = kept();
    let metadata = folder.path().join(FILE).metadata().unwrap();
    assert_eq!(metadata.mode() & 0o777, 0o640);
    assert_eq!(metadata.uid(), owner().uid);
    assert_eq!(metadata.gid(), owner().gid);
}

#[test]
fn a_head_that_another_account_could_have_put_there_is_passed_over_and_said() {
    let folder = kept();
    let path = folder.path().join(FILE);
    for (path, mode) in [(path.as_path(), 0o662), (folder.path(), 0o777)] {
        let well = path.metadata().unwrap().permissions();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let heads = look(&[folder.path()]).unwrap();
        assert_eq!(heads.highest(), None);
        let said = heads.ignored()[0].to_string();
        assert!(said.contains("chmod go-w"), "{said}");
        std::fs::set_permissions(path, well).unwrap();
    }
    if rustix::process::geteuid().is_root() {
        for path in [path.as_path(), folder.path()] {
            chown(path, Some(1), None).unwrap();
            let heads = look(&[folder.path()]).unwrap();
            assert_eq!(heads.highest(), None);
            let said = heads.ignored()[0].to_string();
            assert!(
                said.contains(&format!("chown 0 {}", path.display())),
                "{said}"
            );
            chown(path, Some(0), None).unwrap();
        }
    }
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    let folder = kept();
    let path = folder.path().join(FILE);
    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    symlink(folder.path().join("elsewhere"), &path).unwrap();
    let error = look(&[folder.path()]).unwrap_err();
    assert!(matches!(error, HeadsError::Unusable { .. }), "{error}");
}

#[test]
fn all_folders_of_the_config_get_one() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b/c"));
    let folders = [a.as_path(), b.as_path()];
    let mut heads = look(&folders).unwrap();
    heads.complete(head(1), &settings(&folders)).unwrap();
    heads.keep(head(2)).unwrap();
    for folder in folders {
        assert_eq!(look(&[folder]).unwrap().highest(), Some(head(2)));
    }
}

#[test]
fn without_a_place_nothing_goes_on() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let folders = [file.path()];
    let error = look(&folders)
        .unwrap()
        .complete(head(1), &settings(&folders))
        .unwrap_err();
    assert!(matches!(error, HeadsError::Unusable { .. }), "{error}");
    let error = look(&[]).unwrap().complete(head(1), &settings(&[]));
    assert!(matches!(error, Err(HeadsError::NoPlace { .. })));
}

#[test]
fn the_places_do_not_follow_a_variable() {
    let owner = Owner { uid: 0, ..owner() };
    let places = machine_and_owner(owner);
    let home = Path::new("/root/.local/state/punchmark");
    assert_eq!(places, [Path::new("/var/lib/punchmark/heads"), home]);
}
