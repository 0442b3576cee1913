//! From the databases of formats 1, 2 and 3 to the file of format 4.
//!
//! Entries keep their bytes and positions, so that every head and every proof that was
//! given out before still holds. The new file is whole, and its head kept, before anything
//! is changed of the old one; from then on each step leaves one of the two to go on with:
//!
//! 1. The database is marked as format 4, which every earlier version refuses by name: no
//!    two programs write to two ledgers. Killed here, migrating again goes on.
//! 2. It gets a second name, `NAME.format3`.
//! 3. The new file takes its name. Killed here, all is done.

mod database;
mod error;
mod suffixes;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::checkpoint::{Checkpoint, origin};
use super::disk::{custom, sync_folder};
use super::entry::{
    CaAdded, Entry, Event, HeadAdopted, PolicySeen, Purpose, SuffixSet, SuffixesSet,
};
use super::file::{self, OpenError};
use super::heads::HeadsError;
use super::merkle::{Frontier, Hash, leaf_hash};
use super::old_head;
use super::settings::FileSettings;
use super::store::Head;

pub use error::MigrateError;

use database::Database;

/// A ledger of an earlier format, locked, and found to be whole.
#[derive(Debug)]
pub struct OldLedger {
    path: PathBuf,
    settings: FileSettings,
    database: Database,
    head: Head,
    first_leaf: Hash,
    last_time: u64,
    cas: Vec<(u64, CaAdded)>,
    policy: Option<PolicySeen>,
    old_heads: Vec<PathBuf>,
    /// Whether a kept head says that this is the newest copy.
    is_kept: bool,
    // Dropped last: an earlier version may take the lock then.
    _lock: File,
}

/// What a migration made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The head of the new file.
    pub head: Head,
    /// Where the database lies now.
    pub old: PathBuf,
}

