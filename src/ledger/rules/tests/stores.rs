//! The stores that every rule is tested over, and hands that reach into them.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::ledger::LedgerError;
use crate::ledger::file::FileFrames;
use crate::ledger::for_tests::MemoryFrames;
use crate::ledger::index::Keep;
use crate::ledger::memory::MemoryRows;
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::rules::Ledger;
use crate::ledger::settings::FileSettings;
use crate::ledger::sqlite_rows::SqliteRows;
use crate::ledger::store::{Applied, Frame, Frames, Head, Keys, Row, Rows, StoreError, Walk};

/// A store that a test opens as often as it likes.
pub(super) trait Shelf {
    fn open(&self) -> Result<Ledger, LedgerError>;
    fn open_to_read(&self) -> Result<Ledger, LedgerError>;
    /// Changes the bytes of the entry at a position, without a look at any rule.
    fn tamper(&self, position: u64, bytes: &[u8]);
    /// Appends a frame of these entries, without a look at any rule.
    fn append_raw(&self, entries: &[Vec<u8>]);
    /// The rows, to do with them what no ledger does.
    fn rows(&self) -> Box<dyn Rows>;
    fn lose_index(&self);
    fn has_no_index(&self) -> bool;
    fn copy_index(&self) -> Box<dyn Any>;
    fn put_index(&self, copy: &dyn Any);
}

/// Frames and rows that a process shares with itself.
#[derive(Clone, Default)]
pub(super) struct Memory {
    pub(super) frames: Arc<Mutex<Vec<Frame>>>,
    pub(super) rows: Arc<Mutex<MemoryRows>>,
}

impl Shelf for Memory {
    fn open(&self) -> Result<Ledger, LedgerError> {
        let (frames, rows) = (
            MemoryFrames::of(Arc::clone(&self.frames)),
            SharedRows(Arc::clone(&self.rows)),
        );
        Ledger::over(Box::new(frames), Box::new(rows), Keep::Rows)
    }

    fn open_to_read(&self) -> Result<Ledger, LedgerError> {
        let (frames, rows) = (
            MemoryFrames::of(Arc::clone(&self.frames)),
            SharedRows(Arc::clone(&self.rows)),
        );
        Ledger::over(Box::new(frames), Box::new(rows), Keep::Nothing)
    }

    fn tamper(&self, position: u64, bytes: &[u8]) {
        let mut frames = self.frames.lock().unwrap();
        for frame in frames.iter_mut() {
            let at = position.checked_sub(frame.first);
            let at = at.and_then(|at| usize::try_from(at).ok());
            if let Some(entry) = at.and_then(|at| frame.entries.get_mut(at)) {
                *entry = bytes.to_vec();
                return;
            }
        }
        panic!("no entry at {position}");
    }

    fn append_raw(&self, entries: &[Vec<u8>]) {
        append_raw(&mut MemoryFrames::of(Arc::clone(&self.frames)), entries);
    }

    fn rows(&self) -> Box<dyn Rows> {
        Box::new(SharedRows(Arc::clone(&self.rows)))
    }

    fn lose_index(&self) {
        *self.rows.lock().unwrap() = MemoryRows::default();
    }

    fn has_no_index(&self) -> bool {
        self.rows.lock().unwrap().is_empty()
    }

    fn copy_index(&self) -> Box<dyn Any> {
        Box::new(self.rows.lock().unwrap().clone())
    }

    fn put_index(&self, copy: &dyn Any) {
        let copy = copy.downcast_ref::<MemoryRows>().unwrap();
        *self.rows.lock().unwrap() = copy.clone();
    }
}

/// A ledger as it lies on disk: a file, and rows in SQLite beside it.
pub(super) struct Disk {
    folder: TempDir,
}

impl Default for Disk {
    fn default() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder };
        for name in ["ca", "heads"] {
            std::fs::create_dir(disk.folder.path().join(name)).unwrap();
        }
        drop(Ledger::create(&disk.ledger(), disk.settings()).unwrap());
        disk
    }
}

impl Disk {
    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ca/l.ledger")
    }

    pub(super) fn index(&self) -> PathBuf {
        self.folder.path().join("ca/l.ledger.index")
    }

    pub(super) fn settings(&self) -> FileSettings {
        FileSettings {
            kept_heads_only: Some(vec![self.folder.path().join("heads")]),
            ..FileSettings::default()
        }
    }
}

impl Shelf for Disk {
    fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.ledger(), self.settings())
    }

    fn open_to_read(&self) -> Result<Ledger, LedgerError> {
        Ledger::open_to_read(&self.ledger())
    }

    fn tamper(&self, position: u64, bytes: &[u8]) {
        let before = self.open_to_read().unwrap().bytes_at(position).unwrap();
        let before = before.unwrap();
        let mut file = std::fs::read(self.ledger()).unwrap();
        let at = file.windows(before.len()).position(|found| found == before);
        let place = file.get_mut(at.unwrap()..).unwrap();
        place
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        std::fs::write(self.ledger(), file).unwrap();
    }

    fn append_raw(&self, entries: &[Vec<u8>]) {
        let mut frames = FileFrames::open(&self.ledger(), self.settings()).unwrap();
        append_raw(&mut frames, entries);
    }

    fn rows(&self) -> Box<dyn Rows> {
        Box::new(SqliteRows::open(&self.ledger()))
    }

    fn lose_index(&self) {
        std::fs::remove_file(self.index()).unwrap();
    }

    fn has_no_index(&self) -> bool {
        let files = std::fs::read_dir(self.folder.path().join("ca")).unwrap();
        // Nothing but the ledger.
        files.count() == 1
    }

    fn copy_index(&self) -> Box<dyn Any> {
        Box::new(std::fs::read(self.index()).unwrap())
    }

    fn put_index(&self, copy: &dyn Any) {
        let copy = copy.downcast_ref::<Vec<u8>>().unwrap();
        std::fs::write(self.index(), copy).unwrap();
    }
}

/// Appends a frame that no rule has seen.
fn append_raw(frames: &mut dyn Frames, entries: &[Vec<u8>]) {
    let (before, _) = frames.end();
    let mut tree = Frontier::default();
    let mut place = frames.start();
    while let Some(frame) = frames.read(place).unwrap() {
        let leaves = frame.entries.iter().map(|entry| leaf_hash(entry));
        leaves.for_each(|leaf| tree.push(leaf, |_, _| ()));
        place = frame.next;
    }
    let leaves = entries.iter().map(|entry| leaf_hash(entry));
    leaves.for_each(|leaf| tree.push(leaf, |_, _| ()));
    let after = Head {
        size: tree.size(),
        root: tree.root(),
    };
    frames.append(&before, entries, &after, 0).unwrap();
}

/// Rows that outlive a ledger.
pub(super) struct SharedRows(Arc<Mutex<MemoryRows>>);

impl SharedRows {
    fn with<T>(&self, work: impl FnOnce(&mut MemoryRows) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Rows for SharedRows {
    fn applied(&self) -> Result<Option<Applied>, StoreError> {
        self.with(|rows| rows.applied())
    }

    fn apply(&mut self, rows: &[Row], applied: &Applied) -> Result<(), StoreError> {
        self.with(|shared| shared.apply(rows, applied))
    }

    fn walk(
        &self,
        keys: &Keys<'_>,
        each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), StoreError> {
        self.with(|rows| rows.walk(keys, each))
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.with(|rows| rows.clear())
    }
}
