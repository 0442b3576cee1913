//! A mirror: the frames of a ledger that is written elsewhere, in a file of their own.
//!
//! It takes frames that a head covers, and nothing else. Whoever hands them in has checked who
//! signed the head; that the frames lead to it is checked here, before the first is written. A run that
//! is killed between two frames leaves a mirror that ends between two heads: the same frames take it
//! on.

use std::path::{Path, PathBuf};

use super::Ledger;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::disk::sync_folder;
use crate::ledger::entry::Entry;
use crate::ledger::file::format::{FrameBytes, Role, encode};
use crate::ledger::file::{FileFrames, OpenError, Writer, empty, folder, put_aside, require_place};
use crate::ledger::index::Keep;
use crate::ledger::merkle::{Frontier, Hashes, leaf_hash};
use crate::ledger::settings::FileSettings;
use crate::ledger::store::{Frame, Head};
use crate::ledger::{LedgerError, ProofError};

/// A mirror that is open to be extended. Nobody else extends it meanwhile.
#[derive(Debug)]
pub struct Mirror {
    pub(super) ledger: Ledger,
}

/// A ledger that took up what a mirror has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenUp {
    /// Where the older one lies.
    pub older: PathBuf,
    /// How many entries it has now.
    pub size: u64,
}

/// Why a mirror does not take what it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// It can't be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The copy, or the mirror itself, is not the one of the head.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A head in the middle of a frame, which no ledger signs.
    #[error("no frame of the ledger ends at the head of {size} entries")]
    Within {
        /// The size of the head.
        size: u64,
    },
    /// Something is missing between the mirror and what it was given.
    #[error("the frames begin at entry {first}, and the mirror ends at entry {end}")]
    Gap {
        /// The position of the first entry that was given.
        first: u64,
        /// How many entries the mirror has.
        end: u64,
    },
    /// The ledger has all that the mirror has.
    #[error("the ledger has {own} entries, and the mirror no more up to its head")]
    NothingMissing {
        /// How many the ledger has.
        own: u64,
    },
    /// The frames do not lead to the head.
    #[error("the entries up to {size} are not those that the head was signed over")]
    OtherEntries {
        /// How many entries the frames come to.
        size: u64,
    },
}

impl From<OpenError> for MirrorError {
    fn from(error: OpenError) -> Self {
        Self::Ledger(error.into())
    }
}

impl Mirror {
    /// Makes a mirror, of mode 0600, where no file is: all frames of `copy` up to `head`.
    ///
    /// # Errors
    /// [`MirrorError`], also if there is a file, or if a mirror that was lost had come further.
    pub fn create(
        path: &Path,
        settings: FileSettings,
        copy: &Ledger,
        head: &Checkpoint,
    ) -> Result<(), MirrorError> {
        require_place(path, &settings)?;
        copy.extends(head)?;
        let writer = written(path, Role::Mirror, copy, head)?;
        let file = writer.finish_mirror(&head.origin, &settings)?;
        let failed = |source| OpenError::file(path, source);
        file.persist_noclobber(path)
            .map_err(|error| match error.error.kind() {
                std::io::ErrorKind::AlreadyExists => OpenError::Exists(path.to_path_buf()),
                _ => failed(error.error),
            })?;
        sync_folder(folder(path)).map_err(failed)?;
        Ok(())
    }

    /// Opens a mirror to extend it.
    ///
    /// # Errors
    /// [`LedgerError::Open`]; [`LedgerError::Unkept`] if a head that is kept of it says that this is an
    /// older copy.
    pub fn open(path: &Path, settings: FileSettings) -> Result<Self, LedgerError> {
        let mut frames = FileFrames::open_mirror(path, settings)?;
        frames.require_heads_apart()?;
        let mut ledger = Ledger::of(frames)?;
        match ledger.take_refusal() {
            Some(refusal) => Err(LedgerError::Unkept(refusal)),
            None => Ok(Self { ledger }),
        }
    }

