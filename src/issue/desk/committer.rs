//! The one thread that writes to the ledger: verifies what was signed, and in one durable
//! step records it and takes serials for what waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::board::{Board, Turn};
use super::state::{Done, Job, Order};
use super::ticket::Answer;
use crate::issue::shared::give_way;
use crate::issue::way::{self, Checked};
use crate::issue::{Clock, IssueError, SharedLedger, Step, Times, lock};
use crate::ledger::Outcome;

/// Writes for a desk.
pub(super) struct Committer<'a> {
    pub(super) board: &'a Board,
    pub(super) ledger: &'a SharedLedger,
    pub(super) clock: Clock,
    pub(super) times: Option<&'a Times>,
}

impl Committer<'_> {
    /// Works until the desk has nothing more to write.
    pub(super) fn run(&self) {
        let work = || match way::close_abandoned(self.ledger, self.clock) {
            Ok(()) => self.take_turns(),
            Err(error) => self.board.broke_off(error),
        };
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            self.board.broke();
        }
    }

    fn take_turns(&self) {
        let mut hand = Vec::new();
        loop {
            match self.board.turn() {
                Turn::Verify(done) => hand.extend(done.into_iter().map(|done| self.verify(done))),
                Turn::Commit(orders) => give_way(self.commit(std::mem::take(&mut hand), orders)),
                Turn::End => return,
            }
        }
    }

    fn verify(&self, done: Done) -> (Checked, Answer) {
        let checked = way::verify(done.tried);
        if let Some(device) = done.device
            && checked.is_a_lie()
        {
            let _others_know = self.board.expel(device);
        }
        if matches!(checked, Checked::Issued(..)) {
            self.board.signed();
        }
        (checked, done.answer)
    }

    /// One durable step, and how long it took. Nothing is released before it, and nothing signed that it
    /// reserves.
    fn commit(&self, hand: Vec<(Checked, Answer)>, mut orders: Vec<Order>) -> Duration {
        orders.retain(|order| order.answer.is_awaited());
        let outcomes: Vec<Outcome<'_>> =
            hand.iter().map(|(checked, _)| checked.outcome()).collect();
        let (wanted, answers): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .map(|order| (order.wanted, order.answer))
            .unzip();
        let took_part = [
            (Step::Record, outcomes.is_empty()),
            (Step::Reserve, wanted.is_empty()),
        ];
        let mut ledger = lock(self.ledger);
        let begun = Instant::now();
        let committed = ledger.commit(&outcomes, wanted, (self.clock)());
        drop((ledger, outcomes));
        let took = begun.elapsed();
        if let Some(times) = self.times {
            let steps = took_part.into_iter().filter(|(_, is_empty)| !is_empty);
            steps.for_each(|(step, _)| times(step, took));
        }
        let recorded = committed.is_ok();
        match committed {
            Ok(reserved) => self.board.committed(jobs(reserved, answers)),
            Err(error) => {
                // The ledger is not asked again: whether it kept anything is for the next
                // run to find out.
                self.board.broke_off(error);
                let refuse = |answer: Answer| answer.give(Err(IssueError::NotReserved));
                answers.into_iter().for_each(refuse);
            }
        }
        // The first one's answer comes last: whoever waits for it finds the others there.
        for (checked, answer) in hand.into_iter().rev() {
            answer.give(checked.release(recorded));
        }
        took
    }
}

/// The jobs of what was reserved; what the ledger refused is answered.
fn jobs(
    reserved: Vec<Result<crate::ledger::Reservation, crate::ledger::ReserveError>>,
    answers: Vec<Answer>,
) -> Vec<Job> {
    let mut jobs = Vec::with_capacity(answers.len());
    for (reserved, answer) in reserved.into_iter().zip(answers) {
        match reserved {
            Ok(reservation) => jobs.push(Job {
                reservation: Box::new(reservation),
                answer,
            }),
            Err(refused) => answer.give(Err(refused.into())),
        }
    }
    jobs
}
