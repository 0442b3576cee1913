//! The file that a list is written to, and those beside it.

use std::path::{Path, PathBuf};

use super::failure::Failure;

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
