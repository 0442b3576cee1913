//! What the ledger's files have in common: how they are opened, and how a name is kept.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Open flags, as the standard library wants them.
pub(super) fn custom(flags: OFlags) -> i32 {
    i32::from_ne_bytes(flags.bits().to_ne_bytes())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(custom(OFlags::DIRECTORY))
        .open(folder)?;
    opened.sync_all()
}

/// The permission bits by which others than the owner may write.
pub(super) const WRITABLE_BY_OTHERS: u32 = 0o022;
