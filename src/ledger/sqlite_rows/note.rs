//! The note of how far an index follows the ledger, and when it can be believed.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::ledger::merkle::Hash;
use crate::ledger::store::{Applied, Head, Place};

/// How far the index came; none if it was never said, if another version of the program
/// made it, or if pages of it may be lost.
pub(super) fn read(connection: &Connection, boot: &str) -> rusqlite::Result<Option<Applied>> {
    let select = "SELECT size, root, peaks, last, next, time, open FROM note \
        WHERE version = ?1 AND (boot = ?2 OR boot = ?3)";
    let noted = connection
        .prepare(select)?
        .query_row(params![VERSION, boot, ANY_BOOT], applied)
        .optional()?;
    Ok(noted)
}

/// The boot that the note names.
pub(super) fn boot(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT boot FROM note")?;
    statement.query_row([], |row| row.get(0)).optional()
}

pub(super) fn set_boot(transaction: &Transaction<'_>, boot: &str) -> rusqlite::Result<()> {
    transaction.execute("UPDATE note SET boot = ?1", [boot])?;
    Ok(())
}

pub(super) fn write(
    transaction: &Transaction<'_>,
    applied: &Applied,
    boot: &str,
) -> rusqlite::Result<()> {
    let open: Vec<[u8; 8]> = applied.open.iter().map(|at| at.to_be_bytes()).collect();
    let write = "INSERT OR REPLACE INTO note \
        (only, version, boot, size, root, peaks, last, next, time, open) \
        VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(write)?.execute(params![
        VERSION,
        boot,
        applied.head.size,
        applied.head.root,
        applied.peaks.concat(),
        applied.last.0,
        applied.next.0,
        i64::try_from(applied.time).unwrap_or(i64::MAX),
        open.concat(),
    ])?;
    Ok(())
}

fn applied(row: &Row<'_>) -> rusqlite::Result<Applied> {
    let (peaks, open): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(6)?);
    let (peaks, _): (&[Hash], _) = peaks.as_chunks();
    let (open, _) = open.as_chunks();
    Ok(Applied {
        head: Head {
            size: row.get(0)?,
            root: row.get(1)?,
        },
        peaks: peaks.to_vec(),
        last: Place(row.get(3)?),
        next: Place(row.get(4)?),
        time: row.get(5)?,
        open: open.iter().copied().map(u64::from_be_bytes).collect(),
    })
}

pub(super) const SCHEMA: &str = "
CREATE TABLE note (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL,
    boot    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    root    BLOB NOT NULL,
    peaks   BLOB NOT NULL,
    last    INTEGER NOT NULL,
    next    INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    open    BLOB NOT NULL
) STRICT;
";

/// Goes up with every change of what entries put into the index, a new kind included:
/// what another version made is made anew.
const VERSION: u32 = 2;
/// In place of a boot's own name: everything was synced.
pub(super) const ANY_BOOT: &str = "";
