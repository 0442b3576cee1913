//! The two narrow stores that a ledger stands on: frames, which are the truth, and rows,
//! which are an index that can be lost.
//!
//! All rules stand above them, in [`Ledger`](super::Ledger). A store knows nothing of what
//! an entry says: it keeps bytes in order ([`Frames`]), or finds positions by key
//! ([`Rows`]). Today's stores are a file with SQLite beside it, and memory for tests.

use std::any::Any;

use super::merkle::Hash;

/// How far a ledger has come: how many entries it has, and the root of the tree over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of entries.
    pub size: u64,
    /// The Merkle root over them (RFC 6962, section 2.1).
    pub root: Hash,
}

/// Where a frame begins, in the store's own measure; of a file, its byte offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub u64);

/// One commit, read back: entries that became durable together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The position of its first entry, from 1.
    pub first: u64,
    /// The canonical bytes of each entry; at least one.
    pub entries: Vec<Vec<u8>>,
    /// The head after the last of them.
    pub after: Head,
    /// Where the next frame begins, whether it is there or not.
    pub next: Place,
}

/// Keeps frames in order. Opened to write, it is the only writer.
///
/// One conformance suite runs over every implementation.
pub trait Frames: Any + Send {
    /// Where the first frame begins, whether it is there or not.
    fn start(&self) -> Place;

    /// The head after the last whole frame, and where the next one goes.
    fn end(&self) -> (Head, Place);

    /// Appends one frame in one durable step, if `before` is still the head, and returns
    /// where it begins. When this returns, the frame survives a power cut, and a head that
    /// covers it is kept outside of the store: an older copy would be noticed.
    ///
    /// Afterwards `room` bytes more can be appended although the disk is full: what was
    /// reserved must be recordable.
    ///
    /// # Errors
    /// [`StoreError`]. After any error but [`StoreError::Behind`] the store takes no more
    /// frames: whether this one is durable is known only to whoever opens it again.
    fn append(
        &mut self,
        before: &Head,
        entries: &[Vec<u8>],
        after: &Head,
        room: u64,
    ) -> Result<Place, StoreError>;

    /// The frame that begins at `place`; none at the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if what is there is no frame or not the one that was written.
    fn read(&self, place: Place) -> Result<Option<Frame>, StoreError>;
}

/// One entry of the index: in this table, under this key, stands this position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The table, one byte; the index's own list of them gives each its meaning.
    pub table: u8,
    /// The key. Numbers in it are big-endian, so that keys sort as numbers do.
    pub key: Vec<u8>,
    /// The position of the entry that says it.
    pub position: u64,
}

/// How far the index follows the frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The head after the last frame whose rows are in it.
    pub head: Head,
    /// The right edge of the tree at that head, largest subtree first.
    pub peaks: Vec<Hash>,
    /// Where the last of these frames begins.
    pub last: Place,
    /// Where the next frame begins.
    pub next: Place,
    /// The time of the last entry, in Unix seconds; 0 where there is none.
    pub time: u64,
    /// The positions of the reservations that nothing has become of yet, smallest first.
    pub open: Vec<u64>,
}

/// The order in which keys are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key up.
    Forward,
    /// From the greatest key down.
    Backward,
}

/// Finds positions by key. All of it follows from the frames, and can be made anew.
pub trait Rows: Send {
    /// How far it follows the frames; none where it must be built anew.
    ///
    /// # Errors
    /// [`StoreError`].
    fn applied(&self) -> Result<Option<Applied>, StoreError>;

    /// Adds rows, and notes how far they follow, in one step or not at all. A row that is
    /// there already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    fn apply(&mut self, rows: &[Row], applied: &Applied) -> Result<(), StoreError>;

    /// Calls `each` with key and position of the rows that `keys` names, in the order of
    /// key and position, until it returns [`Walk::Stop`].
    ///
    /// # Errors
    /// [`StoreError`].
    fn walk(
        &self,
        keys: &Keys<'_>,
        each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), StoreError>;

    /// Forgets everything, to be built anew.
    ///
    /// # Errors
    /// [`StoreError`].
    fn clear(&mut self) -> Result<(), StoreError>;
}

/// Which rows a walk goes over, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'k> {
    /// The table.
    pub table: u8,
    /// What every key begins with.
    pub prefix: &'k [u8],
    /// The key to begin at, if it is there, else at the next one on the way; none to begin
    /// at the end that the direction comes from. It begins with the prefix.
    pub from: Option<&'k [u8]>,
    /// The way.
    pub direction: Direction,
}

impl<'k> Keys<'k> {
    /// All rows whose key begins with `prefix`, from the smallest up.
    #[must_use]
    pub fn of(table: u8, prefix: &'k [u8]) -> Self {
        Self {
            table,
            prefix,
            from: None,
            direction: Direction::Forward,
        }
    }

    /// These rows from this key on.
    #[must_use]
    pub fn from(self, key: &'k [u8]) -> Self {
        Self {
            from: Some(key),
            ..self
        }
    }

    /// These rows from the greatest key down.
    #[must_use]
    pub fn backward(self) -> Self {
        Self {
            direction: Direction::Backward,
            ..self
        }
    }
}

/// Whether a walk over rows goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// The next row is wanted.
    On,
    /// Enough was seen.
    Stop,
}

/// Why a store could not do its work. The store's own cause is the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another writer appended meanwhile: the head isn't the one that was expected.
    #[error("the ledger has another head than expected: {found} entries in place of {expected}")]
    Behind {
        /// The size that the caller went on from.
        expected: u64,
        /// The size that is there.
        found: u64,
    },
    /// What is stored isn't what was written.
    #[error("the ledger is damaged at {place:?}: {what}")]
    Damaged {
        /// Where.
        place: Place,
        /// What is wrong there.
        what: &'static str,
    },
    /// An append failed before: nobody knows whether its frame is on the disk.
    #[error("an earlier write to the ledger failed; nothing more is written in this run")]
    Ended,
    /// It was opened to read.
    #[error("the ledger was opened to read")]
    ReadOnly,
    /// No kept head says that this is the newest copy, and nobody else said it.
    #[error("the ledger is not known to be the newest copy")]
    Unkept,
    /// Its name leads to another file now, or to a file with more names.
    #[error("{} is no longer the ledger that was opened", .0.display())]
    Replaced(std::path::PathBuf),
    /// The store can't be read or written.
    #[error("{what}")]
    Failed {
        /// What was tried, and on which file.
        what: String,
        /// What the system or the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
