//! A ledger in a file: how it is made and opened, and what it records of its own place.

use std::any::Any;
use std::path::{Path, PathBuf};

use super::Ledger;
use super::draft::Draft;
use crate::ledger::LedgerError;
use crate::ledger::entry::{Event, HeadPlaces, PlaceAllowed, TailCut};
use crate::ledger::file::format::Role;
use crate::ledger::file::{FileFrames, FileReader, Standing, Tail};
use crate::ledger::heads::{HeadsError, Ignored, KeptHead};
use crate::ledger::index::Keep;
use crate::ledger::settings::FileSettings;
use crate::ledger::sqlite_rows::SqliteRows;
use crate::ledger::store::{Applied, Rows};

impl Ledger {
    /// Creates an empty ledger, of mode 0600, where no file is.
    ///
    /// # Errors
    /// [`LedgerError::Open`], also if there is one.
    pub fn create(path: &Path, settings: FileSettings) -> Result<Self, LedgerError> {
        let mut frames = FileFrames::create(path, settings)?;
        frames.require_heads_apart()?;
        Self::of(frames)
    }

    /// Opens a ledger to write to it; no other run can meanwhile.
    ///
    /// # Errors
    /// [`LedgerError::Open`]; [`LedgerError::Unkept`] if the heads that are kept outside do
    /// not say that this is the newest copy.
    pub fn open(path: &Path, settings: FileSettings) -> Result<Self, LedgerError> {
        let mut ledger = Self::open_unkept(path, settings)?;
        match ledger.take_refusal() {
            Some(refusal) => Err(LedgerError::Unkept(refusal)),
            None => Ok(ledger),
        }
    }

    /// Opens a ledger to write to it although no kept head says that it is the newest copy:
    /// for whoever records why it is taken for that. Nothing else can be written before.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn open_unkept(path: &Path, settings: FileSettings) -> Result<Self, LedgerError> {
        let mut ledger = Self::of(FileFrames::open(path, settings)?)?;
        if let Some(places) = ledger.head_places()? {
            let folders: Vec<&Path> = places.places.iter().map(Path::new).collect();
            if let Some(file) = ledger.file() {
                file.look_in(&folders)?;
            }
        }
        if let Some(file) = ledger.file() {
            file.require_heads_apart()?;
        }
        Ok(ledger)
    }

    /// Opens a ledger to read it, also while another run writes. It needs nothing but the
    /// file, and leaves nothing beside it.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn open_to_read(path: &Path) -> Result<Self, LedgerError> {
        let rows = SqliteRows::open_to_read(path);
        let from = rows.applied()?.map(kept);
        let frames = FileReader::open(path, from)?;
        Self::over(Box::new(frames), Box::new(rows), Keep::Nothing)
    }

    /// Why the heads that are kept outside do not say that this is the newest copy, if they
    /// don't. Nothing is locked or written.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn contradicted(
        path: &Path,
        settings: &FileSettings,
    ) -> Result<Option<HeadsError>, LedgerError> {
        let places = Self::open_to_read(path)?.recorded_places()?;
        let folders: Vec<&Path> = places.iter().map(Path::new).collect();
        match FileFrames::look(path, settings, &folders)? {
            Standing::Refused(contradicts) => Ok(Some(contradicts)),
            Standing::New | Standing::Kept => Ok(None),
        }
    }

    /// The folder of a kept head, where each lies in or below the ledger's own folder: whoever puts
    /// that whole folder back puts an older head back too, and nothing notices.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn heads_below(
        path: &Path,
        settings: &FileSettings,
    ) -> Result<Option<PathBuf>, LedgerError> {
        let places = Self::open_to_read(path)?.recorded_places()?;
        let folders: Vec<&Path> = places.iter().map(Path::new).collect();
        Ok(FileFrames::heads_below(path, settings, &folders)?)
    }

    fn recorded_places(&self) -> Result<Vec<String>, LedgerError> {
        let set = self.head_places()?;
        Ok(set.map_or_else(Vec::new, |set| set.places))
    }

    /// Whether it is a mirror, which others extend.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        let frames: &dyn Any = &*self.frames;
        let read = frames.downcast_ref().map(FileReader::role);
        let written = || frames.downcast_ref().map(FileFrames::role);
        read.or_else(written) == Some(Role::Mirror)
    }

    pub(super) fn of(frames: FileFrames) -> Result<Self, LedgerError> {
        let rows = SqliteRows::open(frames.path());
        Self::over(Box::new(frames), Box::new(rows), Keep::Rows)
    }

    /// The folder of a kept head, where each lies in or below that of this ledger, which was
    /// opened to write, and no config says that this is meant.
    pub fn heads_lie_below(&mut self) -> Option<PathBuf> {
        self.file().and_then(|file| file.heads_lie_below())
    }

    /// Where heads were found that are not believed, being another account's.
    pub fn ignored_heads(&mut self) -> Vec<Ignored> {
        self.file()
            .map_or_else(Vec::new, |file| file.ignored_heads().to_vec())
    }

    /// What stands behind the last whole frame of a ledger that was opened to read: a frame
    /// that is just being written, that a crash cut short, or that was damaged.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        let frames: &dyn Any = &*self.frames;
        frames.downcast_ref().and_then(FileReader::tail)
    }

    /// Why the heads that are kept let nothing be written, if that is so; it stays so.
    pub fn take_refusal(&mut self) -> Option<HeadsError> {
        self.file().and_then(FileFrames::take_refusal)
    }

    /// Takes this copy for the newest, whatever heads are kept. The frame that comes next
    /// records why.
    pub(super) fn take_for_newest(&mut self) -> Result<(), LedgerError> {
        if let Some(file) = self.file() {
            file.adopt()?;
        }
        Ok(())
    }

    /// The file, where the frames lie in one that was opened to write.
    pub(super) fn file(&mut self) -> Option<&mut FileFrames> {
        let frames: &mut dyn Any = &mut *self.frames;
        frames.downcast_mut()
    }
}

