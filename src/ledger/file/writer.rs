//! Writes a whole ledger file at once, beside the place where it shall be.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::format::{self, Role};
use super::guard::{Guarded, folder};
use super::open_error::OpenError;
use super::room::{self, FIRST};
use super::standing::{Standing, standing};
use super::{empty, kept_name, owner};
use crate::ledger::heads::{HeadsError, KeptHead, KeptHeads};
use crate::ledger::merkle::{Frontier, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Head, Place};

/// A ledger file that is being made, under a temporary name.
#[derive(Debug)]
pub(in crate::ledger) struct Writer {
    path: PathBuf,
    role: Role,
    file: NamedTempFile,
    tree: Frontier,
    end: KeptHead,
    waiting: Vec<Vec<u8>>,
    waiting_bytes: usize,
}

impl Writer {
    /// Begins a file that shall get this name.
    pub(in crate::ledger) fn begin(path: &Path, role: Role) -> Result<Self, OpenError> {
        let failed = |source| OpenError::file(path, source);
        let mut file = tempfile::Builder::new()
            .prefix(".punchmark-")
            .tempfile_in(folder(path))
            .map_err(failed)?;
        file.write_all(&format::header(role)).map_err(failed)?;
        Ok(Self {
            path: path.to_path_buf(),
            role,
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

    /// Adds a frame that is one elsewhere, as it is.
    pub(in crate::ledger) fn frame(&mut self, entries: Vec<Vec<u8>>) -> Result<(), OpenError> {
        for entry in &entries {
            self.tree.push(leaf_hash(entry), |_, _| ());
        }
        self.waiting = entries;
        self.end_frame().map(drop)
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

    /// Makes the file durable. No head is kept of it or changed: whoever opens it holds it against those
    /// that are kept.
    pub(in crate::ledger) fn finish_as_it_is(mut self) -> Result<NamedTempFile, OpenError> {
        let end = self.end_frame()?;
        let failed = |source| OpenError::file(&self.path, source);
        room::make(self.file.as_file(), end.next, 1)
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(failed)?;
        Ok(self.file)
    }

    /// Makes the file of a mirror durable, and keeps its head. It must go on from every head of a
    /// mirror that is kept: one that was lost may have been longer.
    ///
    /// # Errors
    /// [`OpenError::Heads`] also if it does not.
    pub(in crate::ledger) fn finish_mirror(
        mut self,
        origin: &str,
        settings: &FileSettings,
    ) -> Result<NamedTempFile, OpenError> {
        let end = self.end_frame()?;
        let failed = |source| OpenError::file(&self.path, source);
        room::make(self.file.as_file(), end.next, 1)
            .and_then(|()| self.file.as_file().sync_all())
            .map_err(failed)?;
        let handle = self.file.as_file().try_clone().map_err(failed)?;
        let guarded = Guarded::of(handle, self.file.path().to_path_buf(), &settings.allow)?;
        let name = kept_name(origin, self.role);
        let mut heads = KeptHeads::look(&name, owner(&guarded), settings)?;
        if heads.each().next().is_some()
            && let Standing::Refused(refusal) =
                standing(&guarded.file, Some(&heads), end).map_err(failed)?
        {
            return Err(refusal.into());
        }
        if heads.each().any(|(_, kept)| kept != end) {
            heads.keep(end)?;
        }
        heads.complete(end, settings)?;
        Ok(self.file)
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

/// Copies a ledger that is to be replaced to a name of its own beside it, durably.
pub(in crate::ledger) fn put_aside(path: &Path, size: u64) -> Result<PathBuf, OpenError> {
    let mut kept = path.as_os_str().to_owned();
    kept.push(format!(".before-{size}"));
    let kept = PathBuf::from(kept);
    let failed = |source| OpenError::file(&kept, source);
    let copied = std::fs::copy(path, &kept).and_then(|_| File::open(&kept)?.sync_all());
    copied.map_err(failed)?;
    Ok(kept)
}

/// A frame is closed behind so many bytes: small enough to be read at once.
const FRAME: usize = 1024 * 1024;
