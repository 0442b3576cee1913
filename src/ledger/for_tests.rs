//! A ledger in memory, for the tests of what stands on one.

use std::sync::{Arc, Mutex};

use super::index::Keep;
use super::memory::MemoryRows;
use super::merkle::Frontier;
use super::rules::Ledger;
use super::store::{Frame, Frames, Head, Place, StoreError};

/// Says of the entries of a frame whether it fails.
pub(crate) type Fault = Box<dyn FnMut(&[Vec<u8>]) -> Result<(), StoreError> + Send>;

/// An empty ledger in memory, each frame of which `fault` is asked about.
pub(crate) fn ledger(fault: Fault) -> Ledger {
    let frames = MemoryFrames {
        fault,
        ..MemoryFrames::of(Arc::default())
    };
    let rows = MemoryRows::default();
    Ledger::over(Box::new(frames), Box::new(rows), Keep::Nothing).unwrap()
}

/// A disk that is full.
pub(crate) fn disk_full() -> StoreError {
    StoreError::Failed {
        what: "the ledger can't be written".to_owned(),
        source: Box::new(std::io::Error::from(std::io::ErrorKind::StorageFull)),
    }
}

/// Frames in memory, as they were when they were opened.
pub(crate) struct MemoryFrames {
    frames: Arc<Mutex<Vec<Frame>>>,
    end: (Head, Place),
    /// Says of the entries of a frame whether it fails.
    fault: Fault,
}

impl MemoryFrames {
    pub(super) fn of(frames: Arc<Mutex<Vec<Frame>>>) -> Self {
        let last = frames
            .lock()
            .unwrap()
            .last()
            .map(|last| (last.after, last.next));
        let empty = Head {
            size: 0,
            root: Frontier::default().root(),
        };
        Self {
            frames,
            end: last.unwrap_or((empty, Place(0))),
            fault: Box::new(|_| Ok(())),
        }
    }
}

impl Frames for MemoryFrames {
    fn start(&self) -> Place {
        Place(0)
    }

    fn end(&self) -> (Head, Place) {
        self.end
    }

    fn append(
        &mut self,
        before: &Head,
        entries: &[Vec<u8>],
        after: &Head,
        _room: u64,
    ) -> Result<Place, StoreError> {
        (self.fault)(entries)?;
        let mut frames = self.frames.lock().unwrap();
        let found = frames.last().map_or(0, |last| last.after.size);
        if found != before.size {
            let expected = before.size;
            return Err(StoreError::Behind { expected, found });
        }
        let place = self.end.1;
        let next = Place(place.0 + 1);
        frames.push(Frame {
            first: before.size + 1,
            entries: entries.to_vec(),
            after: *after,
            next,
        });
        self.end = (*after, next);
        Ok(place)
    }

    fn read(&self, place: Place) -> Result<Option<Frame>, StoreError> {
        let frames = self.frames.lock().unwrap();
        let at = usize::try_from(place.0).unwrap();
        Ok(frames.get(at).filter(|_| place < self.end.1).cloned())
    }
}
