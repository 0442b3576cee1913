//! What the desk's threads meet at. The model of the protocol swaps this one file for
//! primitives whose every interleaving a scheduler chooses.

pub(super) use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
pub(super) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
pub(super) use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// Waits until `changed` is told of, or for so long.
pub(super) fn wait_at_most<'a, T>(
    changed: &Condvar,
    _mutex: &'a Mutex<T>,
    state: MutexGuard<'a, T>,
    longest: Duration,
) -> MutexGuard<'a, T> {
    let waited = changed.wait_timeout(state, longest);
    waited.unwrap_or_else(PoisonError::into_inner).0
}
