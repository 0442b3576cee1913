//! Why a ledger file was not opened.

use std::path::{Path, PathBuf};

use super::holder::Holder;
use crate::ledger::heads::HeadsError;
use crate::ledger::store::StoreError;

/// Why a ledger file was not opened, or not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No file is there.
    #[error("ledger {} is missing", .0.display())]
    Missing(PathBuf),
    /// A new ledger was to be made where a file is.
    #[error("ledger {} exists already", .0.display())]
    Exists(PathBuf),
    /// The file is no ledger of ours.
    #[error("{} is not a ledger", .0.display())]
    NotALedger(PathBuf),
    /// It is a mirror, which nothing is signed from.
    #[error("{} is a mirror of a ledger, and nothing is signed or recorded from it", .0.display())]
    Mirror(PathBuf),
    /// It is the ledger itself, which takes nothing from elsewhere.
    #[error("{} is no mirror but a ledger, which takes no entries from elsewhere", .0.display())]
    NoMirror(PathBuf),
    /// A version before 0.2.0 wrote it; it is migrated first.
    #[error("ledger {} has a format of before 0.2.0, which is a database", .0.display())]
    OlderFormat(PathBuf),
    /// A later version wrote it.
    #[error("ledger {} has format {found}, this version knows up to 4", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The number of the format that the file has.
        found: u32,
    },
    /// Another run writes to it.
    #[error("ledger {} is in use by another run{}", path.display(), by(holder.as_ref()))]
    Locked {
        /// The file.
        path: PathBuf,
        /// Who that is, where the system tells it.
        holder: Option<Holder>,
    },
    /// It is another account's, which alone writes to it.
    #[error("ledger {} belongs to {owner}, who alone writes to it", path.display())]
    ForeignOwner {
        /// The file.
        path: PathBuf,
        /// The account's name, or its number.
        owner: String,
    },
    /// The ledger's folder is another account's, who could put another file in its place.
    #[error("the ledger's folder {} belongs to {owner}", path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
        /// The account's name, or its number.
        owner: String,
    },
    /// The file or its folder can be written by others.
    #[error("{} can be written by others (mode {mode:04o})", path.display())]
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// The permission bits of the file or folder.
        mode: u32,
    },
    /// The file has more names, by which a second run could take it for another ledger.
    #[error("ledger {} has {names} hard links", path.display())]
    HardLinks {
        /// The file.
        path: PathBuf,
        /// How many names.
        names: u64,
    },
    /// The file system is none that is known to keep what was synced.
    #[error("ledger {} lies on the file system {name}, which may lose what was synced", path.display())]
    FileSystem {
        /// The file.
        path: PathBuf,
        /// The name of the file system, or its number in statfs(2).
        name: String,
    },
    /// Its heads are kept where they go back together with it.
    #[error("the head of the ledger is kept in its own folder alone, {}: an older copy of that has an older head too", .0.display())]
    HeadsBeside(PathBuf),
    /// Its heads are kept where they go back with whoever puts the ledger's whole folder back.
    #[error("the head of the ledger is kept below its own folder alone, in {}: an older copy of that has an older head too", .0.display())]
    HeadsBelow(PathBuf),
    /// Something stands behind the last whole frame that no crash of a writer leaves.
    #[error("ledger {} is damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// The heads that are kept outside can't be used.
    #[error(transparent)]
    Heads(#[from] HeadsError),
    /// What a crash left could not be put in order.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file or its folder can't be used.
    #[error("ledger file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    pub(in crate::ledger) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_path_buf(),
            source,
        }
    }
}

fn by(holder: Option<&Holder>) -> String {
    holder.map_or(String::new(), |holder| format!(": {holder}"))
}
