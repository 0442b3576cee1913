//! Files made whole or not at all: a temporary file beside the target, synced,
//! then renamed over it.
//!
//! Certificates, `users.pub` and the config all reach the disk through here, so
//! that a crash or a full disk leaves the old file or the new one, never a part.

mod litter;
pub mod page;

use std::collections::HashSet;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is written and waits, under a temporary name, to be released.
///
/// Dropped without [`release`], it leaves nothing behind.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    target: PathBuf,
}

/// Writes `bytes` under a temporary name in the folder of `target`.
///
/// # Errors
/// [`OutputError`], and then no file is left.
pub fn stage(target: &Path, bytes: &[u8], mode: u32) -> Result<Staged, OutputError> {
    stage_by(target, mode, |file| file.write_all(bytes))
}

/// Lets `content` write under a temporary name in the folder of `target`: for what is too
/// large to be held.
///
/// # Errors
/// [`OutputError`], also with what `content` says, and then no file is left.
pub fn stage_by(
    target: &Path,
    mode: u32,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<Staged, OutputError> {
    let failed = |source| OutputError::new(target, source);
    litter::sweep(folder(target));
    let mut file = tempfile::Builder::new()
        .prefix(litter::prefix())
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder(target))
        .map_err(failed)?;
    content(file.as_file_mut()).map_err(failed)?;
    Ok(Staged {
        file,
        target: target.to_path_buf(),
    })
}

/// Gives a staged file to a group, where it isn't that group's already.
///
/// # Errors
/// [`OutputError`] if this account may not.
pub fn give_to_group(staged: &Staged, group: u32) -> Result<(), OutputError> {
    let failed = |source| OutputError::new(&staged.target, source);
    if staged.file.as_file().metadata().map_err(failed)?.gid() == group {
        return Ok(());
    }
    std::os::unix::fs::fchown(staged.file.as_file(), None, Some(group)).map_err(failed)
}

/// Makes every staged file durable, then renames each to its target.
///
/// Many are synced together: no rename happens before all contents are on disk.
/// One result a file, in order; a failure concerns its own file alone.
pub fn release(staged: Vec<Staged>) -> Vec<Result<(), OutputError>> {
    let synced = sync(&staged).map_err(|error| error.kind());
    let folders: HashSet<PathBuf> = staged.iter().map(|s| folder(&s.target).into()).collect();
    let results = staged
        .into_iter()
        .map(|one| match synced {
            Ok(()) => one.rename(),
            Err(kind) => Err(OutputError::new(&one.target, kind.into())),
        })
        .collect();
    folders.iter().for_each(|folder| sync_folder(folder));
    results
}

/// Replaces `target` by a file of `bytes`, or creates it.
///
/// # Errors
/// [`OutputError`], and then `target` is what it was.
pub fn write(target: &Path, bytes: &[u8], mode: u32) -> Result<(), OutputError> {
    release(vec![stage(target, bytes, mode)?])
        .into_iter()
        .collect()
}

/// Keeps other runs from changing files of a folder, which ask for the same, until it is dropped.
///
/// # Errors
/// What the system says.
pub fn lock_folder(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// Renames a staged file to its target without making it durable: for what may be lost
/// in a power cut, but never be seen in part.
///
/// # Errors
/// [`OutputError`], and then the target is what it was.
pub fn rename_unsynced(staged: Staged) -> Result<(), OutputError> {
    staged.rename()
}

/// Creates `target`, and refuses if something is there.
///
/// # Errors
/// [`OutputError`], of kind `AlreadyExists` if something was there.
pub fn create(target: &Path, bytes: &[u8], mode: u32) -> Result<(), OutputError> {
    let Staged { file, target } = stage(target, bytes, mode)?;
    let failed = |source| OutputError::new(&target, source);
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(&target)
        .map_err(|error| failed(error.error))?;
    sync_folder(folder(&target));
    Ok(())
}

/// Whether a file could be put at `target`: asked before a key is used for it.
///
/// # Errors
/// [`OutputError`] if the folder is missing or not writable, or `target` is a folder.
pub fn check(target: &Path) -> Result<(), OutputError> {
    let failed = |source| OutputError::new(target, source);
    rustix::fs::access(folder(target), rustix::fs::Access::WRITE_OK)
        .map_err(|error| failed(error.into()))?;
    if target.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    Ok(())
}

/// Whether the file at `target` could be replaced, where there is one, as [`write()`] does it: asked
/// by doing it and undoing it, since a file that may not be changed or is mounted shows only so.
///
/// A file system that cannot exchange two names is not asked. A run that is killed in between
/// leaves a file of the same bytes.
///
/// # Errors
/// [`OutputError`], and then `target` is what it was.
pub fn check_replaced(target: &Path) -> Result<(), OutputError> {
    check(target)?;
    let failed = |source| OutputError::new(target, source);
    let (bytes, mode) = match std::fs::read(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), 0o600),
        read => {
            let metadata = target.metadata().map_err(failed)?;
            (read.map_err(failed)?, metadata.mode() & 0o777)
        }
    };
    let staged = stage(target, &bytes, mode)?;
    let exchange = || {
        let (here, flags) = (rustix::fs::CWD, rustix::fs::RenameFlags::EXCHANGE);
        rustix::fs::renameat_with(here, staged.file.path(), here, target, flags)
    };
    match exchange().and_then(|()| exchange()) {
        Ok(())
        | Err(rustix::io::Errno::NOENT | rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            Ok(())
        }
        Err(error) => Err(failed(error.into())),
    }
}

