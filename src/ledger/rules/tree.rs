//! The Merkle tree of a ledger, read by the tiles of its index.
//!
//! An entry's leaf is its position less one. A subtree of 256 leaves is a tile of level
//! 1, one of 256 tiles a tile of level 2 (as in C2SP tlog-tiles), so that a proof reads a
//! few hundred entries, however long the ledger is.

use super::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::index::TILE_HEIGHT;
use crate::ledger::merkle::{Hash, Hashes, leaf_hash, node_hash, split};
use crate::ledger::rows::{number, table};
use crate::ledger::store::Keys;

impl Hashes for Ledger {
    type Error = LedgerError;

    fn range(&self, start: u64, end: u64) -> Result<Hash, LedgerError> {
        if end - start == 1 {
            let entry = self.bytes_at(end)?.ok_or(LedgerError::Head)?;
            return Ok(leaf_hash(&entry));
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

impl Ledger {
    /// The stored hash of exactly these leaves, if they are a tile.
    fn tile(&self, start: u64, end: u64) -> Result<Option<Hash>, LedgerError> {
        let leaves = end - start;
        let height = leaves.trailing_zeros();
        let is_tile = leaves.is_power_of_two()
            && height.is_multiple_of(TILE_HEIGHT)
            && start.is_multiple_of(leaves);
        let Some(level) = u8::try_from(height / TILE_HEIGHT).ok().filter(|_| is_tile) else {
            return Ok(None);
        };
        let prefix = [&[level], &number(start >> height)[..]].concat();
        let found = self.index.first(&Keys::of(table::TILE, &prefix))?;
        Ok(found.and_then(|(key, _)| key.last_chunk().copied()))
    }
}