    /// Takes a mirror for the newest copy: its own head is the one that is kept from here on.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn adopt(path: &Path, settings: FileSettings) -> Result<(), LedgerError> {
        let mut frames = FileFrames::open_mirror(path, settings)?;
        frames.require_heads_apart()?;
        Ok(frames.adopt()?)
    }

    /// The mirror, to be read.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether these frames go on from the mirror to the head, without a change. Those that it has
    /// already must be its own.
    ///
    /// # Errors
    /// [`MirrorError`], or the error of a frame.
    pub fn check<E: From<MirrorError>>(
        &self,
        frames: impl Iterator<Item = Result<FrameBytes, E>>,
        head: &Checkpoint,
    ) -> Result<(), E> {
        let origin = self.ledger.checkpoint().map_err(MirrorError::from)?;
        let origin = origin.map_or_else(String::new, |own| own.origin);
        if origin != head.origin {
            let (checkpoint, ledger) = (head.origin.clone(), origin);
            let other = ProofError::OtherLedger { checkpoint, ledger };
            return Err(MirrorError::from(other).into());
        }
        let mut tree = self.ledger.head().clone();
        for frame in frames {
            self.grow(&mut tree, &frame?)?;
        }
        // The frames are older than the mirror where it took a later head meanwhile.
        if tree.size() > head.size {
            return Ok(self.ledger.extends(head).map_err(MirrorError::from)?);
        }
        if (tree.size(), tree.root()) != (head.size, head.root) {
            return Err(MirrorError::OtherEntries { size: tree.size() }.into());
        }
        Ok(())
    }

    fn grow(&self, tree: &mut Frontier, frame: &FrameBytes) -> Result<(), MirrorError> {
        if frame.after.size <= tree.size() {
            return self.has(frame);
        }
        if frame.first != tree.size().saturating_add(1) {
            let (first, end) = (frame.first, tree.size());
            return Err(MirrorError::Gap { first, end });
        }
        for entry in &frame.entries {
            tree.push(leaf_hash(entry), |_, _| ());
        }
        let after = Head {
            size: tree.size(),
            root: tree.root(),
        };
        if after != frame.after {
            return Err(MirrorError::OtherEntries { size: after.size });
        }
        Ok(())
    }

    /// Whether a frame is one that the mirror has.
    fn has(&self, frame: &FrameBytes) -> Result<(), MirrorError> {
        let own = self.ledger.checkpoint()?;
        Ok(self.ledger.extends(&Checkpoint {
            origin: own.map_or_else(String::new, |own| own.origin),
            size: frame.after.size,
            root: frame.after.root,
        })?)
    }

    /// Takes a frame, durably, unless the mirror has it. What [`Self::check`] let pass is taken.
    ///
    /// # Errors
    /// [`MirrorError`]; what was taken before stays.
    pub fn extend(&mut self, frame: FrameBytes) -> Result<(), MirrorError> {
        let before = self.ledger.index.follows().head();
        self.grow(&mut self.ledger.head().clone(), &frame)?;
        if frame.after.size <= before.size {
            return Ok(());
        }
        let ledger = &mut self.ledger;
        let append = ledger
            .frames
            .append(&before, &frame.entries, &frame.after, 0);
        append.map_err(LedgerError::from)?;
        let (_, next) = ledger.frames.end();
        ledger.index.take(&Frame {
            first: frame.first,
            entries: frame.entries,
            after: frame.after,
            next,
        })?;
        if ledger.keep == Keep::Rows && ledger.index.lag() >= super::LAG_OF_A_RUN {
            ledger.index.keep();
        }
        Ok(())
    }
}

impl Ledger {
    /// The mirror with entries that wait beside it, behind its last, for this reader alone: whatever is looked
    /// up finds them as if they were its own. Size, head and proofs stay as they are.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing waits beside the ledger itself.
    pub fn with_pending(mut self, entries: Vec<Entry>) -> Result<Self, LedgerError> {
        if !self.is_mirror() && !entries.is_empty() {
            return Err(LedgerError::Mirror);
        }
        for (position, entry) in (self.size().saturating_add(1)..).zip(entries) {
            let bytes = entry.to_bytes();
            let bytes = bytes.map_err(|source| LedgerError::Damaged {
                position,
                source: Some(source),
            })?;
            self.drafted.push(bytes);
            self.index.beside(position, &entry);
        }
        Ok(self)
    }

    /// Whether what stands at this position only waits beside the mirror.
    #[must_use]
    pub fn is_pending(&self, position: u64) -> bool {
        position > self.size()
    }

