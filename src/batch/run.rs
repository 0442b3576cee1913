//! One run over many keys: a loop of `submit`.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;

use super::files::Files;
use super::look::{Looked, Ready};
use super::plan::Batch;
use super::tally::Tally;
use super::{BatchError, CERTIFICATE_MODE, Destination, Ended, Report};
use crate::issue::{
    CaseError, Desk, IntakeError, IssueError, Issued, Lost, OpenCa, RunEnd, SharedLedger,
    SubmitError, Ticket, issue_next, issue_one,
};
use crate::ledger::Wanted;
use crate::output::{self, Staged};
use crate::request::KnownBy;

/// Whether what was looked at is decided once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It was decided just now, on the ledger that is written to.
    Stands,
    /// Somebody was asked meanwhile, and may have taken an hour.
    IsMadeAgain,
}

impl Batch<'_> {
    /// Issues a certificate for every key that was looked at, and for those behind them, in
    /// their sequence.
    pub fn run(
        &self,
        ca: OpenCa,
        ledger: &SharedLedger,
        looked: Looked,
        decision: Decision,
    ) -> Ended {
        let Looked { ready, rest, tally } = looked;
        let mut orders = Orders {
            batch: self,
            ledger,
            tally: &tally,
            ready,
            rest,
            decision,
        };
        let report = self.report.clone();
        let lost: Lost =
            Arc::new(move |device, error| report(Report::DeviceLost { device, error }));
        let ended = match orders.only_one() {
            Some((to, wanted)) => {
                let (issued, end) = issue_one(ca, ledger, wanted, self.clock, &lost);
                write(vec![(to, issued)], &tally);
                end
            }
            None => {
                let desk = Desk::open(ca, Arc::clone(ledger), self.clock, lost);
                self.over_a_desk(desk, &mut orders)
            }
        };
        let early = ending(orders, &tally, ended);
        tally.end(early)
    }

    /// The same with a CA that stays open for the next run: one certificate after the other.
    pub fn run_beside(
        &self,
        ca: &mut OpenCa,
        ledger: &SharedLedger,
        looked: Looked,
        decision: Decision,
    ) -> Ended {
        let Looked { ready, rest, tally } = looked;
        let mut orders = Orders {
            batch: self,
            ledger,
            tally: &tally,
            ready,
            rest,
            decision,
        };
        let report = self.report.clone();
        let lost: Lost =
            Arc::new(move |device, error| report(Report::DeviceLost { device, error }));
        let mut ended = Ok(());
        while ended.is_ok() {
            let Some((to, wanted)) = orders.next() else {
                break;
            };
            let (issued, end) = issue_next(ca, ledger, wanted, self.clock, &lost);
            write(vec![(to, issued)], &tally);
            ended = end;
        }
        let early = ending(orders, &tally, ended);
        tally.end(early)
    }

    /// Leaves one order after the other, while another thread writes what comes back.
    fn over_a_desk(&self, desk: Desk, orders: &mut Orders<'_>) -> Result<(), RunEnd> {
        let tally = orders.tally;
        let (submitted, tickets) = sync_channel(IN_FLIGHT);
        std::thread::scope(|scope| {
            let desk = &desk;
            let writer = scope.spawn(move || self.write_all(&tickets, desk, tally));
            while let Some((to, wanted)) = orders.next() {
                match desk.submit(wanted) {
                    Ok(ticket) => {
                        // The writer only goes away before if it panicked.
                        if submitted.send((to, ticket)).is_err() {
                            break;
                        }
                    }
                    Err(SubmitError::Unfit(error)) => {
                        tally.failed(to.file.as_deref(), error.into());
                    }
                    Err(SubmitError::Full(_) | SubmitError::Away | SubmitError::Closed) => {
                        tally.failed(to.file.as_deref(), IssueError::NotTried.into());
                        break;
                    }
                }
            }
            drop(submitted);
            if writer.join().is_err() {
                desk.stop();
            }
        });
        desk.close()
    }

    /// Writes what is answered, in the sequence of the orders and many at a time.
    fn write_all(&self, tickets: &Receiver<(Destination, Ticket)>, desk: &Desk, tally: &Tally) {
        let mut next = tickets.recv().ok();
        while let Some((to, ticket)) = next {
            let mut answered = vec![(to, self.answer(&ticket, desk))];
            next = loop {
                match tickets.try_recv() {
                    Ok((to, ticket)) => match ticket.look() {
                        Some(answer) => answered.push((to, answer)),
                        None => break Some((to, ticket)),
                    },
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break None,
                }
            };
            write(answered, tally);
            if next.is_none() {
                next = tickets.recv().ok();
            }
        }
    }

    /// Waits for an answer; meanwhile, stops the desk when somebody wants to.
    fn answer(&self, ticket: &Ticket, desk: &Desk) -> Result<Issued, IssueError> {
        loop {
            if self.interrupted.load(Ordering::Relaxed) {
                desk.stop();
            }
            if let Some(answer) = ticket.wait_for(GLANCE) {
                return answer;
            }
        }
    }
}

