//! The ledger as one file that only grows: frames behind each other, one a commit.
//!
//! **One writer.** Whoever opens the file to write holds flock(2) on the open file itself,
//! so that no second name of it makes a second writer. The name is resolved once and held
//! against the handle before each frame. Readers take no lock, need nothing but the file,
//! and end at the last whole frame.
//!
//! **One commit** is one write over zeros that are on the disk already, one sync, and then
//! the kept head, synced too ([`heads`](super::heads)). Only then is the frame acknowledged.
//! An error in between ends the run: whether the frame is on the disk is known to nobody
//! before the file is opened again, and a sync that failed may report success when it is
//! asked a second time (fsync(2), "EIO").
//!
//! **What a crash leaves** is put in order when the file is next opened to write:
//!
//! | behind the frames that a kept head covers | what is done |
//! |---|---|
//! | zeros | nothing |
//! | a whole frame | it is written and synced again, and its head kept: the disk may have it in part |
//! | a part of a frame, zeros behind it | it is copied aside and cut off, and an entry says so |
//! | anything else, or less than the head covers | it is refused as damaged, or as older |

mod apart;
mod append;
mod file_system;
pub mod format;
mod guard;
mod holder;
mod old_heads;
mod open_error;
mod place;
mod reader;
mod recover;
mod room;
mod settle;
mod standing;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::disk::sync_folder;
use super::heads::{HeadsError, Ignored, KeptHead, KeptHeads};
use super::settings::FileSettings;
use super::store::Head;

pub(super) use guard::{HARD_LINKS, folder};
pub use holder::Holder;
pub use open_error::OpenError;
pub use place::require_place;
pub(super) use place::{empty, heads_of, require_guarded};
pub use reader::FileReader;
pub use recover::CutTail;
pub use room::Tail;
pub use standing::Standing;
pub(super) use writer::{Writer, put_aside};

use format::Role;
use guard::{Guarded, Named};
use old_heads::OldHeads;
use place::{found_heads, kept_name, owner};
use reader::{require_role, role_of};
use room::FIRST;
use standing::{standing, walk};

/// Frames in a file, opened to write. It is the only writer.
#[derive(Debug)]
pub struct FileFrames {
    guarded: Guarded,
    role: Role,
    settings: FileSettings,
    end: KeptHead,
    heads: Option<KeptHeads>,
    old_heads: OldHeads,
    standing: Standing,
    cut: Option<CutTail>,
    /// An error after which nothing is known of what is on the disk.
    ended: bool,
}

impl FileFrames {
    /// Creates an empty ledger, of mode 0600, where no file is.
    ///
    /// # Errors
    /// [`OpenError::Exists`] if there is one.
    pub fn create(path: &Path, settings: FileSettings) -> Result<Self, OpenError> {
        Self::create_as((Role::Ledger, None), path, settings)
    }