impl OldLedger {
    /// Opens and reads a ledger of format 1, 2 or 3, and holds it against its own head and
    /// against those that earlier versions kept. No other run can write to it meanwhile.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub fn open(path: &Path, settings: FileSettings) -> Result<Self, MigrateError> {
        let path = path.canonicalize().map_err(|source| {
            if source.kind() == std::io::ErrorKind::NotFound {
                OpenError::Missing(path.to_path_buf()).into()
            } else {
                failed(path, source)
            }
        })?;
        let lock = lock(&path)?;
        file::require_guarded(&path, &allowed(&path, &settings), &settings)?;
        let database = Database::open(&path)?;
        let old_heads = Vec::new();
        let mut old = Self {
            path,
            settings,
            database,
            head: file::empty(),
            first_leaf: [0; 32],
            last_time: 0,
            cas: Vec::new(),
            policy: None,
            old_heads,
            is_kept: false,
            _lock: lock,
        };
        old.read()?;
        Ok(old)
    }

    /// How many entries there are, and the root over them.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// The number of its format.
    #[must_use]
    pub fn format(&self) -> i64 {
        self.database.format
    }

    /// The time of its last entry, in Unix seconds.
    #[must_use]
    pub fn last_time(&self) -> u64 {
        self.last_time
    }

    /// Whether a head was found that says that this is the newest copy. Without any, only
    /// somebody's word can say it; of an empty ledger, nothing can be missing.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Its CAs, each with the position of its entry.
    #[must_use]
    pub fn cas(&self) -> &[(u64, CaAdded)] {
        &self.cas
    }

    /// The suffixes that the last policy reserves, which the config alone had until now.
    ///
    /// # Errors
    /// [`MigrateError::Policy`].
    pub fn suffixes(&self) -> Result<Vec<SuffixSet>, MigrateError> {
        let policy = self.policy.as_ref().map(suffixes::of_policy).transpose();
        Ok(policy.map_err(MigrateError::Policy)?.unwrap_or_default())
    }

    /// The entries that record suffixes, one for each CA that signs users' keys.
    ///
    /// # Errors
    /// [`MigrateError::Random`].
    pub fn suffix_entries(
        &self,
        suffixes: &[SuffixSet],
        keyboard: &str,
        time: u64,
    ) -> Result<Vec<Entry>, MigrateError> {
        let signs_users = |ca: &&(u64, CaAdded)| ca.1.purpose != Purpose::Host;
        let cas = self.cas.iter().filter(signs_users);
        let cas = cas.filter(|_| !suffixes.is_empty());
        let event = |(ca, _): &(u64, CaAdded)| {
            Event::SuffixesSet(SuffixesSet {
                ca: *ca,
                suffixes: suffixes.to_vec(),
                keyboard: keyboard.to_owned(),
            })
        };
        cas.map(|ca| entry(event(ca), time)).collect()
    }

    /// The entry that records by what word a ledger without kept heads is the newest copy.
    ///
    /// # Errors
    /// [`MigrateError::Random`].
    pub fn adopting_entry(adopted: HeadAdopted, time: u64) -> Result<Entry, MigrateError> {
        entry(Event::HeadAdopted(adopted), time)
    }

    /// Makes the file of format 4, with `more` entries behind those of the database, and
    /// puts it in the database's place. Where no head is kept, one of them is somebody's
    /// word that this is the newest copy.
    ///
    /// # Errors
    /// [`MigrateError`]; until the last step the database has its name.
    pub fn migrate(self, more: &[Entry]) -> Result<Migrated, MigrateError> {
        let adopts = |entry: &Entry| matches!(entry.event, Event::HeadAdopted(_));
        if !self.is_kept && !more.iter().any(adopts) {
            return Err(HeadsError::missing(&origin(&self.first_leaf), Vec::new()).into());
        }
        let second = second_name(&self.path);
        if second.symlink_metadata().is_ok() && !is_same_file(&second, &self.path) {
            return Err(MigrateError::Occupied(second));
        }
        let (new, head) = self.write(more)?;
        self.database.retire()?;
        let old = self.second_name()?;
        new.persist(&self.path)
            .map_err(|error| failed(&self.path, error.error))?;
        sync_folder(file::folder(&self.path)).map_err(|source| failed(&self.path, source))?;
        for path in &self.old_heads {
            // The new kept head covers what this one did.
            let _stays_and_is_looked_at_again = std::fs::remove_file(path);
        }
        Ok(Migrated { head, old })
    }

    /// Reads every entry once: the tree, the CAs, the last policy.
    fn read(&mut self) -> Result<(), MigrateError> {
        let kept = self.kept_heads()?;
        let mut tree = Frontier::default();
        let mut roots = vec![None; kept.len()];
        let (mut first_leaf, mut last_time) = ([0; 32], 0);
        let (mut cas, mut policy) = (Vec::new(), None);
        self.database.each_entry(&mut |position, bytes| {
            let entry = Entry::from_bytes(bytes)
                .map_err(|source| MigrateError::Entry { position, source })?;
            last_time = entry.time;
            let leaf = leaf_hash(bytes);
            if position == 1 {
                first_leaf = leaf;
            }
            tree.push(leaf, |_, _| ());
            for ((_, head), root) in kept.iter().zip(&mut roots) {
                if head.size == position {
                    *root = Some(tree.root());
                }
            }
            match entry.event {
                Event::CaAdded(ca) => cas.push((position, ca)),
                Event::PolicySeen(seen) => policy = Some(seen),
                _ => {}
            }
            Ok(())
        })?;
        (self.cas, self.policy) = (cas, policy);
        (self.first_leaf, self.last_time) = (first_leaf, last_time);
        self.head = Head {
            size: tree.size(),
            root: tree.root(),
        };
        self.database.require_head(&tree)?;
        for ((path, head), root) in kept.into_iter().zip(roots) {
            if head.size > 0 && root != Some(head.root) {
                let size = head.size;
                return Err(MigrateError::Older { path, size });
            }
            // One of no entry says nothing.
            self.is_kept |= head.size > 0;
            self.old_heads.push(path);
        }
        if !self.is_kept {
            self.is_kept = self.head.size == 0 || self.has_new_head()?;
        }
        Ok(())
    }

    /// Whether a head of format 4 is kept: a migration was killed before its last step, or
    /// the database was put back after it. Which of them, [`Self::write`] finds.
    fn has_new_head(&self) -> Result<bool, MigrateError> {
        let allow = allowed(&self.path, &self.settings);
        let heads = file::heads_of(
            &self.path,
            &allow,
            &origin(&self.first_leaf),
            &self.settings,
        )?;
        Ok(heads.highest().is_some())
    }

    /// The heads that earlier versions kept of this ledger.
    fn kept_heads(&self) -> Result<Vec<(PathBuf, Checkpoint)>, MigrateError> {
        let Some(first) = self.database.first_entry()? else {
            return Ok(Vec::new());
        };
        let origin = origin(&leaf_hash(&first));
        old_head::find(&origin, &self.settings.old_heads)
            .map(|(path, head)| match head {
                Ok(head) => Ok((path, head)),
                Err(source) => Err(MigrateError::KeptHead { path, source }),
            })
            .collect()
    }

    fn write(&self, more: &[Entry]) -> Result<(NamedTempFile, Head), MigrateError> {
        let mut writer = file::Writer::begin(&self.path, file::format::Role::Ledger)?;
        self.database
            .each_entry(&mut |_, bytes| Ok(writer.entry(bytes.to_vec())?))?;
        // The head of what the database has, so that a run that is killed before the last
        // step can be begun again, with other entries behind.
        let head = writer.end_frame()?;
        for (position, entry) in (self.head.size + 1..).zip(more) {
            let bytes = entry.to_bytes();
            let bytes = bytes.map_err(|source| MigrateError::Entry { position, source })?;
            writer.entry(bytes)?;
        }
        Ok(writer.finish(&origin(&self.first_leaf), head, &self.settings)?)
    }

    /// Gives the database the name that it keeps. One that a migration left, which ended
    /// before its last step, is this one.
    fn second_name(&self) -> Result<PathBuf, MigrateError> {
        let name = second_name(&self.path);
        match std::fs::hard_link(&self.path, &name) {
            Ok(()) => Ok(name),
            Err(_) if is_same_file(&name, &self.path) => Ok(name),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(MigrateError::Occupied(name))
            }
            Err(source) => Err(failed(&name, source)),
        }
    }
}