/// A file that could not be written. Nothing of it is left under its name.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct OutputError {
    /// The file that was to be made.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl OutputError {
    fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_path_buf(),
            source: without_temporary_name(source),
        }
    }
}

impl Staged {
    fn rename(self) -> Result<(), OutputError> {
        let target = self.target;
        self.file
            .persist(&target)
            .map(|_| ())
            .map_err(|error| OutputError::new(&target, error.error))
    }
}

/// One sync a file where there are few, one a file system where there are many.
fn sync(staged: &[Staged]) -> io::Result<()> {
    if staged.len() <= FEW || cfg!(not(target_os = "linux")) {
        return staged
            .iter()
            .try_for_each(|one| one.file.as_file().sync_data());
    }
    let mut devices = HashSet::new();
    for one in staged {
        if devices.insert(one.file.as_file().metadata()?.dev()) {
            sync_file_system(one.file.as_file())?;
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn sync_file_system(of: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(of)?)
}

/// One can't be synced by itself.
#[cfg(not(target_os = "linux"))]
fn sync_file_system(_of: &File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes renames in `folder` durable. Some file systems cannot sync a folder; the
/// contents are safe by then, and a lost name is restored by `--resume`.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _unsupported = folder.sync_all();
    }
}

/// tempfile puts the temporary file's name into its errors, which says nothing to people.
fn without_temporary_name(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|error| error.source());
    let code = inner
        .and_then(|error| error.downcast_ref::<io::Error>())
        .and_then(io::Error::raw_os_error);
    code.map_or(error, io::Error::from_raw_os_error)
}

fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Up to so many files are synced one by one: a sync of the whole file system waits
/// for what other programs wrote, too.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_whole_and_with_the_mode_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a");
        write(&target, b"old", 0o600).unwrap();
        write(&target, b"new", 0o644).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        let mode = target.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn asking_whether_a_file_could_be_replaced_leaves_the_very_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a");
        check_replaced(&target).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        write(&target, b"old", 0o640).unwrap();
        let inode = target.metadata().unwrap().ino();
        check_replaced(&target).unwrap();
        let metadata = target.metadata().unwrap();
        assert_eq!((metadata.ino(), metadata.mode() & 0o777), (inode, 0o640));
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn releases_many_and_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let staged = (0..20)
            .map(|i| stage(&dir.path().join(i.to_string()), b"x", 0o644).unwrap())
            .collect();
        assert!(release(staged).iter().all(Result::is_ok));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 20);
    }

    #[test]
    fn a_staged_file_that_is_never_released_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(stage(&dir.path().join("a"), b"x", 0o644).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn create_refuses_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a");
        create(&target, b"1", 0o600).unwrap();
        let error = create(&target, b"2", 0o600).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"1");
    }

    #[test]
    fn check_refuses_a_missing_folder_and_a_folder_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let missing = check(&dir.path().join("no/such")).unwrap_err();
        assert_eq!(missing.source.kind(), io::ErrorKind::NotFound);
        let in_the_way = check(dir.path()).unwrap_err();
        assert_eq!(in_the_way.source.kind(), io::ErrorKind::IsADirectory);
    }
}
