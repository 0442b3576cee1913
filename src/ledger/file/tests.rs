//! The ledger file under one writer after another, and under what a crash leaves.

mod crash;
mod kept;

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::super::merkle::leaf_hash;
use super::super::store::Head;
use super::*;
use crate::ledger::store::{Frames, Place, StoreError};

/// A folder for a ledger, with one for its kept heads beside.
struct Room {
    folder: TempDir,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("ca")).unwrap();
        let room = Self { folder };
        room.mode("ca", 0o755);
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ledger(&self) -> PathBuf {
        self.path("ca/punchmark.ledger")
    }

    fn settings(&self) -> FileSettings {
        FileSettings {
            kept_heads_only: Some(vec![self.path("heads")]),
            ..FileSettings::default()
        }
    }

    fn create(&self) -> FileFrames {
        FileFrames::create(&self.ledger(), self.settings()).unwrap()
    }

    fn open(&self) -> Result<FileFrames, OpenError> {
        FileFrames::open(&self.ledger(), self.settings())
    }

    fn mode(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// A closed ledger of so many frames.
    fn with_frames(frames: u8) -> Self {
        let room = Self::new();
        let mut ledger = room.create();
        (0..frames).for_each(|number| append(&mut ledger, &[&[number; 40]]));
        room
    }

    fn edit(&self, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(self.ledger()).unwrap();
        edit(&mut bytes);
        std::fs::write(self.ledger(), bytes).unwrap();
    }

    fn kept_head(&self) -> PathBuf {
        let mut files = std::fs::read_dir(self.path("heads")).unwrap();
        files.next().unwrap().unwrap().path()
    }
}

/// The root is the store's to keep, not to check: any will do that follows from the entries.
fn after(before: &Head, entries: &[Vec<u8>]) -> Head {
    let chained = [&before.root[..], &entries.concat()].concat();
    Head {
        size: before.size + u64::try_from(entries.len()).unwrap(),
        root: leaf_hash(&chained),
    }
}

fn append(frames: &mut FileFrames, entries: &[&[u8]]) {
    try_append(frames, entries).unwrap();
}

fn try_append(frames: &mut FileFrames, entries: &[&[u8]]) -> Result<Place, StoreError> {
    let before = frames.end().0;
    let entries: Vec<Vec<u8>> = entries.iter().map(|entry| entry.to_vec()).collect();
    frames.append(&before, &entries, &after(&before, &entries), 0)
}

fn sizes(frames: &dyn Frames) -> Vec<u64> {
    let mut place = frames.start();
    let mut sizes = Vec::new();
    while let Some(frame) = frames.read(place).unwrap() {
        sizes.push(frame.after.size);
        place = frame.next;
    }
    sizes
}

#[test]
fn what_was_appended_is_read_back_by_the_next_run_and_by_a_reader() {
    let room = Room::new();
    let mut ledger = room.create();
    assert!(matches!(ledger.standing(), Standing::New));
    append(&mut ledger, &[b"one"]);
    let last = ledger.end().1;
    append(&mut ledger, &[b"two", b"three"]);
    let end = ledger.end();
    drop(ledger);
    let mut again = room.open().unwrap();
    assert_eq!(again.end(), end);
    assert!(matches!(again.standing(), Standing::Kept));
    assert_eq!(sizes(&again), [1, 3]);
    append(&mut again, &[b"four"]);
    let reader = FileReader::open(&room.ledger(), None).unwrap();
    assert_eq!(sizes(&reader), [1, 3, 4]);
    assert_eq!(reader.tail(), None);
    let (head, next) = end;
    let from = KeptHead { head, last, next };
    let behind = FileReader::open(&room.ledger(), Some(from)).unwrap();
    assert_eq!(behind.end(), again.end());
    let elsewhere = KeptHead {
        head: again.end().0,
        ..from
    };
    let other = FileReader::open(&room.ledger(), Some(elsewhere)).unwrap();
    assert_eq!(other.end(), again.end(), "not what the file has there");
    let last = behind.read(end.1).unwrap().unwrap();
    assert_eq!(last.entries, [b"four".to_vec()]);
}

