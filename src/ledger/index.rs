//! The index as the rules see it: rows on disk, and above them those of the newest frames
//! and of the frame that is being put together.
//!
//! A run of one certificate adds a handful of rows. They are not written to disk each time:
//! whoever opens the ledger next reads the few frames that the index on disk lacks. So it
//! never runs ahead of the ledger, and a reader needs to write nothing.

mod following;
mod tally;

use std::sync::{Arc, Mutex};

use super::LedgerError;
use super::entry::{Entry, EntryError, Event};
use super::memory::MemoryRows;
use super::merkle::leaf_hash;
use super::rows::{number, rows, table};
use tally::Tally;

pub(super) use following::Following;

use super::store::{Applied, Direction, Frame, Frames, Keys, Place, Row, Rows, StoreError, Walk};

/// An index that follows every frame.
pub(super) struct Index {
    /// What is kept, as far as [`Self::kept`].
    base: Box<dyn Rows>,
    kept: u64,
    /// Whether what the base holds is to be forgotten before anything is kept in it.
    stale: bool,
    /// What the base lacks.
    above: MemoryRows,
    follows: Following,
}

/// What the rows of a replay come to, and where it ended.
pub(super) struct Sum {
    rows: Arc<Mutex<Tally>>,
    follows: Following,
}

/// Whether the rows that are kept may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Rows are added to those on disk now and then; what cannot be believed is made anew.
    Rows,
    /// Nothing is written; what cannot be believed is replayed into memory.
    Nothing,
}

impl Index {
    /// Follows `frames` to their end, from where `base` came to if that can be believed.
    ///
    /// # Errors
    /// [`LedgerError`] if the frames cannot be read or are not what their heads say.
    pub(super) fn open(
        frames: &dyn Frames,
        base: Box<dyn Rows>,
        keep: Keep,
    ) -> Result<Self, LedgerError> {
        match Self::believed(frames, base, keep)? {
            Ok(index) => Ok(index),
            Err(base) => Self::anew(frames, base, keep),
        }
    }

