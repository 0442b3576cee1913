//! What all threads of a desk share: which orders stand where, and who may go home.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::chunk::{ChunkSize, Pace};
use super::sync::{Condvar, Mutex, MutexGuard, PoisonError, wait_at_most};
use super::ticket::Answer;
use crate::issue::way::Tried;
use crate::issue::{IssueError, RunEnd};
use crate::ledger::{LedgerError, Reservation, Wanted};

/// The one lock of a desk. Whoever holds it neither signs, nor verifies, nor writes.
pub(super) struct Board {
    state: Mutex<State>,
    /// Tells sessions of work, and of the end.
    work: Condvar,
    /// Tells the committer of what was submitted or tried.
    commit: Condvar,
    room: usize,
}

/// An order that was submitted, and who waits for it.
pub(super) struct Order {
    pub(super) wanted: Wanted,
    pub(super) answer: Answer,
}

/// An order whose serial is taken.
pub(super) struct Job {
    pub(super) reservation: Box<Reservation>,
    pub(super) answer: Answer,
}

/// An order that a session tried.
pub(super) struct Done {
    pub(super) tried: Tried,
    pub(super) answer: Answer,
    /// The device of that session; none if no device came to it.
    pub(super) device: Option<usize>,
}

/// Why an order could not be left at the desk.
pub(super) enum NoRoom {
    /// As many wait as there is room for; it comes back.
    Full(Box<Wanted>),
    Closed,
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

#[derive(Default)]
struct State {
    /// Submitted; nothing was taken for them. At most `room`.
    waiting: VecDeque<Order>,
    /// How many the committer takes serials for just now.
    reserving: usize,
    /// Reserved, and at no device.
    reserved: VecDeque<Job>,
    at_devices: usize,
    /// Tried, and not verified.
    tried: Vec<Done>,
    /// How many the committer has verified and not recorded, or is about to verify.
    in_hand: usize,
    /// How many sessions can sign.
    sessions: usize,
    /// Devices that lied.
    expelled: Vec<usize>,
    closed: bool,
    end: Option<RunEnd>,
    /// Whether the committer is gone, so that nothing can be recorded.
    broken: bool,
    chunk: ChunkSize,
    pace: Pace,
}

impl Board {
    /// A desk for so many sessions, with room for so many orders that wait.
    pub(super) fn new(sessions: usize, room: usize) -> Self {
        let state = State {
            sessions,
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
        if state.waiting.len() >= self.room {
            return Err(NoRoom::Full(Box::new(wanted)));
        }
        state.waiting.push_back(Order { wanted, answer });
        self.commit.notify_one();
        Ok(())
    }

    /// Takes no order any more; those that were taken go their way.
    pub(super) fn close(&self) {
        self.state().closed = true;
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

    /// The next job for a session of this device; none when the session may go home.
    pub(super) fn job(&self, device: usize) -> Option<Job> {
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
                return Some(job);
            }
            // A job that is at another device may come back, as long as it is there.
            if state.takes_no_more() && state.waiting.is_empty() && state.nothing_at_devices() {
                return None;
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

    /// A session can sign no more, and leaves its job to the others; the last one gets it
    /// back. The session doesn't count from here on, until it is [`Self::back`].
    pub(super) fn lost(&self, job: Job) -> Result<(), Job> {
        let mut state = self.state();
        if state.sessions <= 1 || state.end_is_hard() {
            return Err(job);
        }
        state.sessions -= 1;
        state.at_devices -= 1;
        state.reserved.push_front(job);
        drop(state);
        self.work.notify_all();
        Ok(())
    }

    /// Waits before a lost device is looked for again. False if it is needed no more.
    pub(super) fn rest(&self, longest: Duration) -> bool {
        let mut state = self.state();
        let until = Instant::now() + longest;
        loop {
            if state.closed || state.end.is_some() {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = wait_at_most(&self.work, &self.state, state, left);
        }
    }

    /// A lost session can sign again.
    pub(super) fn back(&self) {
        self.state().sessions += 1;
        self.commit.notify_one();
    }

    /// A session goes home. The last one ends the desk if orders are left, or may still come.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        state.sessions -= 1;
        let left = !(state.waiting.is_empty() && state.reserved.is_empty() && state.reserving == 0);
        if state.sessions == 0 && (left || !state.takes_no_more()) {
            state.end_all(RunEnd::Signer);
        }
        drop(state);
        self.wake_all();
    }

    /// A device lied, and signs nothing any more.
    pub(super) fn expel(&self, device: usize) {
        self.state().expelled.push(device);
        self.work.notify_all();
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

    fn wake_all(&self) {
        self.work.notify_all();
        self.commit.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Done {
    /// Nobody can record it any more.
    fn turn_away(self) {
        let error = match self.tried.signed {
            Ok(_) => IssueError::NotRecorded,
            Err(error) => error,
        };
        self.answer.give(Err(error));
    }
}

impl State {
    fn takes_no_more(&self) -> bool {
        self.closed || self.end.is_some()
    }

    fn nothing_at_devices(&self) -> bool {
        self.at_devices == 0 && self.reserving == 0
    }

    /// Whether it ended otherwise than by somebody's wish, who lets what was begun go on.
    fn end_is_hard(&self) -> bool {
        !matches!(self.end, None | Some(RunEnd::Interrupted))
    }

    fn is_through(&self) -> bool {
        self.takes_no_more()
            && self.waiting.is_empty()
            && self.reserved.is_empty()
            && self.nothing_at_devices()
            && self.in_hand == 0
    }

    /// Whether the sessions will soon have nothing to do. Where a signature takes long,
    /// nothing is reserved ahead: a crash then leaves no serial that nobody came to.
    fn wants_more(&self) -> bool {
        let chunk = self.chunk.get();
        if self.waiting.is_empty() || self.sessions == 0 || self.end.is_some() {
            return false;
        }
        if chunk <= self.sessions {
            return self.reserved.is_empty() && self.at_devices < self.sessions;
        }
        self.reserved.len() <= chunk / 2
    }

    /// What waits now, up to a chunk. More is never waited for.
    fn take_what_waits(&mut self) -> Vec<Order> {
        if !self.wants_more() {
            return Vec::new();
        }
        let many = self.chunk.get().max(1).min(self.waiting.len());
        self.waiting.drain(..many).collect()
    }

    /// Whether those who wait for what is in hand should wait no longer. A part of a chunk is
    /// gathered first, since a durable step costs as much as many signatures.
    fn in_hand_is_due(&self) -> bool {
        let idle = self.reserved.is_empty() && self.nothing_at_devices();
        self.in_hand > 0 && (idle || self.in_hand >= (self.chunk.get() / 4).max(1))
    }

    fn learn(&mut self) {
        let pace = std::mem::take(&mut self.pace);
        self.chunk.paced(pace, self.sessions);
    }

    fn turn_away_waiting(&mut self) {
        for order in self.waiting.drain(..) {
            order.answer.give(Err(IssueError::NotTried));
        }
    }

    /// The first cause counts, but that the ledger's explains the others.
    fn end_all(&mut self, why: RunEnd) {
        let explains = matches!(why, RunEnd::Ledger(_) | RunEnd::Panicked);
        if explains || self.end.is_none() {
            self.end = Some(why);
        }
        self.turn_away_waiting();
        let left = std::mem::take(&mut self.reserved);
        self.give_up(left);
    }

    /// Their serials are spent, which the ledger is to say.
    fn give_up(&mut self, jobs: impl IntoIterator<Item = Job>) {
        self.tried.extend(jobs.into_iter().map(|job| Done {
            tried: Tried {
                reservation: job.reservation,
                signed: Err(IssueError::NotTried),
            },
            answer: job.answer,
            device: None,
        }));
    }
}

fn wait<'a>(changed: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    changed.wait(state).unwrap_or_else(PoisonError::into_inner)
}
