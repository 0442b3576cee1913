//! A session's thread: takes what is reserved, signs it, and hands it on.

use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::away::Loss;
use super::board::{Board, Task};
use super::manner::{IsLooking, Manner};
use super::state::{Done, Job};
use crate::issue::way::{Tried, sign_guarded, try_guarded};
use crate::issue::{IssueError, News, RunEnd, SelfTestError, Session, Step, Times};
use crate::ledger::Reservation;
use crate::signer::SignerError;
use crate::signer::yubikey::TouchPolicy;
use ssh_key::public::KeyData;

/// Signs for a desk, as long as there is something to sign and the session can.
pub(super) struct Worker<'a> {
    pub(super) board: &'a Board,
    pub(super) session: Session,
    /// The CA's key as it was recorded.
    pub(super) recorded: &'a KeyData,
    pub(super) manner: &'a Manner,
    pub(super) times: Option<&'a Times>,
    /// How long a lost device is left alone before it is looked for; twice as long each time, until it signed.
    pub(super) pause: Duration,
    /// How long it is left alone next.
    pub(super) rested: Duration,
    /// Set while a device is looked for at a desk that stays.
    pub(super) is_looking: IsLooking,
}

impl Worker<'_> {
    /// Works until the desk has nothing more for this session.
    pub(super) fn run(mut self) {
        let mut place = Place {
            board: self.board,
            counts: true,
        };
        while let Some(task) = self.board.task(self.session.device) {
            let end = match task {
                Task::Sign(job) => self.attempt(job),
                Task::Try => self.try_key(),
            };
            if end == End::Done {
                continue;
            }
            place.counts = false;
            if !self.get_it_back() {
                return;
            }
            place.counts = true;
        }
    }

    /// Signs a job.
    fn attempt(&mut self, job: Job) -> End {
        let start = Instant::now();
        let signed = self.sign_anew(&job.reservation);
        if signed.is_ok() {
            self.rested = self.pause;
            if let Some(times) = self.times {
                times(Step::Sign, start.elapsed());
            }
        }
        let end = match &signed {
            Err(IssueError::Sign(error)) if error.ends_the_run() => Some(RunEnd::Signer),
            Err(IssueError::Panicked) => Some(RunEnd::Panicked),
            _ => None,
        };
        match (signed, end) {
            (Err(IssueError::Sign(error)), Some(end)) => match self.board.lost(job) {
                Loss::Left => return self.is_lost(&error),
                Loss::Away(job) => {
                    let end = self.is_lost(&error);
                    self.tell(job, Err(IssueError::Sign(error)), start);
                    return end;
                }
                Loss::Ends(job) => {
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
        End::Done
    }

    /// Signs. At a desk that stays, a device that healed as often as it may is opened anew once, before it
    /// costs an order.
    fn sign_anew(&mut self, reservation: &Reservation) -> Result<ssh_key::Signature, IssueError> {
        let begun = Instant::now();
        let signer = self.session.signer.as_mut();
        let signed = sign_guarded(signer, reservation);
        let is_gone = matches!(
            &signed,
            Err(IssueError::Sign(SignerError::DeviceGone { .. }))
        );
        // One that took longer was looked for already.
        let is_prompt = begun.elapsed() < PROMPT;
        if is_gone && is_prompt && self.manner.stays() && signer.reopen().is_ok() {
            return sign_guarded(signer, reservation);
        }
        signed
    }

    /// Whether the key signs. Where it doesn't, a desk that stays has its device looked for; at another one the
    /// next order finds out what follows from that.
    fn try_key(&mut self) -> End {
        match try_guarded(self.session.signer.as_mut(), self.recorded) {
            Some(Ok(())) => {
                self.rested = self.pause;
                self.board.signed();
            }
            Some(Err(SelfTestError::Signer(error)))
                if error.ends_the_run() && self.board.lost_idle() =>
            {
                return self.is_lost(&error);
            }
            _ => {}
        }
        End::Done
    }

    fn is_lost(&self, error: &SignerError) -> End {
        let is_first = self.board.misses(self.session.device);
        match self.manner {
            Manner::Ends(lost) => lost(self.session.signer.device(), error),
            Manner::Stays(news) if is_first => {
                news(self.session.signer.device(), &News::Lost(error))
            }
            Manner::Stays(_) => {}
        }
        End::Lost
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
        let device = self.session.device;
        while self.board.rest(device, self.rested) {
            self.rested = (self.rested * 2).min(LONGEST_PAUSE);
            self.is_looking.store(self.manner.stays(), Ordering::SeqCst);
            let look = self.look();
            self.is_looking.store(false, Ordering::SeqCst);
            match look {
                Look::Away => {}
                Look::Never => return false,
                Look::Here => {
                    if let (true, Manner::Stays(news)) = (self.board.back(device), self.manner) {
                        news(self.session.signer.device(), &News::Back);
                    }
                    return true;
                }
            }
        }
        false
    }

    fn look(&mut self) -> Look {
        match self.session.signer.reopen() {
            Err(error) if error.is_about_pin() => self.give_up_device(&error),
            Err(_away) => Look::Away,
            Ok(()) if self.session.signer.public_key() != self.recorded => Look::Never,
            Ok(()) if self.manner.stays() && !self.wants_finger() => self.see_it_sign(),
            Ok(()) => Look::Here,
        }
    }

    /// A key that can be opened may still not sign: it counts once it did.
    fn see_it_sign(&mut self) -> Look {
        match try_guarded(self.session.signer.as_mut(), self.recorded) {
            Some(Ok(())) => {
                self.board.signed();
                Look::Here
            }
            Some(Err(SelfTestError::Signer(error))) if error.is_about_pin() => {
                self.give_up_device(&error)
            }
            Some(Err(error @ SelfTestError::Signature(_))) => self.give_up_device(&error),
            _ => Look::Away,
        }
    }

    /// A PIN that is refused is shown no more, and a device that lies is asked no more.
    fn give_up_device(&self, error: &dyn Error) -> Look {
        if let (Manner::Stays(news), true) = (self.manner, self.board.expel(self.session.device)) {
            news(self.session.signer.device(), &News::GivenUp(error));
        }
        Look::Never
    }

    /// Nobody's finger is asked for but for an order.
    fn wants_finger(&self) -> bool {
        let touch = self.session.signer.touch();
        matches!(touch, Some(TouchPolicy::Always | TouchPolicy::Cached))
    }
}

/// How a task ended.
#[derive(PartialEq, Eq)]
enum End {
    /// The session goes on.
    Done,
    /// The session can sign no more, and doesn't count; its device is to be looked for.
    Lost,
}

/// What was found of a lost device.
enum Look {
    Here,
    Away,
    /// It is of no use any more.
    Never,
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
        } else {
            self.board.leave_lost();
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A device that fails sooner was not looked for.
const PROMPT: Duration = Duration::from_secs(1);
