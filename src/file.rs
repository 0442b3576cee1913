//! Files from outside, opened once: what is only read, and what is trusted as well.
//!
//! Whatever is only read (keys, requests, lists, logs) may be anybody's, and links to it are
//! followed. It is opened without waiting and must be a regular file: a pipe among key files
//! would else hold a run, and the ledger with it, for ever. What is believed as if we had
//! written it (the config, roots, a PIN, a PKCS#11 module) must also be ours: see [`Writers`].

mod accounts;
mod writers;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

pub use writers::{Untrusted, Writers};

/// Opens a regular file to read it, without waiting for anybody.
///
/// # Errors
/// What the system says; `InvalidInput` for a pipe, a device or a socket, `IsADirectory` for
/// a folder.
pub fn open(path: &Path) -> io::Result<File> {
    let file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if kind.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "is a pipe, a device or a socket, not a file",
    ))
}

/// Reads a text file of at most `limit` bytes, and not a byte more of a larger one.
///
/// # Errors
/// For the same reasons as [`open`]; `FileTooLarge`, and `InvalidData` for what is no UTF-8.
pub fn read_limited(path: &Path, limit: u64) -> io::Result<String> {
    read_from(open(path)?, limit)
}

/// Reads a file of any bytes, at most `limit`, and not a byte more of a larger one.
///
/// # Errors
/// For the same reasons as [`open`]; `FileTooLarge`.
pub fn read_bytes(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    bytes_from(open(path)?, limit)
}

/// Reads at most `limit` bytes from anything, standard input for one.
///
/// # Errors
/// What the system says; `FileTooLarge`.
pub fn bytes_from(input: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    input
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    refuse_larger(bytes.len(), limit).map(|()| bytes)
}

/// Reads text of at most `limit` bytes from anything, standard input for one.
///
/// # Errors
/// What the system says; `FileTooLarge` and `InvalidData` (no UTF-8).
pub fn read_from(input: impl Read, limit: u64) -> io::Result<String> {
    let mut text = String::new();
    input
        .take(limit.saturating_add(1))
        .read_to_string(&mut text)?;
    refuse_larger(text.len(), limit).map(|()| text)
}

fn refuse_larger(length: usize, limit: u64) -> io::Result<()> {
    match u64::try_from(length) {
        Ok(length) if length <= limit => Ok(()),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_without_a_writer_holds_nobody_up() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("key.pub");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        let error = read_limited(&pipe, 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("pipe"), "{error}");
        let error = read_bytes(&pipe, 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_device_and_a_folder_are_no_files() {
        for (path, kind) in [
            ("/dev/zero", io::ErrorKind::InvalidInput),
            ("/", io::ErrorKind::IsADirectory),
        ] {
            assert_eq!(open(Path::new(path)).unwrap_err().kind(), kind, "{path}");
        }
    }

    #[test]
    fn a_link_to_a_file_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "text").unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("b")).unwrap();
        assert_eq!(read_limited(&dir.path().join("b"), 4).unwrap(), "text");
        let larger = read_limited(&dir.path().join("b"), 3).unwrap_err();
        assert_eq!(larger.kind(), io::ErrorKind::FileTooLarge);
    }
}
