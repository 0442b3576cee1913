//! One commit: one write over zeros, one sync, and the kept head.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::guard::Named;
use super::reader::read;
use super::room::{self, FIRST};
use super::standing::Standing;
use super::{FileFrames, format, owner};
use crate::ledger::checkpoint::origin;
use crate::ledger::heads::{HeadsError, KeptHead, KeptHeads};
use crate::ledger::merkle::leaf_hash;
use crate::ledger::store::{Frame, Frames, Head, Place, StoreError};

impl Frames for FileFrames {
    fn start(&self) -> Place {
        FIRST
    }

    fn end(&self) -> (Head, Place) {
        (self.end.head, self.end.next)
    }

    fn append(
        &mut self,
        before: &Head,
        entries: &[Vec<u8>],
        after: &Head,
        room: u64,
    ) -> Result<Place, StoreError> {
        self.require_fit(before)?;
        let path = &self.guarded.path;
        let frame = format::encode(before, entries, after)
            .ok_or_else(|| failed("written", path, io::ErrorKind::FileTooLarge.into()))?;
        let length = u64::try_from(frame.len())
            .map_err(|error| failed("written", path, io::Error::other(error)))?;
        let place = self.end.next;
        room::make(&self.guarded.file, place, length.saturating_add(room))
            .map_err(|source| failed("made longer", path, source))?;
        let end = KeptHead {
            head: *after,
            last: place,
            next: Place(place.0 + length),
        };
        // From here on an error leaves open what is on the disk.
        self.ended = true;
        if self.heads.is_none()
            && let Some(first) = entries.first()
        {
            self.begin(first, end)?;
        }
        self.write(&frame, end)?;
        self.ended = false;
        (self.end, self.cut, self.standing) = (end, None, Standing::Kept);
        Ok(place)
    }

    fn read(&self, place: Place) -> Result<Option<Frame>, StoreError> {
        read(&self.guarded.file, place, self.end.next)
    }
}

impl FileFrames {
    /// Refuses to write where it can't be known what became of an earlier frame, or where
    /// another file stands in this one's place.
    fn require_fit(&mut self, before: &Head) -> Result<(), StoreError> {
        if self.ended {
            return Err(StoreError::Ended);
        }
        if *before != self.end.head {
            return Err(StoreError::Behind {
                expected: before.size,
                found: self.end.head.size,
            });
        }
        if let Standing::Refused(_) = self.standing {
            return Err(StoreError::Unkept);
        }
        if self.guarded.still_named() == Named::NoLonger {
            self.ended = true;
            return Err(StoreError::Replaced(self.guarded.path.clone()));
        }
        Ok(())
    }

    /// Finds, for the first frame, where its head is kept. It is kept before the frame is
    /// written: a ledger without any frame is new, but one with a frame and without a head
    /// would be refused.
    fn begin(&mut self, first: &[u8], end: KeptHead) -> Result<(), StoreError> {
        let origin = origin(&leaf_hash(first));
        let mut heads =
            KeptHeads::look(&origin, owner(&self.guarded), &self.settings).map_err(unkept)?;
        heads.complete(end, &self.settings).map_err(unkept)?;
        self.heads = Some(heads);
        Ok(())
    }

    fn write(&mut self, frame: &[u8], end: KeptHead) -> Result<(), StoreError> {
        let failed = |source| failed("written", &self.guarded.path, source);
        let file = &self.guarded.file;
        file.write_all_at(frame, end.last.0).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        match &mut self.heads {
            Some(heads) => heads.keep(end).map_err(unkept),
            None => Ok(()),
        }
    }
}

fn unkept(source: HeadsError) -> StoreError {
    StoreError::Failed {
        what: "the head of the ledger can't be kept".to_owned(),
        source: Box::new(source),
    }
}

fn failed(what: &str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Failed {
        what: format!("ledger {} can't be {what}", path.display()),
        source: Box::new(source),
    }
}
