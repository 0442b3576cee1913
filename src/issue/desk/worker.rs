//! A session's thread: takes what is reserved, signs it, and hands it on.

use std::time::{Duration, Instant};

use super::board::{Board, Task};
use super::state::{Done, Job};
use crate::issue::way::{Tried, sign_guarded, try_guarded};
use crate::issue::{IssueError, Lost, RunEnd, Session, Step, Times};
use crate::signer::SignerError;
use ssh_key::public::KeyData;

/// Signs for a desk, as long as there is something to sign and the session can.
pub(super) struct Worker<'a> {
    pub(super) board: &'a Board,
    pub(super) session: Session,
    /// The CA's key as it was recorded.
    pub(super) recorded: &'a KeyData,
    pub(super) lost: &'a Lost,
    pub(super) times: Option<&'a Times>,
    /// How long a lost device is left alone before it is looked for; twice as long each time.
    pub(super) pause: Duration,
}

impl Worker<'_> {
    /// Works until the desk has nothing more for this session.
    pub(super) fn run(mut self) {
        let mut place = Place {
            board: self.board,
            counts: true,
        };
        while let Some(task) = self.board.task(self.session.device) {
            let Task::Sign(job) = task else {
                self.try_key();
                continue;
            };
            let Err(error) = self.attempt(job) else {
                continue;
            };
            place.counts = false;
            (self.lost)(self.session.signer.device(), &error);
            if !self.get_it_back() {
                return;
            }
            place.counts = true;
        }
    }

    /// Signs a job. The error is that of a device which can sign no more while others can.
    fn attempt(&mut self, job: Job) -> Result<(), SignerError> {
        let start = Instant::now();
        let signed = sign_guarded(self.session.signer.as_mut(), &job.reservation);
        if let (Ok(_), Some(times)) = (&signed, self.times) {
            times(Step::Sign, start.elapsed());
        }
        let end = match &signed {
            Err(IssueError::Sign(error)) if error.ends_the_run() => Some(RunEnd::Signer),
            Err(IssueError::Panicked) => Some(RunEnd::Panicked),
            _ => None,
        };
        match (signed, end) {
            (Err(IssueError::Sign(error)), Some(end)) => match self.board.lost(job) {
                Ok(()) => return Err(error),
                Err(job) => {
                    self.tell(job, Err(IssueError::Sign(error)), start);
                    self.board.end(end);
                }
            },
            (signed, end) => {
                self.tell(job, signed, start);
                if let Some(end) = end {
                    self.board.end(end);
                }
            }
        }
        Ok(())
    }

    /// Whether the key signs. Where it doesn't, the next order finds out what follows from that.
    fn try_key(&mut self) {
        if try_guarded(self.session.signer.as_mut(), self.recorded) {
            self.board.signed();
        }
    }

    fn tell(&self, job: Job, signed: Result<ssh_key::Signature, IssueError>, start: Instant) {
        let done = Done {
            tried: Tried {
                reservation: job.reservation,
                signed,
            },
            answer: job.answer,
            device: Some(self.session.device),
        };
        self.board.tried(done, start.elapsed());
    }

    /// Looks for the device until it is back, with the key that was recorded. False if the
    /// desk needs it no more, or it came back with another key.
    fn get_it_back(&mut self) -> bool {
        let mut pause = self.pause;
        while self.board.rest(pause) {
            pause = (pause * 2).min(LONGEST_PAUSE);
            if self.session.signer.reopen().is_ok() {
                if self.session.signer.public_key() != self.recorded {
                    return false;
                }
                self.board.back();
                return true;
            }
        }
        false
    }
}

/// A session's place at the desk, which it leaves by a panic too.
struct Place<'a> {
    board: &'a Board,
    /// Whether the desk counts on it.
    counts: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.board.end(RunEnd::Panicked);
        }
        if self.counts {
            self.board.leave();
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(60);
