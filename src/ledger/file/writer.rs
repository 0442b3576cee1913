//! Writes a whole ledger file at once, beside the place where it shall be.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::format;
use super::guard::{Guarded, folder};
use super::open_error::OpenError;
use super::room::{self, FIRST};
use super::{empty, owner};
use crate::ledger::heads::{HeadsError, KeptHead, KeptHeads};
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Head, Place};

/// A ledger file that is being made, under a temporary name.
#[derive(Debug)]
pub(in crate::ledger) struct Writer {
    path: PathBuf,
    file: NamedTempFile,
    tree: Frontier,
    end: KeptHead,
    waiting: Vec<Vec<u8>>,
    waiting_bytes: usize,
}

impl Writer {
    /// Begins a file that shall get this name.
    pub(in crate::ledger) fn begin(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::file(path, source);
        let mut file = tempfile::Builder::new()
            .prefix(".punchmark-")
            .tempfile_in(folder(path))
            .map_err(failed)?;
        file.write_all(&format::header()).map_err(failed)?;
        Ok(Self {
            path: path.to_path_buf(),
            file,
            tree: Frontier::default(),
            end: KeptHead {
                head: empty(),
                last: FIRST,
                next: FIRST,
            },
            waiting: Vec::new(),
            waiting_bytes: 0,
        })
    }

    /// Adds an entry.
    pub(in crate::ledger) fn entry(&mut self, bytes: Vec<u8>) -> Result<(), OpenError> {
        self.tree.push(leaf_hash(&bytes), |_, _| ());
        self.waiting_bytes += bytes.len();
        self.waiting.push(bytes);
        if self.waiting_bytes >= FRAME {
            self.end_frame()?;
        }
        Ok(())
    }

    /// Ends the frame, so that a head can stand behind the entries that were added so far.
    pub(in crate::ledger) fn end_frame(&mut self) -> Result<KeptHead, OpenError> {
        let failed = |source| OpenError::file(&self.path, source);
        if self.waiting.is_empty() {
            return Ok(self.end);
        }
        let after = Head {
            size: self.tree.size(),
            root: self.tree.root(),
        };
        let frame = format::encode(&self.end.head, &self.waiting, &after)
            .ok_or_else(|| failed(io::ErrorKind::FileTooLarge.into()))?;
        self.file.write_all(&frame).map_err(failed)?;
        let length = u64::try_from(frame.len()).map_err(|error| failed(io::Error::other(error)))?;
        self.end = KeptHead {
            head: after,
            last: self.end.next,
            next: Place(self.end.next.0 + length),
        };
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(self.end)
    }

    /// Makes the file durable, and keeps `head` of it. Whoever opens it keeps the head of
    /// what stands behind.
    ///
    /// # Errors
    /// [`OpenError::Heads`] also if a head of this ledger is kept that covers other entries.
    pub(in crate::ledger) fn finish(
        mut self,
        origin: &str,
        head: KeptHead,
        settings: &FileSettings,
    ) -> Result<(NamedTempFile, Head), OpenError> {
        let end = self.end_frame()?;
        let failed = |source| OpenError::file(&self.path, source);
        room::make(self.file.as_file(), end.next, 1)
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(failed)?;
        let handle = self.file.as_file().try_clone().map_err(failed)?;
        let guarded = Guarded::of(handle, self.file.path().to_path_buf(), &settings.allow)?;
        let mut heads = KeptHeads::look(origin, owner(&guarded), settings)?;
        // One is there if a migration was killed before its last step.
        if let Some((path, kept)) = heads.each().find(|(_, kept)| kept.head != head.head) {
            let (path, kept) = (path.to_path_buf(), kept.head.size);
            return Err(HeadsError::Forked { path, kept }.into());
        }
        heads.complete(head, settings)?;
        Ok((self.file, end.head))
    }
}

/// A frame is closed behind so many bytes: small enough to be read at once.
const FRAME: usize = 1024 * 1024;
