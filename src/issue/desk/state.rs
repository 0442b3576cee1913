//! Where the orders of a desk stand, and what follows from that: no thread, no lock.

use std::collections::VecDeque;

use super::absences::Absences;
use super::chunk::{ChunkSize, Pace};
use super::ticket::Answer;
use super::trials::Trials;
use crate::issue::way::Tried;
use crate::issue::{IssueError, RunEnd};
use crate::ledger::{Reservation, Wanted};

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

/// Which orders stand where.
#[derive(Default)]
pub(super) struct State {
    /// Submitted; nothing was taken for them. At most `room`.
    pub(super) waiting: VecDeque<Order>,
    /// How many the committer takes serials for just now.
    pub(super) reserving: usize,
    /// Reserved, and at no device.
    pub(super) reserved: VecDeque<Job>,
    pub(super) at_devices: usize,
    /// Tried, and not verified.
    pub(super) tried: Vec<Done>,
    /// How many the committer has verified and not recorded, or is about to verify.
    pub(super) in_hand: usize,
    /// How many sessions can sign.
    pub(super) sessions: usize,
    /// How many sessions can sign or look for their device.
    pub(super) at_work: usize,
    /// Whether it goes on without a session that can sign, as long as one looks for its device.
    pub(super) stays: bool,
    pub(super) absences: Absences,
    /// Devices that lied, or refuse their PIN.
    pub(super) expelled: Vec<usize>,
    pub(super) closed: bool,
    /// Whether serials are taken for nobody, for a while.
    pub(super) held: bool,
    pub(super) end: Option<RunEnd>,
    /// Whether the committer is gone, so that nothing can be recorded.
    pub(super) broken: bool,
    pub(super) chunk: ChunkSize,
    pub(super) pace: Pace,
    pub(super) trials: Trials,
}

impl Done {
    /// Nobody can record it any more.
    pub(super) fn turn_away(self) {
        let error = match self.tried.signed {
            Ok(_) => IssueError::NotRecorded,
            Err(error) => error,
        };
        self.answer.give(Err(error));
    }
}

impl State {
    pub(super) fn takes_no_more(&self) -> bool {
        self.closed || self.end.is_some()
    }

    pub(super) fn nothing_at_devices(&self) -> bool {
        self.at_devices == 0 && self.reserving == 0
    }

    /// Whether nobody can sign, and somebody looks for a device that could.
    pub(super) fn is_away(&self) -> bool {
        self.stays && self.sessions == 0 && self.end.is_none()
    }

    /// Whether it ended otherwise than by somebody's wish, who lets what was begun go on.
    pub(super) fn end_is_hard(&self) -> bool {
        !matches!(self.end, None | Some(RunEnd::Interrupted))
    }

    pub(super) fn is_through(&self) -> bool {
        self.takes_no_more() && self.waiting.is_empty() && self.nothing_is_open()
    }

    /// Whether the ledger has the outcome of all that has a serial.
    pub(super) fn nothing_is_open(&self) -> bool {
        self.reserved.is_empty()
            && self.nothing_at_devices()
            && self.tried.is_empty()
            && self.in_hand == 0
    }

    /// Whether the sessions will soon have nothing to do. Where a signature takes long,
    /// nothing is reserved ahead: a crash then leaves no serial that nobody came to.
    pub(super) fn wants_more(&self) -> bool {
        let chunk = self.chunk.get();
        if self.held || self.waiting.is_empty() || self.sessions == 0 || self.end.is_some() {
            return false;
        }
        if chunk <= self.sessions {
            return self.reserved.is_empty() && self.at_devices < self.sessions;
        }
        self.reserved.len() <= chunk / 2
    }

    /// What waits now, up to a chunk. More is never waited for.
    pub(super) fn take_what_waits(&mut self) -> Vec<Order> {
        if !self.wants_more() {
            return Vec::new();
        }
        let many = self.chunk.get().max(1).min(self.waiting.len());
        self.waiting.drain(..many).collect()
    }

    /// Whether those who wait for what is in hand should wait no longer. A part of a chunk is
    /// gathered first, since a durable step costs as much as many signatures.
    pub(super) fn in_hand_is_due(&self) -> bool {
        let idle = self.reserved.is_empty() && self.nothing_at_devices();
        self.in_hand > 0 && (idle || self.in_hand >= (self.chunk.get() / 4).max(1))
    }

    pub(super) fn learn(&mut self) {
        let pace = std::mem::take(&mut self.pace);
        self.chunk.paced(pace, self.sessions);
    }

    pub(super) fn turn_away_waiting(&mut self) {
        let is_away = self.is_away();
        for order in self.waiting.drain(..) {
            order.answer.give(Err(not_signed(is_away)));
        }
    }

    /// Nobody can sign for a while: what waits is answered, and nothing stays open that has a serial.
    pub(super) fn go_away(&mut self) {
        self.turn_away_waiting();
        let left = std::mem::take(&mut self.reserved);
        self.give_up(left);
    }

    /// The first cause counts, but that the ledger's explains the others.
    pub(super) fn end_all(&mut self, why: RunEnd) {
        let explains = matches!(why, RunEnd::Ledger(_) | RunEnd::Panicked);
        if explains || self.end.is_none() {
            self.end = Some(why);
        }
        self.turn_away_waiting();
        let left = std::mem::take(&mut self.reserved);
        self.give_up(left);
    }

    /// Their serials are spent, which the ledger is to say.
    pub(super) fn give_up(&mut self, jobs: impl IntoIterator<Item = Job>) {
        let is_away = self.is_away();
        self.tried.extend(jobs.into_iter().map(|job| Done {
            tried: Tried {
                reservation: job.reservation,
                signed: Err(not_signed(is_away)),
            },
            answer: job.answer,
            device: None,
        }));
    }
}

fn not_signed(is_away: bool) -> IssueError {
    if is_away {
        IssueError::Away
    } else {
        IssueError::NotTried
    }
}