impl Draft<'_> {
    /// Says in entries what the file itself has to tell: what a crash left was cut off,
    /// where the head is kept, and that its place is allowed.
    pub(super) fn tell_of_the_file(&mut self) -> Result<(), LedgerError> {
        if self.ledger.told {
            return Ok(());
        }
        for event in self.untold()? {
            self.entry(event)?;
        }
        Ok(())
    }

    fn untold(&mut self) -> Result<Vec<Event>, LedgerError> {
        let places = self.ledger.head_places()?.map(|places| places.places);
        let allowed = self.ledger.allowed_places()?;
        let Some(file) = self.ledger.file() else {
            return Ok(Vec::new());
        };
        let keyboard = || file.settings().keyboard.clone();
        let cut = file.cut_tail().map(|cut| {
            Event::TailCut(TailCut {
                offset: cut.offset,
                length: cut.length,
                sha256: cut.sha256,
                copy: cut.copy.clone(),
                keyboard: keyboard(),
            })
        });
        // Of the places that every program looks in, nothing has to be said.
        let folders = file.settings().folders();
        let folders: Vec<String> = folders.map(|folder| folder.display().to_string()).collect();
        let moved = places.unwrap_or_default() != folders;
        let moved = moved.then(|| {
            Event::HeadPlaces(HeadPlaces {
                places: folders,
                keyboard: keyboard(),
            })
        });
        let new = file.allowed().iter();
        let new = new.filter(|what| !allowed.iter().any(|(_, known)| known.what == **what));
        let new = new.map(|what| {
            Event::PlaceAllowed(PlaceAllowed {
                what: what.clone(),
                keyboard: keyboard(),
            })
        });
        Ok(cut.into_iter().chain(moved).chain(new).collect())
    }
}

/// What an index says of the end of the ledger, as the file looks it up.
pub(super) fn kept(applied: Applied) -> KeptHead {
    KeptHead {
        head: applied.head,
        last: applied.last,
        next: applied.next,
    }
}
