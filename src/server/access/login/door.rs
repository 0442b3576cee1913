//! Files that are believed within a login: root's alone to write, with every folder up to `/`.
//!
//! sshd asks the same of the files that it believes (`safe_path` of OpenSSH). Here each folder is
//! opened from the one above it, and no link is followed, so that what was looked at is what is
//! read.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};

/// Why a file isn't believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// No absolute path, or one that goes back.
    #[error("{}: no absolute path", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// It can't be opened.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A link, a pipe, a device.
    #[error("{}: a link or no regular file", path.display())]
    Kind {
        /// The file, or a folder on its way.
        path: PathBuf,
    },
    /// Another account's.
    #[error("{}: not root's, but of uid {uid}", path.display())]
    Owner {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Others may write to it.
    #[error("{}: can be changed by others (mode {mode:04o})", path.display())]
    Writable {
        /// The file, or a folder on its way.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// Opens a file to read it, if nobody but root can have written it.
///
/// # Errors
/// [`Untrusted`].
pub fn open(path: &Path) -> Result<File, Untrusted> {
    open_as(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).map(File::from)
}

/// Opens a file that may be missing, or not be ours to read; one that others could have written
/// is refused all the same.
///
/// # Errors
/// [`Untrusted`].
pub(super) fn open_if_readable(path: &Path) -> Result<Option<File>, Untrusted> {
    match open(path) {
        Ok(file) => Ok(Some(file)),
        Err(Untrusted::Open { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Holds a file that is run, not read, to the same.
///
/// # Errors
/// [`Untrusted`].
pub fn check(path: &Path) -> Result<(), Untrusted> {
    open_as(path, LOOK).map(drop)
}

/// Reads a file that decides nothing about who may do what; none if that can't be.
pub(super) fn read_any(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty()).ok()?);
    let mut bytes = Vec::new();
    let read = file.take(limit).read_to_end(&mut bytes);
    read.is_ok().then_some(bytes)
}

fn open_as(path: &Path, flags: OFlags) -> Result<OwnedFd, Untrusted> {
    let refused = || Untrusted::Path {
        path: path.to_owned(),
    };
    let mut components = path.components();
    if components.next() != Some(Component::RootDir) {
        return Err(refused());
    }
    let names: Option<Vec<_>> = components
        .map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    let names = names.ok_or_else(refused)?;
    let (name, folders) = names.split_last().ok_or_else(refused)?;
    let mut here = PathBuf::from("/");
    let mut folder = step(None, &here, FOLDER)?;
    for name in folders {
        here.push(name);
        folder = step(Some((&folder, name.as_ref())), &here, FOLDER)?;
    }
    here.push(name);
    step(Some((&folder, name.as_ref())), &here, flags)
}

/// Opens what stands at `path`, which is a name in a folder or `/` itself, and looks at it.
fn step(
    within: Option<(&OwnedFd, &Path)>,
    path: &Path,
    flags: OFlags,
) -> Result<OwnedFd, Untrusted> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match within {
        Some((folder, name)) => openat(folder, name, flags, Mode::empty()),
        None => openat(CWD, path, flags, Mode::empty()),
    };
    let failed = |errno: rustix::io::Errno| Untrusted::Open {
        path: path.to_owned(),
        source: errno.into(),
    };
    let opened = opened.map_err(failed)?;
    judge(
        path,
        &fstat(&opened).map_err(failed)?,
        flags.contains(OFlags::DIRECTORY),
    )?;
    Ok(opened)
}

#[allow(
    clippy::useless_conversion,
    reason = "another system counts in another width"
)]
fn judge(path: &Path, stat: &Stat, folder: bool) -> Result<(), Untrusted> {
    let path = || path.to_owned();
    let kind = FileType::from_raw_mode(stat.st_mode);
    let expected = if folder {
        FileType::Directory
    } else {
        FileType::RegularFile
    };
    if kind != expected {
        return Err(Untrusted::Kind { path: path() });
    }
    if stat.st_uid != ROOT {
        let uid = stat.st_uid;
        return Err(Untrusted::Owner { path: path(), uid });
    }
    let mode = u32::from(stat.st_mode) & 0o7777;
    if mode & 0o022 != 0 {
        return Err(Untrusted::Writable { path: path(), mode });
    }
    Ok(())
}

/// To be looked at, and not read.
#[cfg(target_os = "linux")]
const LOOK: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOK: OFlags = OFlags::RDONLY;
const FOLDER: OFlags = LOOK.union(OFlags::DIRECTORY);
const ROOT: u32 = 0;
