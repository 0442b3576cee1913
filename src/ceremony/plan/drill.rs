//! What a ceremony of kind `drill` tries: the real copies and shares, with nothing issued.

use super::blobs::PlannedBlob;
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
    (ledger, blobs): (Option<&LedgerBefore>, &[PlannedBlob]),
) -> Option<Drill> {
    let drill = table(reader, top, until);
    a_device_each(reader, ledger, blobs);
    drill
}

/// Reads `[drill]` of a plan that makes CAs, where it is there.
pub(super) fn first(reader: &mut Reader, top: &mut Table, until: Option<Instant>) -> Option<Drill> {
    if !top.has("drill") {
        return None;
    }
    table(reader, top, until)
}

fn table(reader: &mut Reader, top: &mut Table, until: Option<Instant>) -> Option<Drill> {
    let table = &mut top.table(reader, "drill");
    let next_due = table.instant(reader, "next-due");
    if let (Some(next), Some(until)) = (next_due, until) {
        if next <= until {
            table.fault(reader, "next-due", "is before the end of this window");
        } else if next.apart(until) > LONGEST {
            table.fault(
                reader,
                "next-due",
                "is more than ten years behind this window",
            );
        }
    }
    table.end(reader);
    Some(Drill {
        next_due: next_due?,
    })
}

/// A year is reckoned as 366 days. Nobody who holds the first drill is there to remember the next one beyond that.
const LONGEST: u64 = 10 * 366 * 86_400;
