//! Reserved orders on their way to whichever signer is free.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Tried;
use crate::ledger::Reservation;

/// What waits, and who works. A job that was taken can come back: its signer failed, and
/// another is left.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

/// A reserved order, and where what becomes of it is told.
pub(super) struct Job<T> {
    pub(super) reservation: Box<Reservation>,
    pub(super) tag: T,
    /// Its place in its chunk.
    pub(super) place: usize,
    pub(super) chunk: Sender<(usize, T, Tried)>,
}

/// How long signatures took since the last look, and how many there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) signatures: u32,
    pub(super) time: Duration,
}

struct State<T> {
    waiting: VecDeque<Job<T>>,
    workers: usize,
    busy: usize,
    closed: bool,
    pace: Pace,
}

impl<T> Queue<T> {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                workers,
                busy: 0,
                closed: false,
                pace: Pace::default(),
            }),
            changed: Condvar::new(),
        }
    }

    /// More jobs, which are taken in their sequence.
    pub(super) fn push(&self, jobs: Vec<Job<T>>) {
        self.state().waiting.extend(jobs);
        self.changed.notify_all();
    }

    /// Waits until nothing waits and somebody could work; none if nobody is left.
    pub(super) fn wait_for_a_free_worker(&self) -> Option<(Pace, usize)> {
        let mut state = self.state();
        while state.workers > 0 && !(state.waiting.is_empty() && state.busy < state.workers) {
            state = self.wait(state);
        }
        let pace = std::mem::take(&mut state.pace);
        (state.workers > 0).then_some((pace, state.workers))
    }

    /// No job comes after those that wait; returns when all are through.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.changed.notify_all();
        while state.workers > 0 && (state.busy > 0 || !state.waiting.is_empty()) {
            state = self.wait(state);
        }
    }

    /// A place for one of the workers that the queue was made for.
    pub(super) fn worker(&self) -> Worker<'_, T> {
        Worker {
            queue: self,
            busy: false,
            left: false,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that takes jobs; gone when dropped, by a panic too.
pub(super) struct Worker<'a, T> {
    queue: &'a Queue<T>,
    busy: bool,
    left: bool,
}

impl<T> Worker<'_, T> {
    /// The next job; none when there will be no more, not even one that comes back.
    pub(super) fn take(&mut self) -> Option<Job<T>> {
        let mut state = self.queue.state();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                state.busy += 1;
                self.busy = true;
                return Some(job);
            }
            if state.closed && state.busy == 0 {
                return None;
            }
            state = self.queue.wait(state);
        }
    }

    /// The job that was taken is through, after `time`.
    pub(super) fn done(&mut self, time: Duration) {
        let mut state = self.queue.state();
        state.pace.signatures += 1;
        state.pace.time += time;
        state.busy -= 1;
        self.busy = false;
        if state.waiting.is_empty() {
            self.queue.changed.notify_all();
        }
    }

    /// Leaves the job to another worker, and leaves; the last one keeps it.
    pub(super) fn leave_to_others(mut self, job: Job<T>) -> Result<(), (Self, Job<T>)> {
        let mut state = self.queue.state();
        if state.workers == 1 {
            drop(state);
            return Err((self, job));
        }
        state.waiting.push_front(job);
        // At once: two that fail together must not both think that the other stays.
        state.workers -= 1;
        state.busy -= 1;
        drop(state);
        self.left = true;
        self.queue.changed.notify_all();
        Ok(())
    }
}

impl<T> Drop for Worker<'_, T> {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        let mut state = self.queue.state();
        state.workers -= 1;
        state.busy -= usize::from(self.busy);
        drop(state);
        self.queue.changed.notify_all();
    }
}
