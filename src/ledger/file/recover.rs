//! What a crash may have left behind the last whole frame, and how it is put in order.
//!
//! Only the holder of the lock changes anything. A frame that no kept head covers was never
//! acknowledged: whatever became of it, nobody was given a certificate on its word.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::format::{self, PREFIX};
use super::guard::folder;
use super::open_error::OpenError;
use super::room::{self, Tail};
use crate::ledger::disk::{custom, sync_folder};
use crate::ledger::store::Place;

/// What was put aside of a broken frame, to be said in an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutTail {
    /// Where it began in the file, in bytes.
    pub offset: u64,
    /// How many bytes it had.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// The name of the file beside the ledger that has the copy.
    pub copy: String,
}

/// Whether bytes behind the last whole frame can be those of one write that was cut short.
///
/// # Errors
/// What the system says.
pub(super) fn is_torn_write(file: &File, tail: Tail) -> io::Result<bool> {
    // No write is longer than a frame; no memory is taken for what is none.
    let length = usize::try_from(tail.length).ok();
    let Some(length) = length.filter(|length| *length <= format::LONGEST) else {
        return Ok(false);
    };
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, tail.offset)?;
    let claimed = bytes
        .first_chunk::<PREFIX>()
        .copied()
        .and_then(format::length);
    Ok(match claimed {
        Some(length) => bytes.len() <= length,
        // The page that tells the length is lost. Then only a whole frame in it shows that
        // more than one frame was written since.
        None => !holds_a_frame(&bytes),
    })
}

fn holds_a_frame(bytes: &[u8]) -> bool {
    let whole = |at: usize| {
        let rest = bytes.get(at..)?;
        let length = format::length(*rest.first_chunk()?)?;
        format::decode(rest.get(..length)?).ok()
    };
    (0..bytes.len()).any(|at| whole(at).is_some())
}

/// Copies the tail aside, and makes room of zeros of it again; both are on disk then.
///
/// # Errors
/// [`OpenError::File`].
pub(super) fn cut(file: &File, ledger: &Path, tail: Tail) -> Result<CutTail, OpenError> {
    let path = copy_of(ledger, tail.offset);
    let failed = |source| OpenError::file(&path, source);
    let length = usize::try_from(tail.length).map_err(|error| failed(io::Error::other(error)))?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, tail.offset)
        .map_err(failed)?;
    let copied = copy(&path, &bytes).map_err(failed)?;
    room::write_zeros(file, tail.offset, tail.offset + tail.length)
        .and_then(|()| file.sync_data())
        .map_err(|source| OpenError::file(ledger, source))?;
    Ok(facts(tail.offset, &bytes, &copied))
}

/// A tail that was cut off at `end` by a run that ended before it could say so in an entry.
/// The entry would stand where the tail was.
pub(super) fn cut_before(ledger: &Path, end: Place) -> Option<CutTail> {
    let path = copy_of(ledger, end.0);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(custom(flags))
        .open(&path);
    let file = opened.ok()?;
    let length = file.metadata().ok()?.len();
    let mut bytes = vec![
        0;
        usize::try_from(length)
            .ok()
            .filter(|l| *l <= format::LONGEST)?
    ];
    file.read_exact_at(&mut bytes, 0).ok()?;
    Some(facts(end.0, &bytes, &path))
}

fn facts(offset: u64, bytes: &[u8], copy: &Path) -> CutTail {
    let name = copy.file_name().unwrap_or_default();
    CutTail {
        offset,
        length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        sha256: Sha256::digest(bytes).into(),
        copy: name.to_string_lossy().into_owned(),
    }
}

/// Writes the copy; one that an interrupted recovery left is written over.
fn copy(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let folder = folder(path);
    let mut copy = tempfile::Builder::new()
        .prefix(".punchmark-")
        .tempfile_in(folder)?;
    copy.write_all(bytes)?;
    copy.as_file().sync_all()?;
    copy.persist(path)?;
    sync_folder(folder)?;
    Ok(path.to_path_buf())
}

fn copy_of(ledger: &Path, offset: u64) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(format!(".tail-{offset}"));
    name.into()
}