#[test]
fn a_reader_needs_nothing_but_the_file_and_leaves_nothing_beside_it() {
    let room = Room::with_frames(3);
    std::fs::create_dir(room.path("disc")).unwrap();
    std::fs::copy(room.ledger(), room.path("disc/a")).unwrap();
    room.mode("disc/a", 0o444);
    room.mode("disc", 0o555);
    symlink(room.path("disc/a"), room.path("link")).unwrap();
    let reader = FileReader::open(&room.path("link"), None).unwrap();
    assert_eq!(sizes(&reader), [1, 2, 3]);
    assert_eq!(std::fs::read_dir(room.path("disc")).unwrap().count(), 1);
}

#[test]
fn one_run_writes_by_whatever_name_and_another_is_told_who_that_is() {
    let room = Room::new();
    let first = room.create();
    symlink(room.ledger(), room.path("link")).unwrap();
    for path in [room.ledger(), room.path("link")] {
        let error = FileFrames::open(&path, room.settings()).unwrap_err();
        let OpenError::Locked { holder, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(holder.unwrap().process, std::process::id());
    }
    drop(first);
    room.open().unwrap();
}

#[test]
fn nothing_is_created_over_what_is_there() {
    let room = Room::new();
    std::fs::write(room.ledger(), "").unwrap();
    let error = FileFrames::create(&room.ledger(), room.settings()).unwrap_err();
    assert!(matches!(error, OpenError::Exists(_)), "{error}");
    assert_eq!(std::fs::read_dir(room.path("ca")).unwrap().count(), 1);
}

#[test]
fn what_is_no_ledger_is_refused_by_its_kind() {
    let room = Room::new();
    let says = |content: &[u8]| {
        std::fs::write(room.ledger(), content).unwrap();
        room.mode("ca/punchmark.ledger", 0o600);
        room.open().unwrap_err()
    };
    assert!(matches!(says(b""), OpenError::NotALedger(_)));
    assert!(matches!(says(&[0; 300]), OpenError::NotALedger(_)));
    let sqlite = [b"SQLite format 3\0", &[0; 100][..]].concat();
    assert!(matches!(says(&sqlite), OpenError::OlderFormat(_)));
    let mut later = format::header(format::Role::Ledger);
    later[19] = 9;
    assert!(matches!(
        says(&later),
        OpenError::NewerFormat { found: 9, .. }
    ));
    std::fs::remove_file(room.ledger()).unwrap();
    assert!(matches!(room.open(), Err(OpenError::Missing(_))));
    std::fs::create_dir(room.ledger()).unwrap();
    assert!(matches!(room.open(), Err(OpenError::NotALedger(_))));
}

#[test]
fn a_fifo_in_its_place_is_refused_at_once() {
    let room = Room::new();
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, room.ledger(), kind, mode, 0).unwrap();
    assert!(matches!(room.open(), Err(OpenError::NotALedger(_))));
    let reader = FileReader::open(&room.ledger(), None);
    assert!(matches!(reader, Err(OpenError::NotALedger(_))));
}

#[test]
fn a_ledger_that_others_can_change_is_refused() {
    let room = Room::with_frames(1);
    for (name, mode, well) in [
        ("ca/punchmark.ledger", 0o660, 0o600),
        ("ca/punchmark.ledger", 0o602, 0o600),
        ("ca", 0o777, 0o755),
        ("ca", 0o1777, 0o755),
        ("ca", 0o775, 0o755),
    ] {
        room.mode(name, mode);
        let error = room.open().unwrap_err();
        assert!(
            matches!(error, OpenError::Writable { mode: m, .. } if m == mode),
            "{error}"
        );
        room.mode(name, well);
        room.open().unwrap();
    }
}

