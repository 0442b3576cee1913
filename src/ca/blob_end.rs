//! The end of a file with a wrapped key: overwritten, removed, and read back as gone.
//!
//! A medium of flash memory may keep what was overwritten elsewhere in it: that it is destroyed is for people
//! to see to, and the docs say how.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::wrapped_key::{WRAPPED_KEY_BYTES_MAX, WrappedKeyFile};
use crate::output::sync_folder;
use crate::wire::hex;

/// Whether an earlier run wrote down that it was about to overwrite the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It did: what is there by now may be overwritten, or removed.
    Before,
    /// It did not.
    Now,
}

/// Why a file is there still, or may be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverwriteError {
    /// The file has other bytes.
    #[error("{path} has the SHA-256 {found}, and is not the wrapped key of the ledger")]
    Other {
        /// The file.
        path: String,
        /// What it has.
        found: String,
    },
    /// The system took it, and shows the file all the same.
    #[error("{0} is still there, although the system said that it removed it")]
    StillThere(String),
    /// The system says no.
    #[error("{path}")]
    File {
        /// The file or its folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// Overwrites a file of these bytes by random ones, removes it, and looks whether it is gone.
///
/// # Errors
/// [`OverwriteError`]. The same call, with [`Begun::Before`], goes on.
pub fn overwrite(path: &Path, sha256: &[u8; 32], begun: Begun) -> Result<(), OverwriteError> {
    let failed = |source| OverwriteError::File {
        path: path.display().to_string(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    // Without the medium nothing can be said of what is on it.
    folder.metadata().map_err(failed)?;
    let bytes = match crate::file::read_bytes(path, WRAPPED_KEY_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && begun == Begun::Before => {
            return Ok(());
        }
        read => read.map_err(failed)?,
    };
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    if found == *sha256 {
        write_over(path, bytes.len()).map_err(failed)?;
    } else if begun == Begun::Now || WrappedKeyFile::from_bytes(&bytes).is_ok() {
        // Random bytes of a run that was cut short are none: that is another CA's, or a newer one.
        return Err(other(path, &found));
    }
    std::fs::remove_file(path).map_err(failed)?;
    sync_folder(folder);
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(_there) => Err(OverwriteError::StillThere(path.display().to_string())),
    }
}

/// Refuses a file that has other bytes.
///
/// # Errors
/// [`OverwriteError`].
pub fn is_blob(path: &Path, sha256: &[u8; 32]) -> Result<(), OverwriteError> {
    let bytes = crate::file::read_bytes(path, WRAPPED_KEY_BYTES_MAX);
    let bytes = bytes.map_err(|source| OverwriteError::File {
        path: path.display().to_string(),
        source,
    })?;
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    if found == *sha256 {
        return Ok(());
    }
    Err(other(path, &found))
}

fn other(path: &Path, found: &[u8; 32]) -> OverwriteError {
    OverwriteError::Other {
        path: path.display().to_string(),
        found: hex(found),
    }
}

/// In place: another file of that name would leave the bytes where they are.
fn write_over(path: &Path, length: usize) -> io::Result<()> {
    let mut random = vec![0; length];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let mut file = OpenOptions::new()
        .write(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)?;
    file.write_all(&random)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_file_is_overwritten_in_place_and_gone_and_another_one_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.wrapped");
        std::fs::write(&path, b"wrapped").unwrap();
        let sha256 = Sha256::digest(b"wrapped").into();
        let other = overwrite(&path, &[1; 32], Begun::Now).unwrap_err();
        assert!(matches!(other, OverwriteError::Other { .. }), "{other}");
        assert_eq!(std::fs::read(&path).unwrap(), b"wrapped");
        // What a second name of the file shows is what is on the disk.
        let second = folder.path().join("second");
        std::fs::hard_link(&path, &second).unwrap();
        overwrite(&path, &sha256, Begun::Now).unwrap();
        assert!(!path.exists());
        let left = std::fs::read(&second).unwrap();
        assert_ne!(left, b"wrapped");
        assert_eq!(second.metadata().unwrap().size(), 7);
    }

    #[test]
    fn a_run_that_was_cut_short_goes_on_and_one_that_never_began_finds_a_missing_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.wrapped");
        overwrite(&path, &[1; 32], Begun::Before).unwrap();
        overwrite(&path, &[1; 32], Begun::Now).unwrap_err();
        std::fs::write(&path, b"random").unwrap();
        overwrite(&path, &[1; 32], Begun::Before).unwrap();
        assert!(!path.exists());
        let elsewhere = folder.path().join("no medium/users.wrapped");
        overwrite(&elsewhere, &[1; 32], Begun::Before).unwrap_err();
    }
}