/// The orders of a run: of what was looked at, then of what is read as it is needed.
struct Orders<'a> {
    batch: &'a Batch<'a>,
    ledger: &'a SharedLedger,
    tally: &'a Tally,
    ready: VecDeque<Ready>,
    rest: Files,
    decision: Decision,
}

impl Orders<'_> {
    /// The order of a run that has no other.
    fn only_one(&mut self) -> Option<(Destination, Wanted)> {
        while self.ready.len() < 2 {
            let next = self.batch.next(&mut self.rest, self.tally, self.ledger);
            let Some(next) = next else { break };
            self.ready.push_back(next);
        }
        match self.ready.len() {
            1 => self.next(),
            _ => None,
        }
    }

    fn next(&mut self) -> Option<(Destination, Wanted)> {
        while !self.batch.interrupted.load(Ordering::Relaxed) {
            let Some(looked) = self.ready.pop_front() else {
                let next = self.batch.next(&mut self.rest, self.tally, self.ledger)?;
                return Some(self.order(next.to, next.wanted));
            };
            if self.decision == Decision::Stands {
                return Some(self.order(looked.to, looked.wanted));
            }
            let again = self.batch.decide(&looked.case, self.ledger);
            match again.and_then(|wanted| as_known(&looked.wanted, wanted)) {
                Ok(wanted) => return Some(self.order(looked.to, wanted)),
                Err(error) => self.tally.failed(looked.to.file.as_deref(), error),
            }
        }
        None
    }

    fn order(&self, to: Destination, wanted: Wanted) -> (Destination, Wanted) {
        self.tally.decided(to.file.as_deref(), &wanted);
        (to, wanted)
    }

    /// The names of what a run ended before it came to.
    fn left(self) -> impl Iterator<Item = PathBuf> {
        let looked = self.ready.into_iter().filter_map(|ready| ready.to.file);
        let rest = self.rest.map_while(|turn| turn.item.ok());
        looked.chain(rest.map(|item| item.name().to_owned()))
    }
}

/// What was decided again, unless only a person's word would say by now who asks: nobody was asked
/// for one.
fn as_known(before: &Wanted, again: Wanted) -> Result<Wanted, BatchError> {
    let (was, is) = (before.decided().known_by(), again.decided().known_by());
    let by = match was {
        _ if is != KnownBy::Vouch => return Ok(again),
        KnownBy::Key => "key",
        KnownBy::Card => "card",
        KnownBy::AllowedSigners => "line of the allowed signers",
        KnownBy::Vouch | KnownBy::Registrar | KnownBy::Token | KnownBy::Login => return Ok(again),
    };
    let name = again.decided().requester().to_owned();
    Err(CaseError::from(IntakeError::NoLonger { name, by }).into())
}

/// Why a run ended early; what it did not come to is told.
fn ending(orders: Orders<'_>, tally: &Tally, ended: Result<(), RunEnd>) -> Option<RunEnd> {
    let not_tried = orders.left().map(|file| tally.not_tried(&file)).count();
    match (not_tried, ended) {
        (1.., Ok(())) => Some(RunEnd::Interrupted),
        (_, ended) => ended.err(),
    }
}

/// Writes the certificates of orders, which the ledger holds by now.
fn write(answered: Vec<(Destination, Result<Issued, IssueError>)>, tally: &Tally) {
    let mut ready = Vec::with_capacity(answered.len());
    let mut staged = Vec::with_capacity(answered.len());
    for (to, answer) in answered {
        let line = answer
            .map_err(BatchError::from)
            .and_then(|issued| stage(&to, &issued));
        match line {
            Err(error) => tally.failed(to.file.as_deref(), error),
            Ok((serial, line, None)) => tally.signed(&to, serial, &line),
            Ok((serial, line, Some(file))) => {
                staged.push(file);
                ready.push((to, serial, line));
            }
        }
    }
    for ((to, serial, line), written) in ready.into_iter().zip(output::release(staged)) {
        match written {
            Ok(()) => tally.signed(&to, serial, &line),
            Err(source) => {
                tally.failed(to.file.as_deref(), BatchError::Write { serial, source });
            }
        }
    }
}

/// A serial, the certificate's line, and its file under a temporary name.
type Staging = (u64, String, Option<Staged>);

fn stage(to: &Destination, issued: &Issued) -> Result<Staging, BatchError> {
    let serial = issued.serial.number();
    let line = format!("{}\n", issued.certificate.to_openssh(&to.comment));
    let staged = to
        .output
        .as_ref()
        .map(|output| output::stage(output, line.as_bytes(), CERTIFICATE_MODE))
        .transpose()
        .map_err(|source| BatchError::Write { serial, source })?;
    Ok((serial, line, staged))
}

/// How many orders may be under way: enough for the largest chunks, fewer than a desk has
/// room for.
const IN_FLIGHT: usize = 768;
/// How often a waiting thread looks whether somebody wants to stop.
const GLANCE: Duration = Duration::from_millis(50);
