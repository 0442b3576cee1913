//! The heads that versions before 0.2.0 kept: one checkpoint as text, in the home of
//! whoever signed.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::disk::custom;

/// The heads of the ledger `origin` in these folders, each with its file.
pub(super) fn find<'a>(
    origin: &'a str,
    folders: &'a [PathBuf],
) -> impl Iterator<Item = (PathBuf, Result<Checkpoint, CheckpointError>)> + 'a {
    let id = origin.rsplit('/').next().unwrap_or(origin);
    folders.iter().filter_map(move |folder| {
        let path = folder.join(format!("{id}.head"));
        let text = text(&path)?;
        Some((path, Checkpoint::parse(&text)))
    })
}

/// What can't be read was never kept, as those versions had it.
fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(custom(OFlags::NONBLOCK))
        .open(path)
        .ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// A head takes three lines.
const LARGEST: u64 = 4096;
