//! The kept head: how far a ledger had come, written down outside of its folder.
//!
//! A copy of the ledger that is older than its kept head is not written to: it would give
//! out serials a second time. No frame is acknowledged before every kept head covers it,
//! so that there is no moment at which an older copy would go unnoticed.
//!
//! A head is looked for by the ledger's own name ([`origin`](super::checkpoint::origin)) in
//! folders that do not depend on who runs the program: the machine's, that of the home of
//! the *file's owner*, those that the config names, and those that the ledger records. All
//! that are found must be extended. No config takes a folder away: it only says where a head
//! is kept that is not kept yet.

mod head_file;
pub mod slot;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::checkpoint::CheckpointError;
use super::settings::FileSettings;
use super::store::{Head, Place};

use head_file::{HeadFile, Look};

/// A head, and where in the file the frame is that it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// Size and root.
    pub head: Head,
    /// Where the last frame that it covers begins.
    pub last: Place,
    /// Where the next frame begins.
    pub next: Place,
}

/// Whose a ledger file is. Its kept heads are theirs too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
}

/// The kept heads of one ledger.
#[derive(Debug)]
pub(super) struct KeptHeads {
    origin: String,
    owner: Owner,
    files: Vec<HeadFile>,
    ignored: Vec<Ignored>,
}

/// What stands where a head is looked for, but could be another account's work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The file, or its folder.
    pub path: PathBuf,
    /// Whose it is.
    pub owner: u32,
    /// Whose it should be.
    pub wanted: u32,
}

