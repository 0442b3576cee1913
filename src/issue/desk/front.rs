//! The side of the desk that fronts see.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::board::{Board, NoRoom};
use super::committer::Committer;
use super::manner::{IsLooking, Manner};
use super::sync::{JoinHandle, spawn};
use super::ticket::{Answer, Reply, Ticket, pair};
use super::worker::Worker;
use super::{ROOM, SubmitError};
use crate::issue::way::refuse_unfit;
use crate::issue::{Clock, Lost, NewsOf, OpenCa, RunEnd, SharedLedger, Times};
use crate::ledger::{Ca, Wanted};
use crate::signer::yubikey::TouchPolicy;

/// Where certificates of one CA are issued, as many as come.
pub struct Desk {
    pub(super) board: Arc<Board>,
    ca: Ca,
    longest: Option<usize>,
    pub(super) touch: Option<TouchPolicy>,
    /// By how many sessions it was opened.
    pub(super) opened: usize,
    threads: Vec<(JoinHandle<()>, IsLooking)>,
}

impl Desk {
    /// Opens a desk: a thread for each session of the CA's devices, and one for the ledger.
    /// `clock` tells the Unix time in seconds; `lost` is told of a device that can sign no
    /// more while others can.
    pub fn open(open: OpenCa, ledger: SharedLedger, clock: Clock, lost: Lost) -> Self {
        Self::open_with(open, ledger, (clock, Manner::Ends(lost), None), FIRST_PAUSE)
    }

    /// Opens a desk that outlives its last session: while no device can sign, orders are refused, and devices
    /// are looked for. `news` is told of each device that is lost, and back; `times` how long each step takes.
    pub fn open_to_stay(
        open: OpenCa,
        ledger: SharedLedger,
        clock: Clock,
        news: NewsOf,
        times: Times,
    ) -> Self {
        let manner = Manner::Stays(news);
        Self::open_with(open, ledger, (clock, manner, Some(times)), FIRST_PAUSE)
    }

    /// As [`Self::open`], with another first pause.
    #[cfg(test)]
    pub(in crate::issue) fn open_pausing(
        open: OpenCa,
        ledger: SharedLedger,
        (clock, lost): (Clock, Lost),
        pause: Duration,
    ) -> Self {
        Self::open_with(open, ledger, (clock, Manner::Ends(lost), None), pause)
    }

    pub(super) fn open_with(
        open: OpenCa,
        ledger: SharedLedger,
        (clock, manner, times): (Clock, Manner, Option<Times>),
        pause: Duration,
    ) -> Self {
        let (longest, touch) = (open.longest_message(), open.touch());
        let opened = open.sessions.len();
        let board = Arc::new(Board::new(opened, ROOM, manner.stays()));
        let manner = Arc::new(manner);
        let mut threads = Vec::with_capacity(opened + 1);
        for session in open.sessions {
            let (board, manner) = (Arc::clone(&board), Arc::clone(&manner));
            let times = times.clone();
            let recorded = open.ca.public_key().clone();
            let is_looking = IsLooking::default();
            let told = Arc::clone(&is_looking);
            let session = spawn(move || {
                let worker = Worker {
                    board: &board,
                    session,
                    recorded: &recorded,
                    manner: &manner,
                    times: times.as_ref(),
                    pause,
                    rested: pause,
                    is_looking: told,
                };
                worker.run();
            });
            threads.push((session, is_looking));
        }
        let shared = Arc::clone(&board);
        let writes = spawn(move || {
            let committer = Committer {
                board: &shared,
                ledger: &ledger,
                clock,
                times: times.as_ref(),
            };
            committer.run();
        });
        threads.push((writes, IsLooking::default()));
        Self {
            board,
            ca: open.ca,
            longest,
            touch,
            opened,
            threads,
        }
    }

    /// Leaves an order, without waiting for anything.
    ///
    /// # Errors
    /// [`SubmitError`]; nothing was reserved.
    pub fn submit(&self, wanted: Wanted) -> Result<Ticket, SubmitError> {
        let (answer, ticket) = pair();
        self.leave(wanted, answer).map(|()| ticket)
    }

    /// The same, with the answer going where the front says.
    ///
    /// # Errors
    /// As [`Self::submit`]; the reply is then told that the run broke, and says it to nobody.
    pub fn submit_to(&self, wanted: Wanted, reply: Box<dyn Reply>) -> Result<(), SubmitError> {
        self.leave(wanted, Answer::to(reply))
    }

    fn leave(&self, wanted: Wanted, answer: Answer) -> Result<(), SubmitError> {
        refuse_unfit(&wanted, &self.ca, self.longest).map_err(SubmitError::Unfit)?;
        match self.board.submit(wanted, answer) {
            Ok(()) => Ok(()),
            Err(NoRoom::Full(wanted)) => Err(SubmitError::Full(wanted)),
            Err(NoRoom::Away) => Err(SubmitError::Away),
            Err(NoRoom::Closed) => Err(SubmitError::Closed),
        }
    }

    /// Whether it takes orders: it was neither closed nor stopped, its ledger takes entries, and
    /// one of its devices can sign.
    pub fn is_open(&self) -> bool {
        self.board.is_open()
    }

    /// Takes serials for nobody until it is [let go](Self::let_go), so that another run can have the ledger for
    /// a while. Orders may still be left; closing it lets go of it too.
    pub fn hold(&self) {
        self.board.hold();
    }

    /// Whether it is held, and the ledger has the outcome of all that has a serial. Once it is so, it stays so
    /// until it is let go or closed.
    pub fn rests(&self) -> bool {
        self.board.rests()
    }

    /// Goes on.
    pub fn let_go(&self) {
        self.board.let_go();
    }

    /// Ends it soon, by somebody's wish: what has no serial yet gets none. What has one is
    /// signed and recorded.
    pub fn stop(&self) {
        self.board.stop();
    }

    /// Takes no order any more, and waits until all that were taken are answered. A device that is just looked
    /// for is not waited for: nothing is asked of it any more.
    ///
    /// # Errors
    /// [`RunEnd`] if it ended before.
    pub fn close(mut self) -> Result<(), RunEnd> {
        self.board.close();
        for (thread, is_looking) in std::mem::take(&mut self.threads) {
            if is_looking.load(Ordering::SeqCst) {
                continue;
            }
            // A panic was noted at the board, by whoever it happened to.
            let _noted = thread.join();
        }
        self.board.ended().map_or(Ok(()), Err)
    }
}

impl Drop for Desk {
    /// A desk that nobody closed ends all the same.
    fn drop(&mut self) {
        if !self.threads.is_empty() {
            self.board.stop();
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
