//! The index in one SQLite file beside the ledger, which can be lost.
//!
//! Nothing is synced when rows are added: a killed process loses nothing by it, since
//! SQLite's rollback journal and the system's own memory survive that; a power cut may take
//! any page, and then no check of SQLite's finds the hole (one of three pages lost:
//! `integrity_check` said ok, and a serial was missing). So the note of how far it came also
//! says in which boot of the machine that was. An index of another boot is believed only if
//! a run ended by syncing it whole and said so in the note; the first write after that takes
//! the word back, synced, before anything else.
//!
//! Between writes the file has no other file beside it, so that readers need no right to
//! write and leave nothing behind.
//!
//! Whoever has the ledger open to write is the only one who writes here, and so it looks
//! rows up in one read transaction from one write to the next: a transaction for each look
//! is three locks and a look at the file's head, which costs more than the row. A reader
//! takes one for each look, since a writer's commit waits for readers.

mod note;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::memory::prefix_end;
use super::store::{Applied, Direction, Keys, Row, Rows, StoreError, Walk};

/// Rows in a SQLite file.
pub(super) struct SqliteRows {
    path: PathBuf,
    /// The ledger's file, which the index belongs to: its owner and mode count.
    ledger: PathBuf,
    connection: Option<Connection>,
    looks: Looks,
    /// This boot of the machine.
    boot: String,
    /// How many rows were added without a sync.
    unsynced: usize,
}

impl SqliteRows {
    /// The index of the ledger at `ledger`, to be read and written. What cannot be opened,
    /// or is not to be trusted, is as good as none: it gets made anew.
    pub(super) fn open(ledger: &Path) -> Self {
        Self::with(ledger, OpenFlags::SQLITE_OPEN_READ_WRITE, Looks::Together)
    }

    /// The same, to be read only. Nothing is made beside the ledger.
    pub(super) fn open_to_read(ledger: &Path) -> Self {
        Self::with(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY, Looks::Apart)
    }

    fn with(ledger: &Path, access: OpenFlags, looks: Looks) -> Self {
        let path = beside(ledger, ".index");
        Self {
            connection: connect(&path, ledger, access),
            looks,
            path,
            ledger: ledger.to_path_buf(),
            boot: this_boot(),
            unsynced: 0,
        }
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreError::Failed {
            what: format!("index {} is not there", self.path.display()),
            source: "it was not opened".into(),
        })
    }

    /// The connection, within the read transaction that looks share, where they do.
    fn to_look(&self) -> Result<&Connection, StoreError> {
        let connection = self.connection()?;
        if self.looks == Looks::Together && connection.is_autocommit() {
            let begun = connection.execute_batch("BEGIN");
            begun.map_err(|source| self.failed(source))?;
        }
        Ok(connection)
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Failed {
            what: format!("index {}", self.path.display()),
            source: source.into(),
        }
    }

    fn io(&self, source: std::io::Error) -> StoreError {
        StoreError::Failed {
            what: format!("index {}", self.path.display()),
            source: source.into(),
        }
    }

    /// Writes one transaction, whose pages are synced only if it says so.
    fn write(
        &mut self,
        synced: Synced,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        self.connection()?;
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let written = write(connection, synced, change);
        written.map_err(|source| self.failed(source))
    }

    /// Takes back the word of an earlier run that everything is on disk.
    fn no_longer_whole(&mut self) -> Result<(), StoreError> {
        let connection = self.to_look()?;
        let noted = note::boot(connection).map_err(|source| self.failed(source))?;
        match noted {
            Some(boot) if boot != self.boot => {
                let boot = self.boot.clone();
                self.write(Synced::Yes, |transaction| {
                    note::set_boot(transaction, &boot)
                })
            }
            _ => Ok(()),
        }
    }

    /// Syncs the file whole, and notes that it is believed after a power cut too.
    fn settle(&mut self) -> Result<(), StoreError> {
        let file = File::open(&self.path).map_err(|source| self.io(source))?;
        file.sync_all().map_err(|source| self.io(source))?;
        self.write(Synced::Yes, |transaction| {
            note::set_boot(transaction, note::ANY_BOOT)
        })?;
        self.unsynced = 0;
        Ok(())
    }

    /// An empty index, readable and writable to whom the ledger is.
    fn make(&self) -> Result<Connection, Box<dyn std::error::Error + Send + Sync>> {
        let ledger = std::fs::metadata(&self.ledger)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)?;
        if file.metadata()?.uid() != ledger.uid() || file.metadata()?.gid() != ledger.gid() {
            std::os::unix::fs::fchown(&file, Some(ledger.uid()), Some(ledger.gid()))?;
        }
        file.set_permissions(std::fs::Permissions::from_mode(ledger.mode() & 0o660))?;
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let mut connection = open(&self.path, access)?;
        write(&mut connection, Synced::No, |transaction| {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(note::SCHEMA)
        })?;
        Ok(connection)
    }
}

impl Rows for SqliteRows {
    fn applied(&self) -> Result<Option<Applied>, StoreError> {
        if self.connection.is_none() {
            return Ok(None);
        }
        let connection = self.to_look()?;
        // What has no note in our form is no index of ours.
        Ok(note::read(connection, &self.boot).unwrap_or_default())
    }

