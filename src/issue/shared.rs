//! The ledger between a desk, which writes to it, and those who look into it beside that.
//!
//! Whoever decides looks into the ledger several times for one order, and a write takes as long as a disk does.
//! Were the writer first whenever it can, an order would wait for a write at each look, and a write would hold
//! few orders. So behind a write it lets those go first that stand there, for as long at most as that took, and
//! sees then what waits for the next.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ledger::Ledger;

/// The ledger, shared by a desk and whoever reads beside it.
pub type SharedLedger = Arc<Mutex<Ledger>>;

/// How many wait for a look, in all of the process: a server has one ledger.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// The ledger is consistent after a panic elsewhere: its durable steps are its own.
pub(crate) fn lock(ledger: &SharedLedger) -> MutexGuard<'_, Ledger> {
    WAITING.fetch_add(1, Ordering::Relaxed);
    let guard = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    WAITING.fetch_sub(1, Ordering::Relaxed);
    guard
}

/// Lets those go first who wait for a look, unless that takes so long.
pub(super) fn give_way(longest: Duration) {
    let begun = Instant::now();
    while WAITING.load(Ordering::Relaxed) > 0 && begun.elapsed() < longest {
        std::thread::sleep(GLANCE.min(longest));
    }
}

const GLANCE: Duration = Duration::from_micros(100);
