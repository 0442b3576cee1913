//! What a config says of the place of a ledger, and of the heads kept outside of it.

use std::path::{Path, PathBuf};

/// What holds for one ledger file beside what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSettings {
    /// Folders where the head is kept too, beside the machine's and the owner's.
    pub kept_heads: Vec<PathBuf>,
    /// Folders where alone a head begins to be kept: neither in the machine's nor in the
    /// owner's, where one that is there already counts all the same.
    pub kept_heads_only: Option<Vec<PathBuf>>,
    /// Folders where programs before 0.2.0 may have kept a head, as `ID.head`.
    pub old_heads: Vec<PathBuf>,
    /// Who is at the keyboard, by the system's word: for the entries that the ledger makes
    /// of itself.
    pub keyboard: String,
    /// What is allowed although it is refused by itself: `hard links`, `heads below`, or a
    /// file system.
    pub allow: Vec<String>,
}

impl FileSettings {
    /// The folders of heads that the config names.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        let only = self.kept_heads_only.iter().flatten();
        only.chain(&self.kept_heads).map(PathBuf::as_path)
    }
}