    fn apply(&mut self, rows: &[Row], applied: &Applied) -> Result<(), StoreError> {
        self.no_longer_whole()?;
        let boot = self.boot.clone();
        self.write(Synced::No, |transaction| {
            let insert = "INSERT OR IGNORE INTO row (key, position) VALUES (?1, ?2)";
            let mut insert = transaction.prepare_cached(insert)?;
            for row in rows {
                insert.execute(params![stored(row.table, &row.key), row.position])?;
            }
            note::write(transaction, applied, &boot)
        })?;
        self.unsynced += rows.len();
        Ok(())
    }

    fn walk(
        &self,
        keys: &Keys<'_>,
        each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), StoreError> {
        let failed = |source| self.failed(source);
        let connection = self.to_look()?;
        let (sql, first, second) = select(keys);
        let mut statement = connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(params![first, second]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let position = row.get(1).map_err(failed)?;
            let key = row.get_ref(0).map_err(failed)?;
            let key = key.as_blob().ok().and_then(|key| key.get(1..));
            let key = key.ok_or_else(|| failed(rusqlite::Error::InvalidQuery))?;
            if each(key, position) == Walk::Stop {
                break;
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        self.connection = None;
        // The index before its journal: a journal without its index is of no effect.
        for path in [self.path.clone(), beside(&self.path, "-journal")] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(self.io(error));
                }
                _ => {}
            }
        }
        let made = self.make().map_err(|source| StoreError::Failed {
            what: format!("index {}", self.path.display()),
            source,
        })?;
        self.connection = Some(made);
        Ok(())
    }
}

impl Drop for SqliteRows {
    fn drop(&mut self) {
        // Worth its syncs only where building it anew would take long.
        if self.unsynced >= SETTLE_ROWS {
            // What fails here costs the next boot a replay, and nothing else.
            let _built_anew = self.settle();
        }
    }
}

/// Whether the looks between two writes share one read transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Together,
    Apart,
}

/// Whether a transaction is on disk when it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Synced {
    Yes,
    No,
}

fn write(
    connection: &mut Connection,
    synced: Synced,
    change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if !connection.is_autocommit() {
        connection.execute_batch("COMMIT")?;
    }
    if synced == Synced::Yes {
        connection.pragma_update(None, "synchronous", "full")?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change(&transaction)?;
    transaction.commit()?;
    if synced == Synced::Yes {
        connection.pragma_update(None, "synchronous", "off")?;
    }
    Ok(())
}

/// Opens the index if it is as much to be trusted as the ledger: a row that is missing
/// would let a serial be given twice.
fn connect(path: &Path, ledger: &Path, access: OpenFlags) -> Option<Connection> {
    let (index, ledger) = (path.symlink_metadata().ok()?, ledger.metadata().ok()?);
    let others_write = index.mode() & 0o022 & !ledger.mode() != 0;
    if !index.is_file() || index.uid() != ledger.uid() || others_write {
        return None;
    }
    open(path, access).ok()
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(connection)
}

/// A key as it is stored: its table stands before it.
fn stored(table: u8, key: &[u8]) -> Vec<u8> {
    [&[table], key].concat()
}

/// The statement of a walk, and the two ends of its range.
fn select(keys: &Keys<'_>) -> (&'static str, Vec<u8>, Vec<u8>) {
    let start = stored(keys.table, keys.prefix);
    let end = prefix_end(&start).unwrap_or_default();
    match (keys.direction, keys.from) {
        (Direction::Forward, from) => {
            let start = from.map_or(start, |from| stored(keys.table, from));
            (FORWARD, start, end)
        }
        (Direction::Backward, None) => (BACKWARD, start, end),
        (Direction::Backward, Some(from)) => (BACKWARD_FROM, start, stored(keys.table, from)),
    }
}

/// The name of this boot of the machine; where the system has none, one that no later run
/// will know again.
fn this_boot() -> String {
    let unknown = |_no_such_file| format!("unknown, process {}", std::process::id());
    std::fs::read_to_string(BOOT_ID).unwrap_or_else(unknown)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

const FORWARD: &str = "SELECT key, position FROM row WHERE key >= ?1 AND key < ?2 \
    ORDER BY key, position";
const BACKWARD: &str = "SELECT key, position FROM row WHERE key >= ?1 AND key < ?2 \
    ORDER BY key DESC, position DESC";
const BACKWARD_FROM: &str = "SELECT key, position FROM row WHERE key >= ?1 AND key <= ?2 \
    ORDER BY key DESC, position DESC";

const SCHEMA: &str = "
CREATE TABLE row (
    key      BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (key, position)
) STRICT, WITHOUT ROWID;
";

/// Another process is within a write of some milliseconds.
const BUSY: Duration = Duration::from_secs(2);
/// Half a MiB of pages for a connection (negative: in KiB), instead of SQLite's two, so that a large ledger takes no
/// more memory than a small one; the system has the others, and reads them in a microsecond.
const CACHE: i64 = -512;
/// Some 20,000 entries, whose replay takes a fifth of a second.
const SETTLE_ROWS: usize = 100_000;
/// Made anew at each boot of the machine (proc(5)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
