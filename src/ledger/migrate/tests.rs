//! Ledgers that earlier versions wrote, as files of format 4.

mod heads;

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::ledger::file::{FileFrames, FileReader, Standing};
use crate::ledger::merkle::{Hashes, node_hash, split};
use crate::ledger::store::Frames;

/// A database of an earlier version, in a folder of its own.
struct Old {
    folder: TempDir,
    heads: TempDir,
    vectors: PathBuf,
}

/// Each earlier format that gave out heads, and the file of such a head.
const FORMATS: &[(u8, &str)] = &[(2, "signed-head"), (3, "signed-head")];

/// Every hash of a tree that is small enough.
struct Leaves(Vec<Hash>);

impl Hashes for Leaves {
    type Error = std::convert::Infallible;

    fn range(&self, start: u64, end: u64) -> Result<Hash, Self::Error> {
        if end - start == 1 {
            return Ok(self.0[usize::try_from(start).unwrap()]);
        }
        let middle = start + split(end - start);
        Ok(node_hash(
            &self.range(start, middle)?,
            &self.range(middle, end)?,
        ))
    }
}

impl Old {
    fn new(format: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("softhsm-tests/vectors/ledger/format{format}"));
        let heads = tempfile::tempdir().unwrap();
        let old = Self {
            folder,
            heads,
            vectors,
        };
        let connection = rusqlite::Connection::open(old.ledger()).unwrap();
        connection.execute_batch(&old.vector("ledger.sql")).unwrap();
        connection.close().unwrap();
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(old.ledger(), mode).unwrap();
        std::fs::create_dir(old.path("state")).unwrap();
        old.keep(&old.checkpoint());
        old
    }

    /// As on another machine: no kept head came with the database.
    fn without_heads(format: u8) -> Self {
        let old = Self::new(format);
        std::fs::remove_dir_all(old.path("state")).unwrap();
        old
    }

    fn checkpoint(&self) -> Checkpoint {
        let entries = self.entries();
        let mut tree = Frontier::default();
        entries
            .iter()
            .for_each(|entry| tree.push(leaf_hash(entry), |_, _| ()));
        Checkpoint {
            origin: origin(&leaf_hash(&entries[0])),
            size: tree.size(),
            root: tree.root(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ledger(&self) -> PathBuf {
        self.path("punchmark.ledger")
    }

    fn vector(&self, name: &str) -> String {
        std::fs::read_to_string(self.vectors.join(name)).unwrap()
    }

    /// Puts a head where earlier versions kept it.
    fn keep(&self, head: &Checkpoint) -> PathBuf {
        let id = head.origin.rsplit('/').next().unwrap();
        let path = self.path("state").join(format!("{id}.head"));
        std::fs::write(&path, head.to_string()).unwrap();
        path
    }

    fn settings(&self) -> FileSettings {
        FileSettings {
            kept_heads_only: Some(vec![self.heads.path().to_path_buf()]),
            old_heads: vec![self.path("state")],
            ..FileSettings::default()
        }
    }

    fn open(&self) -> Result<OldLedger, MigrateError> {
        OldLedger::open(&self.ledger(), self.settings())
    }

    fn user_version(&self, name: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.path(name)).unwrap();
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    }

    fn entries(&self) -> Vec<Vec<u8>> {
        let connection = rusqlite::Connection::open(self.ledger()).unwrap();
        let sql = "SELECT bytes FROM entry ORDER BY position";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

fn entries(frames: &dyn Frames) -> Vec<Vec<u8>> {
    let mut place = frames.start();
    let mut entries = Vec::new();
    while let Some(frame) = frames.read(place).unwrap() {
        entries.extend(frame.entries);
        place = frame.next;
    }
    entries
}

fn more() -> Entry {
    Entry {
        time: 1_795_700_000,
        salt: [3; 16],
        event: Event::HeadPlaces(crate::ledger::HeadPlaces {
            places: vec!["/x".into()],
            keyboard: "tester".into(),
        }),
    }
}

#[test]
fn entries_keep_their_bytes_and_positions() {
    for format in [1, 2, 3] {
        let old = Old::new(format);
        let before = old.entries();
        let ledger = old.open().unwrap();
        assert_eq!(ledger.format(), i64::from(format));
        assert_eq!(ledger.cas().len(), 1);
        assert_eq!(
            ledger.suffixes().unwrap().len(),
            usize::from(format == 3) * 2
        );
        let head = ledger.head();
        let migrated = ledger.migrate(&[]).unwrap();
        assert_eq!(migrated.head, head);
        let new = FileFrames::open(&old.ledger(), old.settings()).unwrap();
        assert!(matches!(new.standing(), Standing::Kept));
        assert_eq!(entries(&new), before);
        assert_eq!(new.end().0, head);
    }
}

#[test]
fn the_suffixes_of_the_last_policy_are_recorded_for_its_cas() {
    let old = Old::new(3);
    let ledger = old.open().unwrap();
    let suffixes = ledger.suffixes().unwrap();
    let more = ledger.suffix_entries(&suffixes, "tester", 7).unwrap();
    ledger.migrate(&more).unwrap();
    let new = FileReader::open(&old.ledger(), None).unwrap();
    let entry = Entry::from_bytes(entries(&new).last().unwrap()).unwrap();
    let Event::SuffixesSet(set) = entry.event else {
        panic!("{entry:?}")
    };
    assert_eq!((set.ca, entry.time), (1, 7));
    let read: Vec<_> = set
        .suffixes
        .iter()
        .map(|set| (set.suffix.as_str(), set.proof.as_str(), set.ended))
        .collect();
    let physical = r#"{"kinds":["piv","fido"],"touch":"cached","pin":"once"}"#;
    assert_eq!(read, [("_file", "null", 0), ("_physical", physical, 0)]);
}

#[test]
fn the_database_stays_under_another_name_that_earlier_versions_refuse() {
    let old = Old::new(3);
    let migrated = old.open().unwrap().migrate(&[]).unwrap();
    assert_eq!(migrated.old, old.path("punchmark.ledger.format3"));
    assert_eq!(old.user_version("punchmark.ledger.format3"), 4);
    assert!(!old.path("punchmark.ledger-wal").exists());
    let again = old.open().unwrap_err();
    assert!(matches!(again, MigrateError::NothingToDo(_)), "{again}");
}

#[test]
fn what_was_interrupted_after_any_step_can_be_done_again() {
    for steps in 0..=2 {
        let old = Old::new(3);
        let ledger = old.open().unwrap();
        let (new, _) = ledger.write(&[more()]).unwrap();
        if steps > 0 {
            ledger.database.retire().unwrap();
        }
        if steps > 1 {
            ledger.second_name().unwrap();
        }
        drop((ledger, new));
        let migrated = old.open().unwrap().migrate(&[more(), more()]).unwrap();
        let mut new = FileFrames::open(&old.ledger(), old.settings()).unwrap();
        assert!(matches!(new.standing(), Standing::Kept));
        assert_eq!(new.end().0, migrated.head);
        let before = new.end().0;
        let after = Head {
            size: before.size + 1,
            root: [1; 32],
        };
        new.append(&before, &[vec![1]], &after, 0).unwrap();
    }
}

#[test]
fn a_database_that_was_put_back_after_it_was_migrated_is_refused() {
    let old = Old::new(3);
    let database = std::fs::read(old.ledger()).unwrap();
    old.open().unwrap().migrate(&[]).unwrap();
    let mut new = FileFrames::open(&old.ledger(), old.settings()).unwrap();
    let before = new.end().0;
    let after = Head {
        size: before.size + 1,
        root: [1; 32],
    };
    new.append(&before, &[vec![1]], &after, 0).unwrap();
    drop(new);
    std::fs::write(old.ledger(), database).unwrap();
    std::fs::remove_file(old.path("punchmark.ledger.format3")).unwrap();
    let error = old.open().unwrap().migrate(&[]).unwrap_err();
    let expected = MigrateError::Open(OpenError::Heads(HeadsError::Forked {
        path: PathBuf::new(),
        kept: 0,
    }));
    assert_eq!(
        std::mem::discriminant(&error),
        std::mem::discriminant(&expected),
        "{error}"
    );
    assert_eq!(old.user_version("punchmark.ledger"), 3);
}

#[test]
fn a_database_that_was_changed_is_not_migrated() {
    for (sql, what) in [
        ("UPDATE head SET size = size - 1", "its head"),
        ("DELETE FROM entry WHERE position = 7", "missing"),
        (
            "UPDATE entry SET bytes = x'00' WHERE position = 3",
            "entry 3",
        ),
    ] {
        let old = Old::new(3);
        let connection = rusqlite::Connection::open(old.ledger()).unwrap();
        let off = "DROP TRIGGER entry_stays; DROP TRIGGER entry_remains; PRAGMA foreign_keys = off";
        connection.execute_batch(off).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let error = old.open().unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn what_is_no_old_ledger_is_refused() {
    let old = Old::new(3);
    let connection = rusqlite::Connection::open(old.ledger()).unwrap();
    connection.pragma_update(None, "user_version", 5).unwrap();
    let error = old.open().unwrap_err();
    assert!(
        matches!(error, MigrateError::NewerFormat { found: 5, .. }),
        "{error}"
    );
    connection.pragma_update(None, "application_id", 7).unwrap();
    let error = old.open().unwrap_err();
    assert!(
        matches!(error, MigrateError::Open(OpenError::NotALedger(_))),
        "{error}"
    );
    drop(connection);
    std::fs::write(old.ledger(), "something else, and long enough").unwrap();
    let error = old.open().unwrap_err();
    assert!(
        matches!(error, MigrateError::Open(OpenError::NotALedger(_))),
        "{error}"
    );
}

#[test]
fn nothing_is_migrated_while_an_earlier_version_writes() {
    let old = Old::new(3);
    let first = old.open().unwrap();
    let error = old.open().unwrap_err();
    assert!(
        matches!(error, MigrateError::Open(OpenError::Locked { .. })),
        "{error}"
    );
    drop(first);
    let other = old.path("punchmark.ledger.format3");
    std::fs::write(&other, "").unwrap();
    let error = old.open().unwrap().migrate(&[]).unwrap_err();
    assert!(matches!(error, MigrateError::Occupied(_)), "{error}");
    assert_eq!(old.user_version("punchmark.ledger"), 3);
}
