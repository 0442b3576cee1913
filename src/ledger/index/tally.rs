//! A sum over rows, to hold two indexes against each other without keeping either.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::ledger::store::{Applied, Keys, Row, Rows, StoreError, Walk};

/// How many rows each table has, and the sum of their hashes: the order does not count.
///
/// Finds what chance or an old program did. Somebody who means to deceive can find rows of
/// equal sum; but whoever can write the index can write the ledger's entries too.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<u8, (u64, u128)>);

impl Tally {
    pub(super) fn add(&mut self, table: u8, key: &[u8], position: u64) {
        let hash = Sha256::new()
            .chain_update(position.to_be_bytes())
            .chain_update(key)
            .finalize();
        let half = hash.first_chunk().copied().unwrap_or_default();
        let (count, sum) = self.0.entry(table).or_default();
        *count += 1;
        *sum = sum.wrapping_add(u128::from_be_bytes(half));
    }

    pub(super) fn of(&self, table: u8) -> (u64, u128) {
        self.0.get(&table).copied().unwrap_or_default()
    }
}

pub(super) fn of(shared: &Mutex<Tally>, table: u8) -> (u64, u128) {
    shared
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .of(table)
}

impl Rows for Arc<Mutex<Tally>> {
    fn applied(&self) -> Result<Option<Applied>, StoreError> {
        Ok(None)
    }

    fn apply(&mut self, rows: &[Row], _applied: &Applied) -> Result<(), StoreError> {
        let mut tally = self.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            tally.add(row.table, &row.key, row.position);
        }
        Ok(())
    }

    /// There is nothing to find: a sum tells of no row.
    fn walk(
        &self,
        _keys: &Keys<'_>,
        _each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        *self.lock().unwrap_or_else(PoisonError::into_inner) = Tally::default();
        Ok(())
    }
}
