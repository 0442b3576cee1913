//! Reservations from the newest back, for whoever wants to see the last ones.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::Ledger;
use super::terms::Term;
use crate::ledger::{LedgerError, Record};

impl Ledger {
    /// Calls `each` with the records that any of the terms finds, the newest reservation first,
    /// until it breaks off. Without terms, and with one that no row leads to, that is every record:
    /// look at what is found. No more than some thousand entries are held at once.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    pub fn each_record_backward(
        &self,
        terms: &[Term<'_>],
        each: &mut dyn FnMut(Record) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.each_record_before(terms, u64::MAX, &mut |_, record| each(record))
    }

    /// The same of those whose reservations stand before this position, with the position of each.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    pub fn each_record_before(
        &self,
        terms: &[Term<'_>],
        before: u64,
        each: &mut dyn FnMut(u64, Record) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        match self.found_by_rows(terms)? {
            Some(positions) => self.each_at(positions.range(..before), each),
            None => self.each_from(self.size().min(before.saturating_sub(1)), each),
        }
    }

    /// The positions that rows lead to from these terms; none where all has to be looked at.
    fn found_by_rows(&self, terms: &[Term<'_>]) -> Result<Option<BTreeSet<u64>>, LedgerError> {
        let found = terms.iter().map(|term| self.found_by(*term).transpose());
        let found: Option<Result<Vec<_>, _>> = found.collect();
        let found = found.transpose()?.filter(|found| !found.is_empty());
        Ok(found.map(|found| found.into_iter().flatten().collect()))
    }

    fn each_at<'p>(
        &self,
        positions: impl DoubleEndedIterator<Item = &'p u64>,
        each: &mut dyn FnMut(u64, Record) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        let cas = self.cas()?;
        for position in positions.rev() {
            if each(*position, self.record_at(&cas, *position)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Entries are read in order, as the file has them, a piece at a time.
    fn each_from(
        &self,
        mut end: u64,
        each: &mut dyn FnMut(u64, Record) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        while end > 0 {
            let before = end.saturating_sub(PIECE);
            let mut records = Vec::new();
            let collect = &mut |position, record| records.push((position, record));
            self.each_record_placed(before + 1..=end, collect)?;
            for (position, record) in records.into_iter().rev() {
                if each(position, record).is_break() {
                    return Ok(());
                }
            }
            end = before;
        }
        Ok(())
    }
}

/// How many entries are read at once.
const PIECE: u64 = if cfg!(test) { 3 } else { 2048 };