fn entry(event: Event, time: u64) -> Result<Entry, MigrateError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(MigrateError::Random)?;
    Ok(Entry { time, salt, event })
}

/// The name that the database has after it was migrated.
fn second_name(ledger: &Path) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".format3");
    name.into()
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| path.symlink_metadata().map(|file| (file.dev(), file.ino()));
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

/// A migration that was killed before its last step left the database with two names.
fn allowed(ledger: &Path, settings: &FileSettings) -> Vec<String> {
    let mut allow = settings.allow.clone();
    if is_same_file(&second_name(ledger), ledger) {
        allow.push(file::HARD_LINKS.to_owned());
    }
    allow
}

/// The lock of earlier versions: a file beside the ledger. None of them may be writing.
fn lock(ledger: &Path) -> Result<File, MigrateError> {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(custom(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(&path)
        .map_err(|source| failed(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: ledger.to_path_buf(),
            holder: rustix::fs::fstat(&file)
                .ok()
                .and_then(|stat| file::Holder::of(&stat)),
        }
        .into()),
        Err(TryLockError::Error(source)) => Err(failed(&path, source)),
    }
}

fn failed(path: &Path, source: std::io::Error) -> MigrateError {
    MigrateError::File {
        path: path.to_path_buf(),
        source,
    }
}