    /// Puts the frames of a mirror, up to a head, in the place of an older ledger, which stays beside it as
    /// `LEDGER.before-SIZE`, SIZE being how many entries it had. In one step: a run that is killed leaves the
    /// one or the other. Heads that are kept stay as they are, and say whether more is missing.
    ///
    /// # Errors
    /// [`MirrorError`], and then the older one is where it was; also if the ledger is none that the mirror
    /// goes on from.
    pub fn take_up_from(
        path: &Path,
        settings: FileSettings,
        mirror: &Self,
        head: &Checkpoint,
    ) -> Result<TakenUp, MirrorError> {
        // Held until the end: nobody writes to what is replaced.
        let mut older = Self::open_unkept(path, settings)?;
        let own = older.checkpoint()?.ok_or(LedgerError::Head)?;
        mirror.extends(head)?;
        let kept = older.file().and_then(|file| file.highest_kept());
        let head = &furthest(mirror, head, kept);
        if own.origin == head.origin && own.size >= head.size {
            return Err(MirrorError::NothingMissing { own: own.size });
        }
        mirror.extends(&own)?;
        let file = written(path, Role::Ledger, mirror, head)?.finish_as_it_is()?;
        let failed = |source| OpenError::file(path, source);
        let kept = put_aside(path, own.size)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        sync_folder(folder(path)).map_err(failed)?;
        Ok(TakenUp {
            older: kept,
            size: head.size,
        })
    }

    /// Calls `each` with every frame in order, until it wants no more.
    fn each_frame(
        &self,
        each: &mut dyn FnMut(Frame) -> Result<bool, OpenError>,
    ) -> Result<(), LedgerError> {
        let mut place = self.frames.start();
        while let Some(frame) = self.frames.read(place)? {
            place = frame.next;
            if !each(frame)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether a frame ends behind so many entries, as behind every head that was signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn ends_a_frame(&self, size: u64) -> Result<bool, LedgerError> {
        if size == 0 || size == self.size() {
            return Ok(true);
        }
        let Some(place) = self.place_of(size.saturating_add(1))? else {
            return Ok(false);
        };
        let frame = self.frames.read(place)?;
        Ok(frame.is_some_and(|frame| frame.first == size.saturating_add(1)))
    }

    /// Calls `each` with the bytes of every frame behind the first `size` entries, in order, up to that
    /// which ends at `end` entries.
    ///
    /// # Errors
    /// [`MirrorError::Within`] if no frame ends there; else what `each` says.
    pub fn each_frame_behind<E: From<MirrorError>>(
        &self,
        (size, end): (u64, u64),
        each: &mut dyn FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let place = self
            .place_of(size.saturating_add(1))
            .map_err(MirrorError::from)?;
        let mut place = match place {
            _ if size >= end => return Ok(()),
            Some(place) => place,
            None => return Err(MirrorError::Within { size }.into()),
        };
        let root = match size {
            0 => empty().root,
            size => self.range(0, size).map_err(MirrorError::from)?,
        };
        let mut before = Head { size, root };
        let read = |place| self.frames.read(place).map_err(LedgerError::from);
        while let Some(frame) = read(place).map_err(MirrorError::from)? {
            if frame.first != before.size.saturating_add(1) {
                return Err(MirrorError::Within { size }.into());
            }
            let bytes = encode(&before, &frame.entries, &frame.after);
            each(bytes.ok_or(MirrorError::from(LedgerError::Head))?)?;
            place = frame.next;
            before = frame.after;
            if before.size >= end {
                break;
            }
        }
        Ok(())
    }
}

/// How far the entries of a mirror are believed: up to a head that was signed; or, where it goes on, up to one that
/// this machine kept of the ledger, as in the copy that a ceremony carries out.
fn furthest(mirror: &Ledger, signed: &Checkpoint, kept: Option<Head>) -> Checkpoint {
    let kept = kept.map(|kept| Checkpoint {
        origin: signed.origin.clone(),
        size: kept.size,
        root: kept.root,
    });
    let is_further = |kept: &Checkpoint| kept.size > signed.size && mirror.extends(kept).is_ok();
    kept.filter(is_further).unwrap_or_else(|| signed.clone())
}

/// A file with all frames of a ledger or mirror up to a head, under a temporary name.
pub(super) fn written(
    path: &Path,
    role: Role,
    from: &Ledger,
    head: &Checkpoint,
) -> Result<Writer, MirrorError> {
    let mut writer = Writer::begin(path, role)?;
    let mut end = 0;
    from.each_frame(&mut |frame| {
        if frame.after.size <= head.size {
            end = frame.after.size;
            return writer.frame(frame.entries).map(|()| true);
        }
        Ok(false)
    })?;
    if end == head.size {
        Ok(writer)
    } else {
        Err(MirrorError::Within { size: head.size })
    }
}