    /// Creates an empty file of what is pending beside a mirror, whose heads are kept under this name.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn create_pending(
        path: &Path,
        settings: FileSettings,
        name: &str,
    ) -> Result<Self, OpenError> {
        Self::create_as((Role::Pending, Some(name.to_owned())), path, settings)
    }

    fn create_as(
        (role, name): (Role, Option<String>),
        path: &Path,
        settings: FileSettings,
    ) -> Result<Self, OpenError> {
        let failed = |source| OpenError::file(path, source);
        let folder = require_place(path, &settings)?;
        let path = folder.join(path.file_name().unwrap_or_default());
        // Made whole under another name: a run that is killed leaves no half of a ledger.
        let mut file = tempfile::Builder::new()
            .prefix(".punchmark-")
            .tempfile_in(&folder)
            .map_err(failed)?;
        file.write_all(&format::header(role))
            .and_then(|()| room::make(file.as_file(), FIRST, 1))
            .and_then(|()| file.as_file().sync_all())
            .map_err(failed)?;
        lock(file.as_file(), &path)?;
        let file = file.persist_noclobber(&path).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                OpenError::Exists(path.clone())
            } else {
                OpenError::file(&path, error.error)
            }
        })?;
        sync_folder(&folder).map_err(failed)?;
        Self::of(
            Guarded::of(file, path, &settings.allow)?,
            (role, name),
            settings,
        )
    }

    /// Opens a ledger to write to it; no other run can meanwhile. What a crash left is put
    /// in order, if the heads that are kept allow to write to the file at all.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path, settings: FileSettings) -> Result<Self, OpenError> {
        Self::open_as((Role::Ledger, None), path, settings)
    }

    /// Opens a mirror to extend it, in the same way.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_mirror(path: &Path, settings: FileSettings) -> Result<Self, OpenError> {
        Self::open_as((Role::Mirror, None), path, settings)
    }

    /// Opens what is pending beside a mirror, in the same way.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_pending(
        path: &Path,
        settings: FileSettings,
        name: &str,
    ) -> Result<Self, OpenError> {
        Self::open_as((Role::Pending, Some(name.to_owned())), path, settings)
    }

    fn open_as(
        (role, name): (Role, Option<String>),
        path: &Path,
        settings: FileSettings,
    ) -> Result<Self, OpenError> {
        let guarded = Guarded::open(path, &settings.allow)?;
        lock(&guarded.file, &guarded.path)?;
        // It may have been replaced between the opening and the lock.
        if guarded.still_named() == Named::NoLonger {
            return Err(OpenError::Missing(guarded.path));
        }
        require_role(&guarded.file, &guarded.path, role)?;
        Self::of(guarded, (role, name), settings)
    }

    /// How a ledger stands to the heads that are kept of it, in these folders too. Nothing is
    /// locked or put in order, and another run may write meanwhile: the heads are read first.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn look(
        path: &Path,
        settings: &FileSettings,
        folders: &[&Path],
    ) -> Result<Standing, OpenError> {
        let guarded = Guarded::open(path, &settings.allow)?;
        let role = role_of(&guarded.file, &guarded.path)?;
        let heads = found_heads(&guarded, role, settings, folders)?;
        let kept = heads.iter().flat_map(KeptHeads::folders);
        apart::require(folder(&guarded.path), settings, kept)?;
        let failed = |source| OpenError::file(&guarded.path, source);
        let old_heads = OldHeads::find(heads.as_ref(), settings);
        let start = heads.as_ref().and_then(KeptHeads::highest);
        let end = walk(&guarded.file, start).map_err(failed)?;
        let refused = old_heads.refusal(&guarded.file, end).transpose();
        let found = match refused {
            Some(refusal) => refusal.map(Standing::Refused),
            None => standing(&guarded.file, heads.as_ref(), end),
        };
        found.map_err(failed)
    }

    /// The folder of a kept head, where each of them lies in or below that of the ledger, and so
    /// goes back together with it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn heads_below(
        path: &Path,
        settings: &FileSettings,
        folders: &[&Path],
    ) -> Result<Option<PathBuf>, OpenError> {
        if settings.kept_heads_only.is_some() {
            return Ok(None);
        }
        let guarded = Guarded::open(path, &settings.allow)?;
        let role = role_of(&guarded.file, &guarded.path)?;
        let heads = found_heads(&guarded, role, settings, folders)?;
        let kept = heads.iter().flat_map(KeptHeads::folders);
        Ok(apart::all_below(folder(&guarded.path), kept))
    }

    /// Takes a locked file with a header.
    fn of(
        guarded: Guarded,
        (role, name): (Role, Option<String>),
        settings: FileSettings,
    ) -> Result<Self, OpenError> {
        let heads = match &name {
            Some(name) => Some(KeptHeads::look(name, owner(&guarded), &settings)?),
            None => found_heads(&guarded, role, &settings, &[])?,
        };
        let kept = heads.iter().flat_map(KeptHeads::folders);
        match apart::require(folder(&guarded.path), &settings, kept) {
            // A head may be kept elsewhere that the ledger itself names: `require_heads_apart`.
            Ok(_) | Err(OpenError::HeadsBelow(_)) => {}
            Err(beside) => return Err(beside),
        }
        let failed = |source| OpenError::file(&guarded.path, source);
        let start = heads.as_ref().and_then(KeptHeads::highest);
        let end = walk(&guarded.file, start).map_err(failed)?;
        let old_heads = OldHeads::find(heads.as_ref(), &settings);
        let mut frames = Self {
            guarded,
            role,
            settings,
            end,
            heads,
            old_heads,
            standing: Standing::New,
            cut: None,
            ended: false,
        };
        frames.stand()?;
        Ok(frames)
    }

    /// Whether it is the ledger itself or a mirror of it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its name, absolute and without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.guarded.path
    }

    /// What the config says of it.
    #[must_use]
    pub fn settings(&self) -> &FileSettings {
        &self.settings
    }

    /// Why it is not to be written to, if that is so. It stays so, for want of a reason.
    pub fn take_refusal(&mut self) -> Option<HeadsError> {
        let missing = HeadsError::missing("", Vec::new());
        match &mut self.standing {
            Standing::Refused(refusal) => Some(std::mem::replace(refusal, missing)),
            Standing::New | Standing::Kept => None,
        }
    }

    /// How the file stands to its kept heads.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The kept head that covers most, if one was found.
    pub(in crate::ledger) fn highest_kept(&self) -> Option<Head> {
        self.heads.as_ref()?.highest().map(|kept| kept.head)
    }

    /// Where heads were found that are not believed, with the way to mend it.
    #[must_use]
    pub fn ignored_heads(&self) -> &[Ignored] {
        self.heads.as_ref().map_or(&[], KeptHeads::ignored)
    }

    /// The folders where the head is kept.
    pub fn head_folders(&self) -> impl Iterator<Item = &Path> {
        self.heads.iter().flat_map(KeptHeads::folders)
    }

    /// Refuses heads that go back together with the ledger: once those are known, too, that the
    /// ledger itself names, and before anything is written.
    ///
    /// # Errors
    /// [`OpenError::HeadsBeside`] and [`OpenError::HeadsBelow`].
    pub fn require_heads_apart(&mut self) -> Result<(), OpenError> {
        let kept = self.heads.iter().flat_map(KeptHeads::folders);
        let allowed = apart::require(folder(&self.guarded.path), &self.settings, kept)?;
        self.guarded.allowed.extend(allowed);
        Ok(())
    }

    /// The folder of a kept head, where each of them lies in or below that of the ledger although
    /// no config says so.
    #[must_use]
    pub fn heads_lie_below(&self) -> Option<PathBuf> {
        let kept = self.heads.iter().flat_map(KeptHeads::folders);
        match self.settings.kept_heads_only {
            None => apart::all_below(folder(&self.guarded.path), kept),
            Some(_) => None,
        }
    }

    /// What of its place only the config makes right, to be said in an entry.
    #[must_use]
    pub fn allowed(&self) -> &[String] {
        &self.guarded.allowed
    }

    /// What was cut off behind the last frame, until an entry follows that says so.
    #[must_use]
    pub fn cut_tail(&self) -> Option<&CutTail> {
        self.cut.as_ref()
    }

    /// Looks for the head in more folders: those that the ledger itself records.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn look_in(&mut self, folders: &[&Path]) -> Result<(), OpenError> {
        let Some(heads) = &mut self.heads else {
            return Ok(());
        };
        let before = heads.seen();
        for folder in folders {
            heads.look_in(folder)?;
        }
        if heads.seen() == before {
            // The file was held against all of them when it was opened.
            return Ok(());
        }
        self.stand()
    }

    /// Takes the file for the newest copy, whatever heads are kept: somebody says so, and
    /// the next frame records it. From then on its own head is the one that is kept.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn adopt(&mut self) -> Result<(), OpenError> {
        if let Standing::Refused(_) = self.standing {
            self.settle()?;
            self.standing = Standing::Kept;
        }
        Ok(())
    }
}

impl Drop for FileFrames {
    /// Lets the lock go. To close the file alone would not do: a process that another thread just started
    /// has the file open too until its exec, and holds the lock as long (flock(2)).
    fn drop(&mut self) {
        let _closed_all_the_same = self.guarded.file.unlock();
    }
}

fn lock(file: &File, path: &Path) -> Result<(), OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.to_path_buf(),
            holder: rustix::fs::fstat(file)
                .ok()
                .and_then(|stat| Holder::of(&stat)),
        }),
        Err(TryLockError::Error(source)) => Err(OpenError::file(path, source)),
    }
}
