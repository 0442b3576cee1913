//! Reading the whole ledger and holding everything in it against everything else.

mod index;

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::tree::{self, TILE_HEIGHT};
use crate::ledger::entry::{CaAdded, Entry, Event, Reserved, Revoked, Sequence};
use crate::ledger::merkle::{Frontier, Hash, leaf_hash};
use crate::ledger::replay::{Replay, Replayed, Signatures};
use crate::ledger::{EntryError, LedgerError};
use index::Index;

/// What a ledger holds, what is wrong in it, and whether its index follows from its entries.
#[derive(Debug)]
pub struct Audit {
    /// What the entries say, by themselves.
    pub replayed: Replayed,
    /// What of the index is another thing than the entries call for.
    pub index: Option<AuditError>,
}

/// What the entries call for, to be held against the index.
#[derive(Debug, Default)]
struct Counts {
    cas: u64,
    reserved: u64,
    issued: u64,
    failed: u64,
    revocations: u64,
    krls: u64,
    gaps: u64,
    head: Frontier,
}

/// Why an index does not follow from the entries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// It cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An entry is wrong.
    #[error("entry {position}")]
    Entry {
        /// Its position, from 1.
        position: u64,
        /// What is wrong with it.
        source: Fault,
    },
    /// The tree that is stored is not that of the entries.
    #[error("the stored Merkle tree is not that of the entries")]
    Tree,
    /// The index has other rows than the entries call for.
    #[error("table {0} has other rows than the entries call for")]
    Rows(&'static str),
    /// The index has rows that no entry accounts for.
    #[error("table {table} has {rows} rows, and the entries account for {entries}")]
    Index {
        /// The table.
        table: &'static str,
        /// Its rows.
        rows: u64,
        /// The rows it should have.
        entries: u64,
    },
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Entries are missing before it.
    #[error("entries are missing before it")]
    Gap,
    /// It is no entry.
    #[error(transparent)]
    Bytes(#[from] EntryError),
    /// It names a CA or a reservation that does not stand before it.
    #[error("it refers to entry {0}, which is not what it should be")]
    Reference(u64),
    /// A policy that is not the one of its digest, or that no entry before has.
    #[error("the policy is not the one of its digest, or not in the ledger")]
    Policy,
    /// A head that the ledger never had.
    #[error("the head that was signed is not one of this ledger")]
    Checkpoint,
    /// The index says something else.
    #[error("the index does not have it")]
    Index,
}

/// Replays every entry of the ledger, and then holds the index against them; all as it was
/// at one moment, whoever writes meanwhile.
pub(super) fn audit(connection: &Connection, signatures: Signatures) -> Result<Audit, LedgerError> {
    let moment = connection.unchecked_transaction()?;
    let mut replay = Replay::new(signatures);
    let mut entries = moment.prepare("SELECT bytes FROM entry ORDER BY position")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        replay.entry(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    let index = match hold_index(&moment) {
        Ok(()) => None,
        Err(AuditError::Ledger(error)) => return Err(error),
        Err(differs) => Some(differs),
    };
    Ok(Audit {
        replayed: replay.end(),
        index,
    })
}

/// Whether the index is the one that follows from the entries.
fn hold_index(connection: &Connection) -> Result<(), AuditError> {
    let mut auditor = Auditor {
        connection,
        found: Counts::default(),
        tiles: 0,
        revoked_keys: HashSet::new(),
        index: Index::default(),
    };
    let select = "SELECT position, bytes FROM entry ORDER BY position";
    let mut entries = connection.prepare(select).map_err(LedgerError::from)?;
    let mut rows = entries.query([]).map_err(LedgerError::from)?;
    while let Some(row) = rows.next().map_err(LedgerError::from)? {
        let position: u64 = row.get(0).map_err(LedgerError::from)?;
        let bytes: Vec<u8> = row.get(1).map_err(LedgerError::from)?;
        auditor.entry(position, &bytes)?;
    }
    auditor.finish()
}

struct Auditor<'c> {
    connection: &'c Connection,
    found: Counts,
    tiles: u64,
    revoked_keys: HashSet<[u8; 32]>,
    index: Index,
}

impl Auditor<'_> {
    fn entry(&mut self, position: u64, bytes: &[u8]) -> Result<(), AuditError> {
        let wrong = |source| AuditError::Entry { position, source };
        if position != self.found.head.size() + 1 {
            return Err(wrong(Fault::Gap));
        }
        let before = self.found.head.clone();
        self.grow(bytes)?;
        let entry = Entry::from_bytes(bytes).map_err(|error| wrong(error.into()))?;
        let fault = match entry.event {
            Event::CaAdded(added) => self.ca(position, &added)?,
            Event::Reserved(reserved) => self.reserved(position, &reserved)?,
            Event::Issued(issued) => {
                self.found.issued += 1;
                self.outcome(position, issued.reserved)?
            }
            Event::Failed(failed) => {
                self.found.failed += 1;
                self.outcome(position, failed.reserved)?
            }
            Event::Revoked(revoked) => self.revoked(position, &revoked)?,
            Event::Resumed(resumed) => {
                self.found.gaps += 1;
                self.indexed(
                    "SELECT 1 FROM gap WHERE position = ?1 AND ca = ?2 AND first = ?3 AND last = ?4",
                    params![
                        position,
                        resumed.ca,
                        resumed.first.to_be_bytes(),
                        resumed.last.to_be_bytes()
                    ],
                )?
            }
            Event::KrlMade(made) => {
                self.found.krls += 1;
                self.indexed(
                    "SELECT 1 FROM krl WHERE version = ?1 AND position = ?2",
                    params![made.version, position],
                )?
            }
            other => self.index.entry(position, other, &before),
        };
        fault.map_err(wrong)
    }

    /// Takes the leaf, and holds each tile that it completes against the stored one.
    fn grow(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        let mut tiles: Vec<(u32, Hash)> = Vec::new();
        self.found.head.push(leaf_hash(bytes), |height, hash| {
            if height > 0 && height.is_multiple_of(TILE_HEIGHT) {
                tiles.push((height, *hash));
            }
        });
        for (height, hash) in tiles {
            let end = self.found.head.size();
            let start = ((end >> height) - 1) << height;
            if tree::StoredHashes(self.connection).tile(start, end)? != Some(hash) {
                return Err(AuditError::Tree);
            }
            self.tiles += 1;
        }
        Ok(())
    }

    fn ca(&mut self, position: u64, added: &CaAdded) -> Result<Result<(), Fault>, LedgerError> {
        self.found.cas += 1;
        self.indexed(
            "SELECT 1 FROM ca WHERE position = ?1 AND name = ?2 AND public_key = ?3",
            params![position, added.name, added.public_key],
        )
    }

    fn reserved(
        &mut self,
        position: u64,
        reserved: &Reserved,
    ) -> Result<Result<(), Fault>, LedgerError> {
        self.found.reserved += 1;
        if let Err(fault) = self.index.reserved(position, reserved) {
            return Ok(Err(fault));
        }
        self.indexed(
            "SELECT 1 FROM reservation WHERE ca = ?1 AND serial = ?2 AND automatic = ?3 \
             AND position = ?4 AND request = ?5",
            params![
                reserved.ca,
                reserved.serial.to_be_bytes(),
                reserved.sequence == Sequence::Automatic,
                position,
                reserved.request
            ],
        )
    }

    /// Each of its keys must be indexed, by this entry or by an earlier one.
    fn revoked(
        &mut self,
        position: u64,
        revoked: &Revoked,
    ) -> Result<Result<(), Fault>, LedgerError> {
        self.found.revocations += 1;
        for hash in revoked.key_hashes() {
            self.revoked_keys.insert(hash);
            let select = "SELECT 1 FROM revoked_key WHERE sha256 = ?1 AND position <= ?2";
            let indexed = self.indexed(select, params![hash, position])?;
            if indexed.is_err() {
                return Ok(indexed);
            }
        }
        self.indexed(
            "SELECT 1 FROM revocation WHERE position = ?1",
            params![position],
        )
    }

    /// The outcome of a reservation that stands before it, and has no other.
    fn outcome(&self, position: u64, reserved: u64) -> Result<Result<(), Fault>, LedgerError> {
        if reserved >= position {
            return Ok(Err(Fault::Reference(reserved)));
        }
        self.indexed(
            "SELECT 1 FROM outcome WHERE reserved = ?1 AND position = ?2",
            params![reserved, position],
        )
    }

    fn indexed(
        &self,
        select: &str,
        row: &[&dyn rusqlite::ToSql],
    ) -> Result<Result<(), Fault>, LedgerError> {
        match self.connection.prepare_cached(select)?.exists(row)? {
            true => Ok(Ok(())),
            false => Ok(Err(Fault::Index)),
        }
    }

    fn finish(self) -> Result<(), AuditError> {
        if tree::head(self.connection)? != self.found.head {
            return Err(AuditError::Tree);
        }
        let found = &self.found;
        for (table, entries) in [
            ("ca", found.cas),
            ("reservation", found.reserved),
            ("outcome", found.issued + found.failed),
            ("tile", self.tiles),
            ("revocation", found.revocations),
            (
                "revoked_key",
                u64::try_from(self.revoked_keys.len()).unwrap_or(u64::MAX),
            ),
            ("krl", found.krls),
            ("gap", found.gaps),
        ] {
            let count = format!("SELECT count(*) FROM {table}");
            let rows = self.connection.query_row(&count, [], |row| row.get(0));
            let rows = rows.map_err(LedgerError::from)?;
            if rows != entries {
                return Err(AuditError::Index {
                    table,
                    rows,
                    entries,
                });
            }
        }
        self.index.check(self.connection)
    }
}
