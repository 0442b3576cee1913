//! Rows in memory: the index of whoever may write none, and what an index on disk has not
//! been told of yet.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::store::{Applied, Direction, Keys, Row, Rows, StoreError, Walk};

/// Rows of a process, gone with it.
#[derive(Clone, Debug, Default)]
pub(super) struct MemoryRows {
    rows: BTreeSet<Row>,
    applied: Option<Applied>,
}

impl MemoryRows {
    pub(super) fn insert(&mut self, row: Row) {
        self.rows.insert(row);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes back the rows of entries behind `size`: their frame did not become one.
    pub(super) fn forget_behind(&mut self, size: u64) {
        self.rows.retain(|row| row.position <= size);
    }

    /// All rows, in their order; none is left.
    pub(super) fn take(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.rows).into_iter().collect()
    }

    /// Puts back what [`Self::take`] took.
    pub(super) fn put_back(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// The rows that `keys` names, in the order of the walk.
    pub(super) fn iter<'r>(&'r self, keys: &Keys<'_>) -> Box<dyn Iterator<Item = &'r Row> + 'r> {
        let (table, prefix) = (keys.table, keys.prefix.to_vec());
        let row = |key: &[u8], position| Row {
            table,
            key: key.to_vec(),
            position,
        };
        let begins = move |row: &&Row| row.table == table && row.key.starts_with(&prefix);
        match keys.direction {
            Direction::Forward => {
                let start = row(keys.from.unwrap_or(keys.prefix), 0);
                let rows = self.rows.range(start..);
                Box::new(rows.take_while(begins))
            }
            Direction::Backward => {
                let end = match keys.from {
                    Some(from) => Bound::Included(row(from, u64::MAX)),
                    None => behind(keys).map_or(Bound::Unbounded, Bound::Excluded),
                };
                let rows = self.rows.range((Bound::Unbounded, end)).rev();
                Box::new(rows.take_while(begins))
            }
        }
    }
}

/// The smallest row behind all that begin with the prefix.
fn behind(keys: &Keys<'_>) -> Option<Row> {
    let key = prefix_end(keys.prefix);
    let table = match key {
        Some(_) => keys.table,
        None => keys.table.checked_add(1)?,
    };
    Some(Row {
        table,
        key: key.unwrap_or_default(),
        position: 0,
    })
}

/// The smallest text behind all that begin with `prefix`; none where there is no such text.
pub(super) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

impl Rows for MemoryRows {
    fn applied(&self) -> Result<Option<Applied>, StoreError> {
        Ok(self.applied.clone())
    }

    fn apply(&mut self, rows: &[Row], applied: &Applied) -> Result<(), StoreError> {
        self.rows.extend(rows.iter().cloned());
        self.applied = Some(applied.clone());
        Ok(())
    }

    fn walk(
        &self,
        keys: &Keys<'_>,
        each: &mut dyn FnMut(&[u8], u64) -> Walk,
    ) -> Result<(), StoreError> {
        for row in self.iter(keys) {
            if each(&row.key, row.position) == Walk::Stop {
                break;
            }
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        *self = Self::default();
        Ok(())
    }
}
