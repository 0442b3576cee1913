//! One file that keeps the head of one ledger.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::slot::{SLOT, Slot};
use super::{HeadsError, Ignored, KeptHead, Owner};
use crate::ledger::disk::{WRITABLE_BY_OTHERS, custom, sync_folder};

/// A file that keeps a head, open to keep the next one.
#[derive(Debug)]
pub(super) struct HeadFile {
    file: File,
    pub(super) path: PathBuf,
    newest: Slot,
    /// Where [`Self::newest`] is; the other one is written next.
    in_slot: u64,
}

/// What stands at the place of a kept head.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing.
    Nothing,
    /// A head, to be believed.
    Kept(HeadFile),
    /// Something that another account could have put there.
    Ignored(Ignored),
}

impl HeadFile {
    /// Looks for the head of `origin` in `folder`.
    ///
    /// # Errors
    /// [`HeadsError::Unreadable`] or [`HeadsError::Unusable`] for one that is there and of
    /// the right owner, but can't be used: it may be newer than the ledger.
    pub(super) fn look(folder: &Path, origin: &str, owner: Owner) -> Result<Look, HeadsError> {
        let path = path_in(folder, origin);
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(custom(flags))
            .open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if is_nothing(&error) => return Ok(Look::Nothing),
            Err(source) => return refused(path, source, owner),
        };
        let unusable = |source| HeadsError::unusable(&path, source);
        let metadata = file.metadata().map_err(unusable)?;
        if let Some(ignored) = foreign_folder(folder, owner).or(foreign(&path, &metadata, owner)) {
            return Ok(Look::Ignored(ignored));
        }
        if !metadata.is_file() {
            return Err(HeadsError::Unreadable(path));
        }
        let slots = read_slots(&file, origin).map_err(unusable)?;
        let newest = slots.into_iter().max_by_key(|(_, slot)| slot.turn);
        let (in_slot, newest) = newest.ok_or_else(|| HeadsError::Unreadable(path.clone()))?;
        Ok(Look::Kept(Self {
            file,
            path,
            newest,
            in_slot,
        }))
    }

    /// Makes the file of a ledger that has none in `folder`. The folder is made where it
    /// is missing.
    pub(super) fn create(
        folder: &Path,
        origin: &str,
        owner: Owner,
        kept: KeptHead,
    ) -> io::Result<Self> {
        make_folder(folder)?;
        if let Some(ignored) = foreign_folder(folder, owner) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                ignored.to_string(),
            ));
        }
        let newest = Slot { turn: 1, kept };
        let mut temporary = tempfile::Builder::new()
            .prefix(".punchmark-")
            .permissions(Permissions::from_mode(owner.mode))
            .tempfile_in(folder)?;
        temporary.write_all(&newest.encode(origin))?;
        temporary.as_file().set_len(DISTANCE * 2)?;
        // Room that was never written would be found by the disk at the worst moment.
        temporary.as_file().write_all_at(&[0; SLOT], DISTANCE)?;
        take_after(temporary.as_file(), owner)?;
        temporary.as_file().sync_all()?;
        let path = path_in(folder, origin);
        let file = temporary.persist_noclobber(&path)?;
        sync_folder(folder)?;
        Ok(Self {
            file,
            path,
            newest,
            in_slot: 0,
        })
    }

    /// The head that it keeps.
    pub(super) fn kept(&self) -> KeptHead {
        self.newest.kept
    }

    /// Keeps a head in place of the one before the last. When this returns, it is on disk.
    pub(super) fn keep(&mut self, origin: &str, kept: KeptHead) -> io::Result<()> {
        let turn = self.newest.turn.checked_add(1);
        let turn = turn.ok_or_else(|| io::Error::other("the count of kept heads is at its end"))?;
        let slot = Slot { turn, kept };
        let to = 1 - self.in_slot;
        self.file
            .write_all_at(&slot.encode(origin), to * DISTANCE)?;
        self.file.sync_data()?;
        (self.newest, self.in_slot) = (slot, to);
        Ok(())
    }
}

/// The name of the file for the ledger of this name.
fn path_in(folder: &Path, origin: &str) -> PathBuf {
    let id = origin.rsplit('/').next().unwrap_or(origin);
    folder.join(format!("{id}.kept-head"))
}

/// A folder that is missing on the way holds nothing either.
fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A foreign file can't keep anybody from signing: that would be another's power over it.
fn refused(path: PathBuf, source: io::Error, owner: Owner) -> Result<Look, HeadsError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.uid() != owner.uid => Ok(Look::Ignored(Ignored {
            path,
            owner: metadata.uid(),
            wanted: owner.uid,
        })),
        _ => Err(HeadsError::unusable(&path, source)),
    }
}

fn foreign(path: &Path, metadata: &std::fs::Metadata, owner: Owner) -> Option<Ignored> {
    let is_foreign = metadata.uid() != owner.uid;
    let is_open = metadata.mode() & WRITABLE_BY_OTHERS != 0;
    (is_foreign || is_open).then(|| Ignored {
        path: path.to_path_buf(),
        owner: metadata.uid(),
        wanted: owner.uid,
    })
}

fn foreign_folder(folder: &Path, owner: Owner) -> Option<Ignored> {
    let metadata = folder.metadata().ok()?;
    let is_foreign = metadata.uid() != owner.uid && metadata.uid() != 0;
    let is_open = metadata.mode() & WRITABLE_BY_OTHERS != 0;
    (is_foreign || is_open).then(|| Ignored {
        path: folder.to_path_buf(),
        owner: metadata.uid(),
        wanted: owner.uid,
    })
}

/// Makes a folder that everybody may look into: heads are no secret.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let missing = folder.ancestors().take_while(|folder| !folder.is_dir());
    let missing: Vec<&Path> = missing.collect();
    std::fs::create_dir_all(folder)?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    // A folder whose own name is lost takes the head with it.
    let mut above = missing.iter().filter_map(|folder| folder.parent());
    above.try_for_each(sync_folder)
}

/// Gives the file the ledger's group, so that who reads the one reads the other.
fn take_after(file: &File, owner: Owner) -> io::Result<()> {
    let there = file.metadata()?;
    if there.gid() != owner.gid {
        std::os::unix::fs::fchown(file, None, Some(owner.gid))?;
    }
    Ok(())
}

fn read_slots(file: &File, origin: &str) -> io::Result<Vec<(u64, Slot)>> {
    let mut slots = Vec::new();
    for number in 0..2 {
        let mut bytes = [0; SLOT];
        let read = file.read_at(&mut bytes, number * DISTANCE)?;
        let bytes = bytes.get(..read).unwrap_or_default();
        slots.extend(Slot::decode(bytes, origin).map(|slot| (number, slot)));
    }
    Ok(slots)
}

/// Each slot has a page of its own, so that no write touches the other.
const DISTANCE: u64 = 4096;
