//! The SQLite file: its marks, its tables, and how an older format becomes this one.

use std::path::Path;

use rusqlite::Connection;

use super::LedgerError;

/// Makes the tables of the newest format in an empty file.
pub(super) fn create(connection: &mut Connection) -> Result<(), LedgerError> {
    configure(connection)?;
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(FORMAT_1)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    Ok(transaction.commit()?)
}

/// Makes sure that the file is a ledger of a known format, and durable from here on.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let mark = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = mark("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => LedgerError::NotALedger(path.to_path_buf()),
        _ => LedgerError::Store(error),
    })?;
    if application != APPLICATION_ID {
        return Err(LedgerError::NotALedger(path.to_path_buf()));
    }
    let found = mark("user_version")?;
    if found > FORMAT {
        return Err(LedgerError::NewerFormat {
            path: path.to_path_buf(),
            found,
            known: FORMAT,
        });
    }
    Ok(())
}

/// Write-ahead log, every commit synced: what was reserved survives a power cut.
pub(super) fn configure(connection: &Connection) -> Result<(), LedgerError> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

/// `punc`, in the file's header (SQLite file format, 1.3.15).
const APPLICATION_ID: i64 = 0x7075_6e63;

/// The newest format. A step from each older one stands here when there is one.
const FORMAT: i64 = 1;

/// `entry` is the ledger. The other tables only index it, can be made anew from it,
/// and hold what must be unique.
const FORMAT_1: &str = "
CREATE TABLE entry (
    position INTEGER PRIMARY KEY,
    bytes    BLOB NOT NULL
) STRICT;

CREATE TABLE ca (
    position   INTEGER PRIMARY KEY REFERENCES entry,
    name       TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE reservation (
    ca        INTEGER NOT NULL REFERENCES ca,
    serial    BLOB NOT NULL CHECK (length(serial) = 8),
    automatic INTEGER NOT NULL,
    position  INTEGER NOT NULL UNIQUE REFERENCES entry,
    request   BLOB NOT NULL,
    PRIMARY KEY (ca, serial)
) STRICT, WITHOUT ROWID;
CREATE INDEX automatic_serial ON reservation (ca, serial) WHERE automatic = 1;
CREATE INDEX request ON reservation (request);

CREATE TABLE outcome (
    reserved INTEGER PRIMARY KEY REFERENCES reservation (position),
    position INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT;

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_remains BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
";
