//! A file that was opened to write: held against every head, and put in order.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::recover;
use super::room::{self, Tail};
use super::standing::{Standing, standing};
use super::{FileFrames, OpenError};
use crate::ledger::heads::{KeptHead, KeptHeads};
use crate::ledger::store::Place;

impl FileFrames {
    /// Holds the file against every head, and puts it in order where it goes on from all.
    pub(super) fn stand(&mut self) -> Result<(), OpenError> {
        let (file, end) = (&self.guarded.file, self.end);
        let refused = self.old_heads.refusal(file, end).transpose();
        let found = match refused {
            Some(refusal) => refusal.map(Standing::Refused),
            None => standing(file, self.heads.as_ref(), end),
        };
        self.standing = found.map_err(|source| OpenError::file(&self.guarded.path, source))?;
        if matches!(self.standing, Standing::Refused(_)) {
            return Ok(());
        }
        self.settle()
    }

    /// Puts in order what a crash left, and keeps the head wherever it should be kept.
    pub(super) fn settle(&mut self) -> Result<(), OpenError> {
        let Self { guarded, end, .. } = self;
        let (file, path) = (&guarded.file, &guarded.path);
        let failed = |source| OpenError::file(path, source);
        let covered = self.heads.as_ref().and_then(KeptHeads::highest);
        let tail = room::tail(file, end.next).map_err(failed)?;
        if let Some(tail) = tail {
            require_torn(file, path, tail)?;
        }
        let from = covered.filter(|covered| covered.next < end.next);
        if from.is_some() || (covered.is_none() && end.head.size > 0) {
            write_again(file, from.map_or(end.last, |covered| covered.next), *end)
                .map_err(failed)?;
        }
        self.cut = match tail {
            Some(tail) => Some(recover::cut(file, path, tail)?),
            None => recover::cut_before(path, end.next),
        };
        if !room::is_written(file, end.next).map_err(failed)? {
            room::refill(file, end.next).map_err(failed)?;
        }
        if let Some(heads) = &mut self.heads {
            if heads.each().any(|(_, kept)| kept != *end) {
                heads.keep(*end)?;
            }
            heads.complete(*end, &self.settings)?;
        }
        self.old_heads.remove();
        Ok(())
    }
}

fn require_torn(file: &File, path: &Path, tail: Tail) -> Result<(), OpenError> {
    let torn = recover::is_torn_write(file, tail);
    if torn.map_err(|source| OpenError::file(path, source))? {
        return Ok(());
    }
    Err(OpenError::Damaged {
        path: path.to_path_buf(),
        offset: tail.offset,
        what: "no whole frame begins here, but more than one was written behind",
    })
}

/// Writes frames again that no kept head covers. The system may believe them written when
/// the disk has them in part: after a sync that failed, it forgets which pages it lost.
fn write_again(file: &File, from: Place, end: KeptHead) -> io::Result<()> {
    let length = usize::try_from(end.next.0 - from.0).map_err(io::Error::other)?;
    let mut frames = vec![0; length];
    file.read_exact_at(&mut frames, from.0)?;
    file.write_all_at(&frames, from.0)?;
    file.sync_data()
}
