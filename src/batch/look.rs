//! Reading and deciding, before anybody is asked for anything.
//!
//! What can be known without the key is known first: a missing file, a weak key, a role that
//! refuses, a request that was used before. Where nothing is left to sign, no PIN is asked
//! for; what is left can be shown to whoever vouches for it.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::plan::Batch;
use super::tally::Tally;
use super::{BatchError, CERTIFICATE_MODE, Destination, Ended, Resume, SerialPlan};
use crate::certificate::{Serial, certificate_line};
use crate::config::{Given, read_limited};
use crate::issue::{Asked, Case, SharedLedger, issued_before, lock};
use crate::ledger::{Credential, SerialChoice, Wanted};
use crate::output::{self, OutputError};

/// The keys of a run.
pub enum Subjects {
    /// One, from standard input, whose certificate goes to standard output.
    One(Box<Given>),
    /// Those that these files name.
    Files(Box<dyn Iterator<Item = io::Result<PathBuf>>>),
}

/// How many keys are looked at before a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowFar {
    /// Up to the first that can be signed: for lists without an end, and where nobody is
    /// kept waiting.
    First,
    /// All of them: for what somebody is to be asked about.
    All,
}

/// Keys that were looked at, and those that were not yet.
pub struct Looked {
    pub(super) ready: VecDeque<Ready>,
    pub(super) rest: Rest,
    pub(super) tally: Tally,
}

/// The files that nobody looked at yet, each with its place in the run.
pub(super) type Rest = Box<dyn Iterator<Item = (io::Result<PathBuf>, u64)>>;

/// A key that can be signed, as far as can be known.
pub(super) struct Ready {
    pub(super) case: Case,
    pub(super) wanted: Wanted,
    pub(super) to: Destination,
}

impl Looked {
    /// What would be signed for each key that was looked at, by its file.
    pub fn wanted(&self) -> impl Iterator<Item = (Option<&Path>, &Wanted)> {
        let ready = self.ready.iter();
        ready.map(|ready| (ready.to.file.as_deref(), &ready.wanted))
    }

    /// Whether nothing is left to sign.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Ends here: nothing was reserved.
    pub fn end(self) -> Ended {
        self.tally.end(None)
    }
}