#[test]
fn another_accounts_ledger_is_refused_with_the_name_of_the_account() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let room = Room::with_frames(1);
    std::os::unix::fs::chown(room.ledger(), Some(1), None).unwrap();
    let error = room.open().unwrap_err();
    assert!(
        matches!(&error, OpenError::ForeignOwner { owner, .. } if owner == "daemon"),
        "{error}"
    );
    std::os::unix::fs::chown(room.ledger(), Some(0), None).unwrap();
    std::os::unix::fs::chown(room.path("ca"), Some(1), None).unwrap();
    let error = room.open().unwrap_err();
    assert!(matches!(error, OpenError::ForeignFolder { .. }), "{error}");
}

#[test]
fn a_ledger_of_two_names_is_written_to_only_where_the_config_says_so() {
    let room = Room::with_frames(1);
    std::fs::hard_link(room.ledger(), room.path("ca/second")).unwrap();
    let error = room.open().unwrap_err();
    assert!(
        matches!(error, OpenError::HardLinks { names: 2, .. }),
        "{error}"
    );
    let settings = FileSettings {
        allow: vec!["hard links".into()],
        ..room.settings()
    };
    let ledger = FileFrames::open(&room.ledger(), settings).unwrap();
    assert_eq!(ledger.allowed(), ["hard links"]);
}

#[test]
fn a_run_ends_when_its_ledger_is_replaced_or_gets_a_second_name() {
    let swap: [fn(&Room); 3] = [
        |room| {
            std::fs::rename(room.ledger(), room.path("ca/away")).unwrap();
            std::fs::copy(room.path("ca/away"), room.ledger()).unwrap();
        },
        |room| std::fs::rename(room.ledger(), room.path("ca/away")).unwrap(),
        |room| std::fs::hard_link(room.ledger(), room.path("ca/second")).unwrap(),
    ];
    for swap in swap {
        let room = Room::with_frames(2);
        let mut ledger = room.open().unwrap();
        swap(&room);
        let error = try_append(&mut ledger, &[b"x"]).unwrap_err();
        assert!(matches!(error, StoreError::Replaced(_)), "{error}");
        let error = try_append(&mut ledger, &[b"x"]).unwrap_err();
        assert!(matches!(error, StoreError::Ended), "{error}");
    }
}

#[test]
fn a_frame_that_goes_on_from_another_head_is_refused_and_the_next_one_taken() {
    let room = Room::with_frames(2);
    let mut ledger = room.open().unwrap();
    let head = ledger.end().0;
    let wrong = Head {
        root: [9; 32],
        ..head
    };
    let after = after(&head, &[vec![1]]);
    let error = ledger.append(&wrong, &[vec![1]], &after, 0).unwrap_err();
    assert!(matches!(error, StoreError::Behind { .. }), "{error}");
    append(&mut ledger, &[b"x"]);
}

#[test]
fn room_for_what_must_follow_is_written_before_the_frame() {
    let room = Room::new();
    let mut ledger = room.create();
    let (before, entries) = (ledger.end().0, [vec![7; 1000]]);
    let after = after(&before, &entries);
    ledger.append(&before, &entries, &after, 3_000_000).unwrap();
    let length = room.ledger().metadata().unwrap().len();
    assert!(length >= 3_001_000, "{length}");
    assert!(room::is_written(&ledger.guarded.file, ledger.end().1).unwrap());
}

#[test]
fn room_that_a_copy_left_out_is_written_again() {
    let room = Room::with_frames(2);
    let end = {
        let ledger = room.open().unwrap();
        ledger.end().1
    };
    // As `cp --sparse=always` does it.
    let file = std::fs::File::options()
        .write(true)
        .open(room.ledger())
        .unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(end.0).unwrap();
    file.set_len(length).unwrap();
    assert!(!room::is_written(&file, end).unwrap());
    let ledger = room.open().unwrap();
    assert!(room::is_written(&ledger.guarded.file, end).unwrap());
    assert_eq!(file.metadata().unwrap().len(), length);
}
