//! Which files are taken as a ledger to write to: opened once, and only where nobody else
//! can change the file, its name or what stands in its folder.
//!
//! A name can lead elsewhere from one moment to the next, so it is resolved once; from then
//! on the open handle is the ledger, and [`Guarded::still_named`] holds the name against it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, Stat};

use super::file_system;
use super::open_error::OpenError;
use crate::ledger::account::Account;
use crate::ledger::disk::{WRITABLE_BY_OTHERS, custom};

/// A file that was opened, and the name that it was opened by.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) file: File,
    /// Absolute, without symbolic links when it was opened.
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
    /// What the place has that only the config makes right: `hard links`, `nfs`.
    pub(super) allowed: Vec<String>,
}

/// Whether the name of a ledger still leads to the open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It does.
    Still,
    /// Another file, or none, stands there now.
    NoLonger,
}

impl Guarded {
    /// Opens the ledger at `path` to write.
    ///
    /// # Errors
    /// [`OpenError`], by the first fault of file, folder or file system.
    pub(super) fn open(path: &Path, allow: &[String]) -> Result<Self, OpenError> {
        let path = path.canonicalize().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => OpenError::Missing(path.to_path_buf()),
            _ => OpenError::file(path, source),
        })?;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(custom(flags))
            .open(&path)
            .map_err(|source| refused_to_open(&path, source))?;
        Self::of(file, path, allow)
    }

    /// Takes an open file, if it is fit for a ledger.
    pub(super) fn of(file: File, path: PathBuf, allow: &[String]) -> Result<Self, OpenError> {
        let stat =
            rustix::fs::fstat(&file).map_err(|error| OpenError::file(&path, error.into()))?;
        let mut guarded = Self {
            file,
            path,
            stat,
            allowed: Vec::new(),
        };
        guarded.check_file()?;
        check_folder(folder(&guarded.path))?;
        guarded.check_names(allow)?;
        guarded.check_file_system(allow)?;
        Ok(guarded)
    }

    /// Whether its name still leads to it, and it has no more names than before.
    pub(super) fn still_named(&self) -> Named {
        let there = rustix::fs::lstat(&self.path);
        match there {
            Ok(there)
                if there.st_dev == self.stat.st_dev
                    && there.st_ino == self.stat.st_ino
                    && there.st_nlink == self.stat.st_nlink =>
            {
                Named::Still
            }
            _ => Named::NoLonger,
        }
    }

    fn check_file(&self) -> Result<(), OpenError> {
        let failed = |source| OpenError::file(&self.path, source);
        let metadata = self.file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(OpenError::NotALedger(self.path.clone()));
        }
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
        if owner != rustix::process::geteuid().as_raw() {
            return Err(foreign(&self.path, owner));
        }
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(OpenError::Writable {
                path: self.path.clone(),
                mode,
            });
        }
        Ok(())
    }

    #[allow(
        clippy::useless_conversion,
        reason = "another system counts in another width"
    )]
    fn check_names(&mut self, allow: &[String]) -> Result<(), OpenError> {
        if self.stat.st_nlink == 1 {
            return Ok(());
        }
        if !allow.iter().any(|what| what == HARD_LINKS) {
            return Err(OpenError::HardLinks {
                path: self.path.clone(),
                names: self.stat.st_nlink.into(),
            });
        }
        self.allowed.push(HARD_LINKS.to_owned());
        Ok(())
    }

    fn check_file_system(&mut self, allow: &[String]) -> Result<(), OpenError> {
        let of_file = rustix::fs::fstatfs(&self.file);
        let of_file = of_file.map_err(|error| OpenError::file(&self.path, error.into()))?;
        let Some(name) = file_system::doubtful(of_file.f_type) else {
            return Ok(());
        };
        if !allow.contains(&name) {
            return Err(OpenError::FileSystem {
                path: self.path.clone(),
                name,
            });
        }
        self.allowed.push(name);
        Ok(())
    }
}

/// The folder that a file is in.
pub(in crate::ledger) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whoever may write in the folder may put another file in the ledger's place.
pub(super) fn check_folder(folder: &Path) -> Result<(), OpenError> {
    let metadata = folder.metadata();
    let metadata = metadata.map_err(|source| OpenError::file(folder, source))?;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(OpenError::ForeignFolder {
            path: folder.to_path_buf(),
            owner: account_name(owner),
        });
    }
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(OpenError::Writable {
            path: folder.to_path_buf(),
            mode,
        });
    }
    Ok(())
}

/// Opens a file to read it: any owner, links followed, never waiting for a FIFO.
pub(super) fn open_to_read(path: &Path) -> Result<File, OpenError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(custom(OFlags::NONBLOCK))
        .open(path)
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => OpenError::Missing(path.to_path_buf()),
            _ => OpenError::file(path, source),
        })?;
    let kind = file.metadata().map(|metadata| metadata.file_type());
    match kind {
        // A device, as a disc that was burnt, has the bytes as well.
        Ok(kind) if kind.is_file() || kind.is_block_device() => Ok(file),
        Ok(_) => Err(OpenError::NotALedger(path.to_path_buf())),
        Err(source) => Err(OpenError::file(path, source)),
    }
}

/// Says whose ledger it is before it says that it can't be opened: that is what helps.
fn refused_to_open(path: &Path, source: std::io::Error) -> OpenError {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.uid() != rustix::process::geteuid().as_raw() => {
            foreign(path, metadata.uid())
        }
        Ok(metadata) if metadata.is_dir() => OpenError::NotALedger(path.to_path_buf()),
        _ => OpenError::file(path, source),
    }
}

fn foreign(path: &Path, owner: u32) -> OpenError {
    OpenError::ForeignOwner {
        path: path.to_path_buf(),
        owner: account_name(owner),
    }
}

fn account_name(uid: u32) -> String {
    Account::of(uid).map_or_else(|| format!("uid {uid}"), |account| account.name)
}

/// What the config calls a ledger with more than one name.
pub(in crate::ledger) const HARD_LINKS: &str = "hard links";
