//! When something was last written that says who may ask, so that whoever asked the ledger knows whether the
//! answer still holds, and need not wait for a write to ask again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ledger::entry::Event;

/// Counts in all of the process: what one ledger's change makes another's reader ask again costs nothing but that.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// A number that is another one as soon as an entry is begun that may change whose login, key or name counts, and
/// when a ledger was opened, since another process may have written to it before.
///
/// Whoever notes it, *then* looks into the ledger, and finds it the same later, would find the same there.
#[must_use]
pub fn people_changes() -> u64 {
    CHANGES.load(Ordering::Acquire)
}

/// An entry begins. It is counted before it can be durable.
pub(super) fn begins(event: &Event) {
    let says_nothing_of_people = matches!(
        event,
        Event::Reserved(_)
            | Event::Issued(_)
            | Event::Failed(_)
            | Event::EvidenceSeen(_)
            | Event::LoginSeen(_)
            | Event::CheckpointSigned(_)
            | Event::KrlMade(_)
    );
    if !says_nothing_of_people {
        opened();
    }
}

/// A ledger was opened.
pub(super) fn opened() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}
