//! What all threads of a desk share: which orders stand where, and who may go home.

use std::time::Duration;

use super::state::{Done, Job, Order, State};
use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use super::ticket::Answer;
use crate::issue::{IssueError, RunEnd};
use crate::ledger::{LedgerError, Wanted};

/// The one lock of a desk. Whoever holds it neither signs, nor verifies, nor writes.
pub(super) struct Board {
    pub(super) state: Mutex<State>,
    /// Tells sessions of work, and of the end.
    pub(super) work: Condvar,
    /// Tells the committer of what was submitted or tried.
    pub(super) commit: Condvar,
    room: usize,
}

/// Why an order could not be left at the desk.
pub(super) enum NoRoom {
    /// As many wait as there is room for; it comes back.
    Full(Box<Wanted>),
    /// No device can sign, and all are looked for.
    Away,
    Closed,
}

/// What a session is to do next.
pub(super) enum Task {
    /// Sign this.
    Sign(Job),
    /// See whether the key still signs.
    Try,
}

/// What the committer is to do next.
pub(super) enum Turn {
    /// Verify these, and keep them in hand.
    Verify(Vec<Done>),
    /// Write down all that is in hand, and take serials for these.
    Commit(Vec<Order>),
    /// Nothing comes any more.
    End,
}

impl Board {
    /// A desk for so many sessions, with room for so many orders that wait; whether it stays when its last
    /// session is lost.
    pub(super) fn new(sessions: usize, room: usize, stays: bool) -> Self {
        let state = State {
            sessions,
            at_work: sessions,
            stays,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            commit: Condvar::new(),
            room,
        }
    }

    /// Leaves an order at the desk, unless it is full, or takes none any more.
    pub(super) fn submit(&self, wanted: Wanted, answer: Answer) -> Result<(), NoRoom> {
        let mut state = self.state();
        if state.closed || state.end.is_some() {
            return Err(NoRoom::Closed);
        }
        if state.is_away() {
            return Err(NoRoom::Away);
        }
        if state.waiting.len() >= self.room {
            return Err(NoRoom::Full(Box::new(wanted)));
        }
        state.waiting.push_back(Order { wanted, answer });
        self.commit.notify_one();
        Ok(())
    }

    /// Whether an order could be left, were there room.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state();
        !state.takes_no_more() && !state.is_away()
    }

    /// Takes serials for nobody until it is let go; what has one goes its way. Orders may still be left.
    pub(super) fn hold(&self) {
        let mut state = self.state();
        // A desk that closes is emptied.
        state.held = !state.closed;
        drop(state);
        self.wake_all();
    }

    pub(super) fn let_go(&self) {
        self.state().held = false;
        self.wake_all();
    }

    /// Whether it is held, and the ledger has the outcome of all that has a serial.
    pub(super) fn rests(&self) -> bool {
        let state = self.state();
        state.held && state.nothing_is_open()
    }

    /// Takes no order any more; those that were taken go their way.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.held = false;
        drop(state);
        self.wake_all();
    }

    /// Somebody wants to stop: what has no serial yet gets none. What has one is signed and
    /// recorded; that is a chunk at most, which is small where a signature takes long.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.end.get_or_insert(RunEnd::Interrupted);
        state.turn_away_waiting();
        drop(state);
        self.wake_all();
    }

    /// Nobody can go on: nothing is reserved or signed any more. What a device is at comes
    /// to its end, and all that has a serial is written down as given up.
    pub(super) fn end(&self, why: RunEnd) {
        let mut state = self.state();
        state.end_all(why);
        drop(state);
        self.wake_all();
    }

    /// The ledger failed, and takes nothing more. Every answer that is owed says so, and the
    /// ledger is not told of what is given up.
    pub(super) fn broke_off(&self, error: LedgerError) {
        let mut state = self.state();
        state.end = Some(RunEnd::Ledger(error));
        state.broken = true;
        state.reserving = 0;
        state.in_hand = 0;
        state.turn_away_waiting();
        let left = std::mem::take(&mut state.reserved);
        for job in left {
            job.answer.give(Err(IssueError::NotTried));
        }
        for done in std::mem::take(&mut state.tried) {
            done.turn_away();
        }
        drop(state);
        self.wake_all();
    }

    /// The committer is gone. Every answer is dropped, by which its ticket learns of it; what
    /// was reserved stays open in the ledger, as after a crash.
    pub(super) fn broke(&self) {
        let mut state = self.state();
        state.end = Some(RunEnd::Panicked);
        state.broken = true;
        state.waiting.clear();
        state.reserved.clear();
        state.tried.clear();
        state.reserving = 0;
        state.in_hand = 0;
        drop(state);
        self.wake_all();
    }

    /// Why it ended before it was closed, if it did.
    pub(super) fn ended(&self) -> Option<RunEnd> {
        self.state().end.take()
    }

    /// What a session of this device does next; nothing when it may go home.
    pub(super) fn task(&self, device: usize) -> Option<Task> {
        let mut state = self.state();
        loop {
            if state.expelled.contains(&device) {
                return None;
            }
            if let Some(job) = state.reserved.pop_front() {
                state.at_devices += 1;
                if state.wants_more() {
                    self.commit.notify_one();
                }
                return Some(Task::Sign(job));
            }
            // A job that is at another device may come back, as long as it is there.
            if state.takes_no_more() && state.waiting.is_empty() && state.nothing_at_devices() {
                return None;
            }
            if std::mem::take(&mut state.trials.is_wanted) {
                return Some(Task::Try);
            }
            state = wait(&self.work, state);
        }
    }

    /// A session is through with a job.
    pub(super) fn tried(&self, done: Done, time: Duration) {
        let mut state = self.state();
        state.at_devices -= 1;
        state.pace.signatures += 1;
        state.pace.time += time;
        if state.broken {
            done.turn_away();
        } else {
            state.tried.push(done);
        }
        self.commit.notify_one();
        if state.takes_no_more() && state.nothing_at_devices() {
            self.work.notify_all();
        }
    }

    /// What the committer is to do next; waits until there is something.
    pub(super) fn turn(&self) -> Turn {
        let mut state = self.state();
        loop {
            if !state.tried.is_empty() {
                let tried = std::mem::take(&mut state.tried);
                state.in_hand += tried.len();
                return Turn::Verify(tried);
            }
            state.learn();
            let orders = state.take_what_waits();
            if !orders.is_empty() || state.in_hand_is_due() {
                state.reserving = orders.len();
                return Turn::Commit(orders);
            }
            if state.is_through() {
                return Turn::End;
            }
            state = wait(&self.commit, state);
        }
    }

    /// The committer wrote down what was in hand, and took serials for these.
    pub(super) fn committed(&self, jobs: Vec<Job>) {
        let mut state = self.state();
        state.in_hand = 0;
        state.reserving = 0;
        if state.end_is_hard() || state.sessions == 0 {
            state.give_up(jobs);
        } else {
            state.reserved.extend(jobs);
        }
        drop(state);
        self.work.notify_all();
    }

    pub(super) fn wake_all(&self) {
        self.work.notify_all();
        self.commit.notify_all();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(changed: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    changed.wait(state).unwrap_or_else(PoisonError::into_inner)
}
