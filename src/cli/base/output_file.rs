//! The file that a list is written to, and those beside it; files that are put in place together.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::failure::{At, Failure};
use crate::output;

/// The file to replace: what a symbolic link points to, as `ssh-keygen` writes through
/// it; never a device or a pipe, which a rename would do away with.
pub(crate) fn target(out: &Path) -> Result<PathBuf, Failure> {
    match out.metadata() {
        Ok(metadata) if !metadata.is_file() => Err(Failure::new(format!(
            "{} is not a regular file, and would be replaced by one",
            out.display()
        ))),
        _ => Ok(out.canonicalize().unwrap_or_else(|_missing| out.to_owned())),
    }
}

/// The file of a list's signature, which lies beside the list.
pub(crate) fn signature_file(list: &Path) -> PathBuf {
    beside_file(list, ".sig")
}

/// The file of this ending that lies beside a list.
pub(crate) fn beside_file(list: &Path, ending: &str) -> PathBuf {
    let mut path = list.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// A file that is to be put in place.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: u32,
}

/// Writes all or none, in this order. What not everybody may read is for the group of its folder.
pub(crate) fn put(files: &[Place]) -> Result<(), Failure> {
    let mut staged = Vec::new();
    for Place { path, bytes, mode } in files {
        let one = output::stage(path, bytes, *mode).at("cannot write")?;
        if mode & READ_BY_ALL == 0 {
            let group = folder_of(path).metadata().in_file(folder_of(path))?.gid();
            output::give_to_group(&one, group).at("cannot write")?;
        }
        staged.push(one);
    }
    let released: Result<(), _> = output::release(staged).into_iter().collect();
    released.at("cannot write")
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

const READ_BY_ALL: u32 = 0o004;
