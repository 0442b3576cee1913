//! What a ceremony of kind `drill` tries: the real copies and shares, with nothing issued.

use super::ledger::LedgerBefore;
use super::reader::{Reader, Table};
use super::restore::a_device_each;
use crate::ceremony::instant::Instant;

/// A drill. The CAs, and the devices with the copies that are tried, are those that the plan knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// When the next one is due.
    pub next_due: Instant,
}

/// Reads `[drill]`.
pub(super) fn read(
    reader: &mut Reader,
    top: &mut Table,
    until: Option<Instant>,
    ledger: Option<&LedgerBefore>,
) -> Option<Drill> {
    let table = &mut top.table(reader, "drill");
    let next_due = table.instant(reader, "next-due");
    if let (Some(next), Some(until)) = (next_due, until)
        && next <= until
    {
        table.fault(reader, "next-due", "is before the end of this window");
    }
    table.end(reader);
    a_device_each(reader, ledger);
    Some(Drill {
        next_due: next_due?,
    })
}