impl Batch<'_> {
    /// Looks at keys; what is wrong with one is reported at once. `ledger` is only read.
    pub fn look(&self, ledger: &SharedLedger, subjects: Subjects, how_far: HowFar) -> Looked {
        let tally = Tally::new(self.report.clone());
        let (mut ready, mut rest): (_, Rest) = match subjects {
            Subjects::One(given) => {
                let to = Destination::of(&given, None, None);
                let one = self.ready(*given, to, 0, ledger);
                let one = one.map_err(|error| tally.failed(None, error)).ok();
                let one = one.and_then(|one| self.check(one, &tally, ledger));
                (VecDeque::from_iter(one), Box::new(std::iter::empty()))
            }
            Subjects::Files(files) => (VecDeque::new(), Box::new(files.zip(0..))),
        };
        while how_far == HowFar::All || ready.is_empty() {
            let Some(next) = self.next(&mut rest, &tally, ledger) else {
                break;
            };
            ready.extend(self.check(next, &tally, ledger));
        }
        Looked { ready, rest, tally }
    }

    /// The next key that the rules let be signed; none when somebody wants the run to stop.
    pub(super) fn next(
        &self,
        rest: &mut Rest,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Option<Ready> {
        while !self.interrupted.load(Ordering::Relaxed) {
            let (file, index) = rest.next()?;
            let file = match file {
                Ok(file) => file,
                Err(error) => {
                    tally.failed(None, BatchError::List(error));
                    continue;
                }
            };
            match self.prepare(&file, index, tally, ledger) {
                Ok(Some(ready)) => return Some(ready),
                Ok(None) => {}
                Err(error) => tally.failed(Some(&file), error),
            }
        }
        None
    }

    /// None where an earlier run's certificate does.
    fn prepare(
        &self,
        file: &Path,
        index: u64,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Result<Option<Ready>, BatchError> {
        let (given, output) = Given::read(file)?;
        output::check(&output).map_err(BatchError::Place)?;
        let to = Destination::of(&given, Some(file), Some(output));
        let ready = self.ready(given, to, index, ledger)?;
        if self.resume == Resume::Yes && self.write_again(&ready, tally, ledger)? {
            return Ok(None);
        }
        Ok(Some(ready))
    }

    fn ready(
        &self,
        given: Given,
        to: Destination,
        index: u64,
        ledger: &SharedLedger,
    ) -> Result<Ready, BatchError> {
        let case = Case {
            serial: self.serial(index)?,
            asked: self.asked(given)?,
            witnessed: self.witnessed.clone(),
        };
        let wanted = self.decide(&case, ledger)?;
        Ok(Ready { case, wanted, to })
    }

    /// Has the case decided as of now.
    pub(super) fn decide(&self, case: &Case, ledger: &SharedLedger) -> Result<Wanted, BatchError> {
        let enrolled = |credential: &Credential| lock(ledger).requester_of(credential);
        Ok(self.judge.decide(case, &enrolled, (self.clock)())?)
    }

    /// What the ledger would reserve; what it wouldn't is reported.
    fn check(&self, ready: Ready, tally: &Tally, ledger: &SharedLedger) -> Option<Ready> {
        let error = match lock(ledger).check(&ready.wanted, (self.clock)()) {
            Ok(Ok(())) => return Some(ready),
            Ok(Err(refused)) => BatchError::Issue(refused.into()),
            Err(error) => error.into(),
        };
        tally.failed(ready.to.file.as_deref(), error);
        None
    }

    fn asked(&self, given: Given) -> Result<Asked, BatchError> {
        match given {
            Given::Key(subject, _) => {
                let asked = self.ask.clone();
                let (ask, requester) = asked.ok_or(BatchError::NotAsked)?;
                Ok(Asked::Key {
                    subject,
                    ask: Box::new(ask),
                    requester,
                })
            }
            Given::Request(file) => Ok(Asked::Request {
                file,
                vouched: self.vouched.clone(),
            }),
        }
    }

    fn serial(&self, index: u64) -> Result<SerialChoice, BatchError> {
        match self.serials {
            SerialPlan::Automatic => Ok(SerialChoice::Next),
            SerialPlan::Single(serial) if index == 0 => Ok(SerialChoice::Exactly(serial)),
            SerialPlan::Single(serial) => Err(BatchError::SerialForSeveral(serial)),
            SerialPlan::CountingFrom(first) => first
                .number()
                .checked_add(index)
                .and_then(|serial| Serial::try_from(serial).ok())
                .map(SerialChoice::Exactly)
                .ok_or(BatchError::NoSerialLeft),
        }
    }

    /// Whether the ledger has a certificate for this request that may still go out; it is
    /// then written again if its file is missing or holds something else.
    fn write_again(
        &self,
        ready: &Ready,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Result<bool, BatchError> {
        let ledger = lock(ledger);
        let before = issued_before(&ledger, &ready.wanted, (self.clock)())?;
        drop(ledger);
        let Some(certificate) = before else {
            return Ok(false);
        };
        let serial = certificate.serial();
        let line = format!("{}\n", certificate_line(&certificate, &ready.to.comment));
        if let Some(output) = &ready.to.output {
            restore(output, &line).map_err(|source| BatchError::Write { serial, source })?;
        }
        tally.signed(&ready.to, serial, &line, true);
        Ok(true)
    }
}

/// Writes the file again unless it is there as it should be.
fn restore(output: &Path, line: &str) -> Result<(), OutputError> {
    match read_limited(output, LARGEST) {
        Ok(there) if there == line => Ok(()),
        _ => output::write(output, line.as_bytes(), CERTIFICATE_MODE),
    }
}

/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;
