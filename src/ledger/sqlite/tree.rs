//! The Merkle tree of a SQLite ledger: its right edge, and hashes of complete subtrees.
//!
//! An entry's leaf is its position less one. A subtree of 256 leaves is a tile of level
//! 1, one of 256 tiles a tile of level 2 (as in C2SP tlog-tiles), so that a proof or a
//! look at the head reads a few hundred rows, however long the ledger is.

use rusqlite::{Connection, OptionalExtension, params};

use crate::ledger::LedgerError;
use crate::ledger::merkle::{Frontier, Hash, Hashes, leaf_hash, node_hash, split};

/// The tree while entries are appended, within one transaction.
pub(super) struct Tree<'t> {
    connection: &'t Connection,
    frontier: Frontier,
}

/// Reads hashes of a ledger's tree.
pub(super) struct StoredHashes<'c>(pub(super) &'c Connection);

impl<'t> Tree<'t> {
    pub(super) fn load(connection: &'t Connection) -> Result<Self, LedgerError> {
        Ok(Self {
            frontier: head(connection)?,
            connection,
        })
    }

    /// Takes the entry that was just appended at `position`.
    pub(super) fn push(&mut self, position: u64, entry: &[u8]) -> Result<(), LedgerError> {
        if position != self.frontier.size() + 1 {
            return Err(LedgerError::Head);
        }
        let mut tiles = Vec::new();
        self.frontier.push(leaf_hash(entry), |height, hash| {
            if height > 0 && height.is_multiple_of(TILE_HEIGHT) {
                tiles.push((height, *hash));
            }
        });
        for (height, hash) in tiles {
            let number = (self.frontier.size() >> height) - 1;
            self.connection
                .prepare_cached("INSERT INTO tile (level, number, hash) VALUES (?1, ?2, ?3)")?
                .execute(params![height / TILE_HEIGHT, number, hash])?;
        }
        Ok(())
    }

    /// Writes the right edge; to be called before the transaction is committed.
    pub(super) fn store(&self) -> Result<(), LedgerError> {
        let peaks = self.frontier.peaks().concat();
        self.connection
            .prepare_cached("UPDATE head SET size = ?1, peaks = ?2")?
            .execute(params![self.frontier.size(), peaks])?;
        Ok(())
    }
}

/// The right edge as it was stored.
pub(super) fn head(connection: &Connection) -> Result<Frontier, LedgerError> {
    let (size, peaks): (u64, Vec<u8>) = connection
        .prepare_cached("SELECT size, peaks FROM head")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (peaks, rest) = peaks.as_chunks::<32>();
    match Frontier::from_parts(size, peaks.to_vec()) {
        Some(frontier) if rest.is_empty() => Ok(frontier),
        _ => Err(LedgerError::Head),
    }
}

/// Holds the newest entries and the tiles against the right edge: a ledger whose end was
/// changed, cut off or grown by another hand is not written to.
pub(super) fn check_head(connection: &Connection) -> Result<(), LedgerError> {
    let frontier = head(connection)?;
    let entries: Option<u64> =
        connection.query_row("SELECT max(position) FROM entry", [], |row| row.get(0))?;
    if entries.unwrap_or(0) != frontier.size() {
        return Err(LedgerError::Head);
    }
    let mut start = 0;
    for peak in frontier.peaks() {
        let end = start + split((frontier.size() - start).saturating_add(1));
        if StoredHashes(connection).range(start, end)? != *peak {
            return Err(LedgerError::Head);
        }
        start = end;
    }
    Ok(())
}

/// Builds tiles and right edge of a ledger that has none, from its entries.
pub(super) fn grow_from_entries(connection: &Connection) -> Result<(), LedgerError> {
    let mut tree = Tree::load(connection)?;
    let mut entries = connection.prepare("SELECT position, bytes FROM entry ORDER BY position")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        tree.push(
            row.get(0)?,
            row.get_ref(1)?.as_blob().map_err(|_| LedgerError::Head)?,
        )?;
    }
    tree.store()
}

impl Hashes for StoredHashes<'_> {
    type Error = LedgerError;

    fn range(&self, start: u64, end: u64) -> Result<Hash, LedgerError> {
        if end - start == 1 {
            return self.leaf(start);
        }
        if let Some(tile) = self.tile(start, end)? {
            return Ok(tile);
        }
        let middle = start + split(end - start);
        Ok(node_hash(
            &self.range(start, middle)?,
            &self.range(middle, end)?,
        ))
    }
}

impl StoredHashes<'_> {
    fn leaf(&self, index: u64) -> Result<Hash, LedgerError> {
        let entry: Option<Vec<u8>> = self
            .0
            .prepare_cached("SELECT bytes FROM entry WHERE position = ?1")?
            .query_row([index + 1], |row| row.get(0))
            .optional()?;
        Ok(leaf_hash(&entry.ok_or(LedgerError::Head)?))
    }

    /// The stored hash of exactly these leaves, if they are a tile.
    pub(super) fn tile(&self, start: u64, end: u64) -> Result<Option<Hash>, LedgerError> {
        let leaves = end - start;
        let height = leaves.trailing_zeros();
        let is_tile = leaves.is_power_of_two()
            && height.is_multiple_of(TILE_HEIGHT)
            && start.is_multiple_of(leaves);
        if !is_tile {
            return Ok(None);
        }
        Ok(self
            .0
            .prepare_cached("SELECT hash FROM tile WHERE level = ?1 AND number = ?2")?
            .query_row(params![height / TILE_HEIGHT, start >> height], |row| {
                row.get(0)
            })
            .optional()?)
    }
}

/// Levels of the tree in one level of tiles: 256 leaves.
pub(super) const TILE_HEIGHT: u32 = 8;
