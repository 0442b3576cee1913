//! The database that a ledger was up to format 3: its marks, its entries, its head.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::MigrateError;
use crate::ledger::file::OpenError;
use crate::ledger::merkle::Frontier;

/// A database, open. Only its mark is ever changed.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    pub(super) format: i64,
}

/// What is done with position and bytes of each entry.
pub(super) type Each<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), MigrateError>;

impl Database {
    /// Opens a ledger of format 1, 2 or 3, or one that was marked as migrated.
    pub(super) fn open(path: &Path) -> Result<Self, MigrateError> {
        // To write, since a commit may still stand in the log beside it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| failed(path, error))?;
        let mut database = Self {
            connection,
            path: path.to_path_buf(),
            format: 0,
        };
        let application = match database.mark("application_id") {
            Err(error) if error.sqlite_error_code() == Some(NOT_A_DATABASE) => {
                return Err(not_a_database(path));
            }
            other => database.done(other)?,
        };
        if application != APPLICATION_ID {
            return Err(OpenError::NotALedger(path.to_path_buf()).into());
        }
        database.format = database.done(database.mark("user_version"))?;
        if database.format > MIGRATED {
            return Err(MigrateError::NewerFormat {
                path: path.to_path_buf(),
                found: database.format,
            });
        }
        Ok(database)
    }

    /// The bytes of the first entry; none of an empty ledger.
    pub(super) fn first_entry(&self) -> Result<Option<Vec<u8>>, MigrateError> {
        let first = self
            .connection
            .query_row("SELECT bytes FROM entry WHERE position = 1", [], |row| {
                row.get(0)
            })
            .optional();
        self.done(first)
    }

    /// Calls `each` with every entry in the order of positions, which have no gap.
    pub(super) fn each_entry(&self, each: Each<'_>) -> Result<(), MigrateError> {
        let sql = "SELECT position, bytes FROM entry ORDER BY position";
        let mut statement = self.done(self.connection.prepare(sql))?;
        let mut rows = self.done(statement.query([]))?;
        let mut expected = 1;
        while let Some(row) = self.done(rows.next())? {
            let position: u64 = self.done(row.get(0))?;
            if position != expected {
                return Err(self.damaged("an entry is missing"));
            }
            let bytes = row.get_ref(1).ok().and_then(|value| value.as_blob().ok());
            each(
                position,
                bytes.ok_or_else(|| self.damaged("an entry has no bytes"))?,
            )?;
            expected += 1;
        }
        Ok(())
    }

    /// Holds the tree over the entries against the head that the database notes. Format 1
    /// notes none.
    pub(super) fn require_head(&self, tree: &Frontier) -> Result<(), MigrateError> {
        let has = "SELECT count(*) FROM sqlite_schema WHERE name = 'head'";
        let noted: u64 = self.done(self.connection.query_row(has, [], |row| row.get(0)))?;
        if noted == 0 && self.format != 2 && self.format != 3 {
            return Ok(());
        }
        let sql = "SELECT size, peaks FROM head";
        let head = self.connection.query_row(sql, [], |row| {
            Ok((row.get::<_, u64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let (size, peaks) = self.done(head)?;
        if size != tree.size() || peaks != tree.peaks().concat() {
            return Err(self.damaged("its entries do not agree with its head"));
        }
        Ok(())
    }

    /// Marks the database as migrated, and brings all of it into the one file.
    pub(super) fn retire(&self) -> Result<(), MigrateError> {
        let set = |name, value: &dyn rusqlite::ToSql| {
            self.done(self.connection.pragma_update(None, name, value))
        };
        set("synchronous", &"full")?;
        // Not by its log: what lies beside the file would keep the old name.
        set("journal_mode", &"delete")?;
        set("user_version", &MIGRATED)
    }

    fn mark(&self, name: &str) -> rusqlite::Result<i64> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
    }

    fn done<T>(&self, done: rusqlite::Result<T>) -> Result<T, MigrateError> {
        done.map_err(|error| failed(&self.path, error))
    }

    fn damaged(&self, what: &'static str) -> MigrateError {
        MigrateError::Damaged {
            path: self.path.clone(),
            what,
        }
    }
}

/// A file of format 4 is none that SQLite knows.
fn not_a_database(path: &Path) -> MigrateError {
    match crate::ledger::file::FileReader::open(path, None) {
        Ok(_) => MigrateError::NothingToDo(path.to_path_buf()),
        Err(error) => error.into(),
    }
}

fn failed(path: &Path, source: rusqlite::Error) -> MigrateError {
    MigrateError::Database {
        path: path.to_path_buf(),
        source: Box::new(source),
    }
}

const NOT_A_DATABASE: rusqlite::ErrorCode = rusqlite::ErrorCode::NotADatabase;
/// `punc`, in the header of the database (SQLite file format, 1.3.15).
const APPLICATION_ID: i64 = 0x7075_6e63;
/// The mark of a database that was migrated: earlier versions know up to 3.
const MIGRATED: i64 = 4;
