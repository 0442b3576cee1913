//! The ledger file for whoever only reads.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::format::{self, Header, Role};
use super::room::{self, FIRST, Tail};
use super::standing::walk;
use super::{OpenError, guard};
use crate::ledger::heads::KeptHead;
use crate::ledger::store::{Frame, Frames, Head, Place, StoreError};

/// Frames in a file, opened to read. The writer may go on meanwhile; this ends where it
/// ended when it was opened.
#[derive(Debug)]
pub struct FileReader {
    file: File,
    role: Role,
    end: (Head, Place),
    tail: Option<Tail>,
}

impl FileReader {
    /// Opens a ledger to read it, also while another run writes. Where the file has the
    /// frame that `from` names, the frames before it are not looked at.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, from: Option<KeptHead>) -> Result<Self, OpenError> {
        let file = guard::open_to_read(path)?;
        let role = role_of(&file, path)?;
        if role == Role::Pending {
            return Err(OpenError::NotALedger(path.to_path_buf()));
        }
        Self::to_end(file, (path, role), from)
    }

    fn to_end(
        file: File,
        (path, role): (&Path, Role),
        from: Option<KeptHead>,
    ) -> Result<Self, OpenError> {
        let failed = |source| OpenError::file(path, source);
        let end = walk(&file, from).map_err(failed)?;
        let tail = room::tail(&file, end.next).map_err(failed)?;
        let end = (end.head, end.next);
        Ok(Self {
            file,
            role,
            end,
            tail,
        })
    }

    /// Opens what is pending beside a mirror, in the same way.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_pending(path: &Path) -> Result<Self, OpenError> {
        let file = guard::open_to_read(path)?;
        require_role(&file, path, Role::Pending)?;
        Self::to_end(file, (path, Role::Pending), None)
    }

    /// Whether it is the ledger itself or a mirror of it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What stands behind the last whole frame: a frame that is just being written, that a
    /// crash cut short, or that was damaged.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        self.tail
    }
}

impl Frames for FileReader {
    fn start(&self) -> Place {
        FIRST
    }

    fn end(&self) -> (Head, Place) {
        self.end
    }

    fn append(
        &mut self,
        _before: &Head,
        _entries: &[Vec<u8>],
        _after: &Head,
        _room: u64,
    ) -> Result<Place, StoreError> {
        Err(StoreError::ReadOnly)
    }

    fn read(&self, place: Place) -> Result<Option<Frame>, StoreError> {
        read(&self.file, place, self.end.1)
    }
}

/// Refuses what is not in this role: a mirror where a ledger is to be written to, and a ledger where
/// a mirror is to be extended.
pub(super) fn require_role(file: &File, path: &Path, wanted: Role) -> Result<(), OpenError> {
    match (role_of(file, path)?, wanted) {
        (Role::Mirror, Role::Ledger) => Err(OpenError::Mirror(path.to_path_buf())),
        (Role::Ledger, Role::Mirror) => Err(OpenError::NoMirror(path.to_path_buf())),
        (is, wanted) if is == wanted => Ok(()),
        _ => Err(OpenError::NotALedger(path.to_path_buf())),
    }
}

/// Whether a file is a ledger of this format or a mirror; anything else is refused.
pub(super) fn role_of(file: &File, path: &Path) -> Result<Role, OpenError> {
    let mut header = [0; format::HEADER];
    // A file that is too short for a header has none.
    let _short = file.read_exact_at(&mut header, 0);
    let path = path.to_path_buf();
    match format::read_header(&header) {
        Header::Ours(role) => Ok(role),
        Header::Sqlite => Err(OpenError::OlderFormat(path)),
        Header::Newer(found) => Err(OpenError::NewerFormat { path, found }),
        Header::Other => Err(OpenError::NotALedger(path)),
    }
}

/// The frame at `place`, of those that end at `end`.
pub(super) fn read(file: &File, place: Place, end: Place) -> Result<Option<Frame>, StoreError> {
    if place >= end {
        return Ok(None);
    }
    let damaged = |what| StoreError::Damaged { place, what };
    let source = |source: io::Error| StoreError::Failed {
        what: "the ledger can't be read".to_owned(),
        source: Box::new(source),
    };
    match room::whole_frame_at(file, place).map_err(source)? {
        Some(frame) if frame.next <= end => Ok(Some(frame)),
        Some(_) => Err(damaged("the frame goes on behind the last one")),
        None => Err(damaged("no whole frame is here")),
    }
}