    /// The same, where `base` can be believed; else gives it back.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub(super) fn believed(
        frames: &dyn Frames,
        base: Box<dyn Rows>,
        keep: Keep,
    ) -> Result<Result<Self, Box<dyn Rows>>, LedgerError> {
        let (end, _) = frames.end();
        let noted = base.applied()?;
        let Some(follows) = noted.and_then(|applied| Following::of(&applied, &end)) else {
            return Ok(Err(base));
        };
        let mut index = Self::new(base, follows);
        match index.catch_up(frames, keep, &mut |_| ()) {
            // Where rows and frames part, the rows are of another ledger. If it is the
            // frames that are damaged, that shows again.
            Err(LedgerError::Head | LedgerError::Frames(StoreError::Damaged { .. })) => {
                Ok(Err(index.base))
            }
            caught => caught.map(|()| Ok(index)),
        }
    }

    /// Makes the index anew from the first frame on.
    fn anew(frames: &dyn Frames, mut base: Box<dyn Rows>, keep: Keep) -> Result<Self, LedgerError> {
        if keep == Keep::Nothing {
            base = Box::new(MemoryRows::default());
        }
        Self::replayed(frames, base, &mut |_| ())
    }

    /// Follows the frames from the first on, into a base that forgets what it holds; `each`
    /// is given the bytes of every entry.
    fn replayed(
        frames: &dyn Frames,
        base: Box<dyn Rows>,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Self, LedgerError> {
        let mut index = Self::new(base, Following::default());
        index.stale = true;
        index.follows.next = frames.start();
        index.catch_up(frames, Keep::Rows, each)?;
        Ok(index)
    }

    fn new(base: Box<dyn Rows>, follows: Following) -> Self {
        Self {
            base,
            kept: follows.tree.size(),
            stale: false,
            above: MemoryRows::default(),
            follows,
        }
    }

    fn catch_up(
        &mut self,
        frames: &dyn Frames,
        keep: Keep,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), LedgerError> {
        let (end, _) = frames.end();
        while self.follows.tree.size() < end.size {
            let frame = frames.read(self.follows.next)?.ok_or(LedgerError::Head)?;
            frame.entries.iter().for_each(|bytes| each(bytes));
            self.take(&frame)?;
            if keep == Keep::Rows && self.lag() >= LAG_OF_A_REPLAY {
                self.keep();
            }
        }
        if self.follows.head() == end {
            Ok(())
        } else {
            Err(LedgerError::Head)
        }
    }

    /// Takes a frame that was read back.
    pub(super) fn take(&mut self, frame: &Frame) -> Result<(), LedgerError> {
        if frame.first != self.follows.tree.size() + 1 {
            return Err(LedgerError::Head);
        }
        for (position, bytes) in (frame.first..).zip(&frame.entries) {
            match Entry::from_bytes(bytes) {
                Ok(entry) => self.draft(position, &entry),
                Err(error) => self.unreadable(position, &error),
            }
        }
        self.grow(&frame.entries, self.follows.next);
        self.reached(frame.next);
        if self.follows.head() == frame.after {
            Ok(())
        } else {
            Err(LedgerError::Head)
        }
    }

    /// Adds the rows of an entry that is to be part of the next frame.
    pub(super) fn draft(&mut self, position: u64, entry: &Entry) {
        for row in rows(position, entry) {
            self.above.insert(row);
        }
        let open = &mut self.follows.open;
        match &entry.event {
            Event::Reserved(_) => open.push(position),
            Event::Issued(issued) => open.retain(|at| *at != issued.reserved),
            Event::Failed(failed) => open.retain(|at| *at != failed.reserved),
            _ => {}
        }
        self.follows.time = entry.time;
    }

    /// Adds the rows of an entry that is part of no frame.
    pub(super) fn beside(&mut self, position: u64, entry: &Entry) {
        for row in rows(position, entry) {
            self.above.insert(row);
        }
    }

    /// Takes back what was drafted; `before` is how things stood then.
    pub(super) fn withdraw(&mut self, before: Following) {
        self.above.forget_behind(before.tree.size());
        self.follows = before;
    }

    fn unreadable(&mut self, position: u64, _error: &EntryError) {
        self.above.insert(Row {
            table: table::UNREADABLE,
            key: Vec::new(),
            position,
        });
    }

    /// Lets the tree grow by a frame whose rows were drafted, and which stands at `place`.
    pub(super) fn grow(&mut self, entries: &[Vec<u8>], place: Place) {
        let first = self.follows.tree.size() + 1;
        self.follows.last = place;
        let mut found = vec![Row {
            table: table::FRAME,
            key: [number(first), number(place.0)].concat(),
            position: first,
        }];
        let tree = &mut self.follows.tree;
        for (position, bytes) in (first..).zip(entries) {
            tree.push(leaf_hash(bytes), |height, hash| {
                found.extend(tile(position, height, hash));
            });
        }
        found.into_iter().for_each(|row| self.above.insert(row));
    }

    /// Notes where the frame behind the last one begins.
    pub(super) fn reached(&mut self, next: Place) {
        self.follows.next = next;
    }

    /// What a replay of all frames comes to, of which no row is kept. `each` is given the
    /// bytes of every entry.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub(super) fn sum(
        frames: &dyn Frames,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Sum, LedgerError> {
        let rows = Arc::new(Mutex::new(Tally::default()));
        let mut replay = Self::replayed(frames, Box::new(Arc::clone(&rows)), each)?;
        replay.keep();
        Ok(Sum {
            rows,
            follows: replay.follows,
        })
    }

    /// The first table whose rows are not those that the frames call for; none if the index
    /// is what a replay gives.
    pub(super) fn fault(&self, replayed: &Sum) -> Result<Option<&'static str>, LedgerError> {
        for (table, name) in table::ALL {
            let mut tally = Tally::default();
            self.walk(&Keys::of(*table, &[]), &mut |key, position| {
                tally.add(*table, key, position);
                Walk::On
            })?;
            if tally.of(*table) != tally::of(&replayed.rows, *table) {
                return Ok(Some(name));
            }
        }
        let (ours, theirs) = (&self.follows, &replayed.follows);
        let same = (ours.time, &ours.open) == (theirs.time, &theirs.open);
        Ok((!same).then_some("note"))
    }

    /// How things stand at the end.
    pub(super) fn follows(&self) -> &Following {
        &self.follows
    }

    /// How far it came, as rows that are kept note it.
    pub(super) fn applied(&self) -> Applied {
        self.follows.applied()
    }

    /// How many entries the rows that are kept lack.
    pub(super) fn lag(&self) -> u64 {
        self.follows.tree.size() - self.kept
    }

    /// Gives the base what it lacks. Where that fails (a full disk, a folder that is not
    /// ours), it stays above, which only costs time.
    pub(super) fn keep(&mut self) {
        if self.stale && self.base.clear().is_err() {
            return;
        }
        self.stale = false;
        let rows = self.above.take();
        match self.base.apply(&rows, &self.applied()) {
            Ok(()) => self.kept = self.follows.tree.size(),
            Err(_another_time) => self.above.put_back(rows),
        }
    }

    /// Walks over all rows, those on disk and those above them, as if they were one.
    pub(super) fn walk(
        &self,
        keys: &Keys<'_>,
        each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), LedgerError> {
        let mut above = self.above.iter(keys).peekable();
        let (kept, mut going) = (self.kept, Walk::On);
        if kept > 0 {
            self.base.walk(keys, &mut |key, position| {
                // A writer may have gone on meanwhile; and what it kept may be above here.
                if position > kept {
                    return Walk::On;
                }
                while let Some(row) = above.next_if(|row| {
                    before(keys.direction, (&row.key, row.position), (key, position))
                }) {
                    going = each(&row.key, row.position);
                    if going == Walk::Stop {
                        return going;
                    }
                }
                going = each(key, position);
                going
            })?;
        }
        while going == Walk::On
            && let Some(row) = above.next()
        {
            going = each(&row.key, row.position);
        }
        Ok(())
    }

    /// The first row of a walk.
    pub(super) fn first(&self, keys: &Keys<'_>) -> Result<Option<(Vec<u8>, u64)>, LedgerError> {
        let mut found = None;
        self.walk(keys, &mut |key, position| {
            found = Some((key.to_vec(), position));
            Walk::Stop
        })?;
        Ok(found)
    }

    /// The positions under exactly this key, smallest first.
    pub(super) fn positions(&self, table: u8, key: &[u8]) -> Result<Vec<u64>, LedgerError> {
        let mut found = Vec::new();
        self.walk(&Keys::of(table, key), &mut |other, position| {
            if other != key {
                return Walk::Stop;
            }
            found.push(position);
            Walk::On
        })?;
        Ok(found)
    }

    /// The first position under exactly this key.
    pub(super) fn position(&self, table: u8, key: &[u8]) -> Result<Option<u64>, LedgerError> {
        let first = self.first(&Keys::of(table, key).from(key))?;
        Ok(first.filter(|(found, _)| found == key).map(|(_, at)| at))
    }
}

/// The row of a complete subtree that is a tile.
fn tile(position: u64, height: u32, hash: &[u8; 32]) -> Option<Row> {
    if height == 0 || !height.is_multiple_of(TILE_HEIGHT) {
        return None;
    }
    let level = u8::try_from(height / TILE_HEIGHT).ok()?;
    let place = number((position >> height) - 1);
    Some(Row {
        table: table::TILE,
        key: [&[level], &place[..], hash].concat(),
        position,
    })
}

fn before(direction: Direction, one: (&[u8], u64), other: (&[u8], u64)) -> bool {
    match direction {
        Direction::Forward => one < other,
        Direction::Backward => one > other,
    }
}

/// Levels of the tree in one level of tiles: 256 leaves.
pub(super) const TILE_HEIGHT: u32 = 8;
/// How many entries a replay holds in memory before it keeps their rows.
const LAG_OF_A_REPLAY: u64 = 20_000;