/// Why heads can't be held against a ledger, or none can be kept. Nothing is signed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadsError {
    /// Nothing says that this is the newest copy.
    #[error("no kept head says that this is the newest copy of ledger {origin}")]
    Missing {
        /// The ledger's name.
        origin: String,
        /// What stands where one is looked for, and was passed over.
        ignored: Vec<Ignored>,
    },
    /// A kept head knows entries that the file doesn't have.
    #[error("the ledger has {found} entries, the head kept in {} knows {kept}", path.display())]
    Older {
        /// The file of the kept head.
        path: PathBuf,
        /// How many entries it covers.
        kept: u64,
        /// How many there are.
        found: u64,
    },
    /// A head that a version before 0.2.0 kept is none.
    #[error("the kept head {}", path.display())]
    Old {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// A frame that was acknowledged is no longer whole.
    #[error("the ledger is damaged at byte {offset}, in what the head kept in {} covers", path.display())]
    Broken {
        /// The file of the kept head.
        path: PathBuf,
        /// Where the broken frame begins.
        offset: u64,
    },
    /// The file has other entries than a kept head.
    #[error("the ledger has other entries than the head kept in {} ({kept} entries)", path.display())]
    Forked {
        /// The file of the kept head.
        path: PathBuf,
        /// How many entries it covers.
        kept: u64,
    },
    /// Both slots of a kept head are broken.
    #[error("the kept head {} can't be understood", .0.display())]
    Unreadable(PathBuf),
    /// A kept head can't be read or written.
    #[error("kept head {}", path.display())]
    Unusable {
        /// The file, or its folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no folder to keep one in.
    #[error("the head of the ledger can't be kept anywhere: {tried}")]
    NoPlace {
        /// Each folder, and what the system said.
        tried: String,
    },
}

impl HeadsError {
    /// The refusal of a ledger that has no kept head, but for those that were passed over.
    pub(super) fn missing(origin: &str, ignored: Vec<Ignored>) -> Self {
        Self::Missing {
            origin: origin.to_owned(),
            ignored,
        }
    }

    fn unusable(path: &Path, source: std::io::Error) -> Self {
        Self::Unusable {
            path: path.to_path_buf(),
            source,
        }
    }
}

impl KeptHeads {
    /// Looks for the heads of the ledger `origin` in every folder where one may be.
    ///
    /// # Errors
    /// [`HeadsError`] for one that is there and can't be used.
    pub(super) fn look(
        origin: &str,
        owner: Owner,
        settings: &FileSettings,
    ) -> Result<Self, HeadsError> {
        let mut heads = Self {
            origin: origin.to_owned(),
            owner,
            files: Vec::new(),
            ignored: Vec::new(),
        };
        for folder in machine_and_owner(owner)
            .iter()
            .map(PathBuf::as_path)
            .chain(settings.folders())
        {
            heads.look_in(folder)?;
        }
        Ok(heads)
    }

    /// Looks in one more folder, for a ledger that says itself where its head is kept.
    pub(super) fn look_in(&mut self, folder: &Path) -> Result<(), HeadsError> {
        if self
            .files
            .iter()
            .any(|file| file.path.parent() == Some(folder))
        {
            return Ok(());
        }
        match HeadFile::look(folder, &self.origin, self.owner)? {
            Look::Nothing => {}
            Look::Kept(file) => self.files.push(file),
            Look::Ignored(ignored) => self.ignored.push(ignored),
        }
        Ok(())
    }

    /// How many heads were found so far, those that are not believed among them.
    pub(super) fn seen(&self) -> usize {
        self.files.len() + self.ignored.len()
    }

    /// The heads that were found, each with its file.
    pub(super) fn each(&self) -> impl Iterator<Item = (&Path, KeptHead)> {
        self.files
            .iter()
            .map(|file| (file.path.as_path(), file.kept()))
    }

    /// The head that covers most.
    pub(super) fn highest(&self) -> Option<KeptHead> {
        let kept = self.each().map(|(_, kept)| kept);
        kept.max_by_key(|kept| kept.head.size)
    }

    /// The name of the ledger.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The refusal of a ledger that has none.
    pub(super) fn missing(&self) -> HeadsError {
        HeadsError::missing(&self.origin, self.ignored.clone())
    }

    /// What was passed over, which people should hear of.
    pub(super) fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// The folders where the head is kept.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter_map(|file| file.path.parent())
    }

    /// Begins to keep the head where it is missing: in every folder of the config, and in
    /// the first of the machine's and the owner's that takes it, unless the config wants it in
    /// neither. One sync a folder is the price of every signature, so that the second of those
    /// is no more than looked at.
    ///
    /// # Errors
    /// [`HeadsError::Unusable`] for a folder of the config, [`HeadsError::NoPlace`] if there
    /// is no other.
    pub(super) fn complete(
        &mut self,
        kept: KeptHead,
        settings: &FileSettings,
    ) -> Result<(), HeadsError> {
        for folder in settings.folders() {
            self.begin_in(folder, kept)
                .map_err(|source| HeadsError::unusable(folder, source))?;
        }
        if settings.kept_heads_only.is_some() {
            return self.somewhere("no folder is named");
        }
        let places = machine_and_owner(self.owner);
        if self
            .folders()
            .any(|folder| places.iter().any(|place| place == folder))
        {
            return Ok(());
        }
        let mut tried = Vec::new();
        for folder in &places {
            match self.begin_in(folder, kept) {
                Ok(()) => return Ok(()),
                Err(source) => tried.push(format!("{}: {source}", folder.display())),
            }
        }
        self.somewhere(&tried.join("; "))
    }

    /// Keeps a head in every file, one after the other. When this returns, all have it.
    ///
    /// # Errors
    /// [`HeadsError::Unusable`] at the first that did not take it.
    pub(super) fn keep(&mut self, kept: KeptHead) -> Result<(), HeadsError> {
        for file in &mut self.files {
            file.keep(&self.origin, kept)
                .map_err(|source| HeadsError::unusable(&file.path, source))?;
        }
        Ok(())
    }

    fn begin_in(&mut self, folder: &Path, kept: KeptHead) -> std::io::Result<()> {
        if self.folders().any(|known| known == folder) {
            return Ok(());
        }
        // What was passed over there would be in the way, and may be newer than the ledger.
        let is_in_it = |one: &&Ignored| one.path == folder || one.path.parent() == Some(folder);
        if let Some(ignored) = self.ignored.iter().find(is_in_it) {
            let kind = std::io::ErrorKind::PermissionDenied;
            return Err(std::io::Error::new(kind, ignored.to_string()));
        }
        let file = HeadFile::create(folder, &self.origin, self.owner, kept)?;
        self.files.push(file);
        Ok(())
    }

    fn somewhere(&self, tried: &str) -> Result<(), HeadsError> {
        if self.files.is_empty() {
            let tried = tried.to_owned();
            return Err(HeadsError::NoPlace { tried });
        }
        Ok(())
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, owner) = (self.path.display(), self.owner);
        if self.owner == self.wanted {
            write!(
                f,
                "{path} can be written by others; mend it: chmod go-w {path}"
            )
        } else {
            let wanted = self.wanted;
            write!(
                f,
                "{path} belongs to uid {owner}; mend it: chown {wanted} {path}"
            )
        }
    }
}

/// The folders that the program looks in by itself, whatever the config says: a head that one
/// config kept there must meet every other.
fn machine_and_owner(owner: Owner) -> Vec<PathBuf> {
    let home = Account::of(owner.uid).map(|account| account.home.join(".local/state/punchmark"));
    [PathBuf::from(MACHINE)].into_iter().chain(home).collect()
}

/// The machine's own folder for kept heads.
const MACHINE: &str = "/var/lib/punchmark/heads";
