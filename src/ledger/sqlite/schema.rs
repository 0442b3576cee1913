//! The SQLite file: its marks, its tables, and how an older format becomes this one.

use std::path::Path;

use rusqlite::Connection;

use super::{reserve, tree};
use crate::ledger::LedgerError;

/// Makes the tables of the newest format in an empty file.
pub(super) fn create(connection: &mut Connection) -> Result<(), LedgerError> {
    let transaction = connection.transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.execute_batch(FORMAT_1)?;
    transaction.execute_batch(FORMAT_2)?;
    transaction.execute_batch(FORMAT_3)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    Ok(transaction.commit()?)
}

/// Whoever only reads cannot bring an older ledger to the newest format.
pub(super) fn require_newest(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found == FORMAT {
        true => Ok(()),
        false => Err(LedgerError::OlderFormat {
            path: path.to_path_buf(),
            found,
        }),
    }
}

/// Brings an older ledger to the newest format, in one step or not at all.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), LedgerError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    if found < 2 {
        transaction.execute_batch(FORMAT_2)?;
        tree::grow_from_entries(&transaction)?;
    }
    transaction.execute_batch(FORMAT_3)?;
    reserve::index_terms(&transaction)?;
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

/// The newest format; [`migrate`] has a step from each older one.
const FORMAT: i64 = 3;

/// `entry` is the ledger. The other tables only index it, can be made anew from it,
/// and hold what must be unique.
pub(super) const FORMAT_1: &str = "
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

/// What the Merkle tree of format 2 needs beside the entries: the hash of each complete
/// subtree of 256, 65536, … leaves, and the right edge; then an index of revocations.
/// All of it follows from the entries.
const FORMAT_2: &str = "
CREATE TABLE tile (
    level  INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE head (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    size  INTEGER NOT NULL,
    peaks BLOB NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, x'');

CREATE TABLE revocation (
    position INTEGER PRIMARY KEY REFERENCES entry
) STRICT;

CREATE TABLE revoked_key (
    sha256   BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    position INTEGER NOT NULL REFERENCES revocation
) STRICT, WITHOUT ROWID;

CREATE TABLE gap (
    position INTEGER PRIMARY KEY REFERENCES entry,
    ca       INTEGER NOT NULL REFERENCES ca,
    first    BLOB NOT NULL CHECK (length(first) = 8),
    last     BLOB NOT NULL CHECK (length(last) = 8)
) STRICT;

CREATE TABLE krl (
    version  INTEGER PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT;
";

/// What format 3 finds reservations by, and what it keeps unique. All of it follows from
/// the entries.
const FORMAT_3: &str = "
CREATE TABLE term (
    hash     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (hash, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
    digest   BLOB PRIMARY KEY CHECK (length(digest) = 32),
    position INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    sha256   BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    subject  BLOB NOT NULL CHECK (length(subject) = 32),
    position INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_subject ON evidence (subject);

CREATE TABLE requester (
    credential BLOB PRIMARY KEY,
    name       TEXT NOT NULL,
    position   INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT, WITHOUT ROWID;

CREATE TABLE certified (
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    requester TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (sha256, requester, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_id (
    id       BLOB NOT NULL CHECK (length(id) = 16),
    position INTEGER NOT NULL,
    PRIMARY KEY (id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE challenge (
    nonce    BLOB PRIMARY KEY CHECK (length(nonce) = 32),
    expires  INTEGER NOT NULL,
    position INTEGER NOT NULL UNIQUE REFERENCES entry
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (
    challenge INTEGER NOT NULL REFERENCES challenge (position),
    position  INTEGER NOT NULL,
    PRIMARY KEY (challenge, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE signed_head (
    position INTEGER PRIMARY KEY REFERENCES entry,
    size     INTEGER NOT NULL
) STRICT;

CREATE TABLE barred (
    position INTEGER PRIMARY KEY REFERENCES entry
) STRICT;

CREATE TABLE barred_card (
    card     BLOB PRIMARY KEY CHECK (length(card) = 8),
    position INTEGER NOT NULL REFERENCES barred
) STRICT, WITHOUT ROWID;

CREATE TABLE barred_requester (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL REFERENCES barred
) STRICT, WITHOUT ROWID;
";
