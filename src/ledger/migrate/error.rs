//! Why a ledger was not migrated.

use std::path::PathBuf;

use crate::ledger::checkpoint::CheckpointError;
use crate::ledger::entry::EntryError;
use crate::ledger::file::OpenError;
use crate::ledger::heads::HeadsError;

/// Why a ledger was not migrated. What was there is there still.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// It has the newest format already.
    #[error("ledger {} has format 4 already", .0.display())]
    NothingToDo(PathBuf),
    /// A later version wrote it.
    #[error("ledger {} has format {found}, this version knows up to 4", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: i64,
    },
    /// The entries or the head of the database are not what was written.
    #[error("ledger {} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// One entry can't be read.
    #[error("ledger entry {position} is damaged")]
    Entry {
        /// Its position.
        position: u64,
        /// What is wrong.
        source: EntryError,
    },
    /// A head that an earlier version kept is none.
    #[error("the kept head {}", path.display())]
    KeptHead {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CheckpointError,
    },
    /// The ledger does not go on from a head that an earlier version kept.
    #[error("the ledger does not go on from the head kept in {} ({size} entries)", path.display())]
    Older {
        /// The file of the kept head.
        path: PathBuf,
        /// How many entries it covers.
        size: u64,
    },
    /// The text of the last policy is none that any version wrote.
    #[error("the last policy in the ledger can't be read")]
    Policy(#[source] serde_json::Error),
    /// The system has no randomness to give.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// Another file has the name that the database shall get.
    #[error("{} is there already, and is not this ledger", .0.display())]
    Occupied(PathBuf),
    /// The file can't be taken as a ledger.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The head of the new file can't be kept.
    #[error(transparent)]
    Heads(#[from] HeadsError),
    /// The database does not work.
    #[error("ledger {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file can't be made, named or removed.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
