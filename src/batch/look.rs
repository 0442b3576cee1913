//! Reading and deciding, before anybody is asked for anything.
//!
//! What can be known without the key is known first: a missing file, a weak key, a role that
//! refuses, a request that was used before. Where nothing is left to sign, no PIN is asked
//! for; what is left can be shown to whoever vouches for it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::again::{File, Own};
use super::files::Files;
use super::item::{Item, Named};
use super::plan::Batch;
use super::tally::Tally;
use super::{BatchError, Destination, Ended, Resume, SerialPlan};
use crate::certificate::Serial;
use crate::certificate::key_line::KeyLineError;
use crate::config::{Given, SubjectFileError};
use crate::issue::{Asked, Case, SharedLedger, lock};
use crate::ledger::{Credential, SerialChoice, Wanted};
use crate::output;

/// The keys of a run.
pub enum Subjects {
    /// One, from standard input, whose certificate goes to standard output.
    One(Box<Given>),
    /// Those that these files name.
    Files(Box<dyn Iterator<Item = io::Result<PathBuf>>>),
    /// Those of a list, each of which says itself what is asked for it.
    Named(Vec<Named>),
    /// The same, one after the other.
    Stream(Box<dyn Iterator<Item = io::Result<Named>>>),
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
    pub(super) rest: Files,
    pub(super) tally: Tally,
}

/// What became of a file when it was looked at.
enum Found {
    /// It can be signed, as far as can be known.
    Ready(Box<Ready>),
    /// Nothing is to be done for it.
    Done,
    /// Which of the earlier certificates is its own shows when all files had their turn.
    Later,
}

/// A key that can be signed, as far as can be known.
pub(super) struct Ready {
    pub(super) case: Case,
    pub(super) wanted: Wanted,
    pub(super) to: Destination,
}

impl Looked {
    /// Nothing but what was looked at.
    pub(super) fn whole(ready: Vec<Ready>, tally: Tally) -> Self {
        Self {
            ready: ready.into(),
            rest: Files::new(Box::new(std::iter::empty())),
            tally,
        }
    }

    /// What would be signed for each key that was looked at, by its file.
    pub fn wanted(&self) -> impl Iterator<Item = (Option<&Path>, &Wanted)> {
        let ready = self.ready.iter();
        ready.map(|ready| (ready.to.file.as_deref(), &ready.wanted))
    }

    /// Whether nothing is left to sign.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// The first that is ready, and nothing behind it.
    #[must_use]
    pub fn first_alone(mut self) -> Self {
        self.ready.truncate(1);
        self.rest = Files::new(Box::new(std::iter::empty()));
        self
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
        let (mut ready, mut rest) = match subjects {
            Subjects::One(given) => {
                let to = Destination::of(&given, None, None);
                let asked = self.asked(*given);
                let one = asked.and_then(|asked| self.ready(asked, to, 0, ledger));
                let one = one.map_err(|error| tally.failed(None, error)).ok();
                let one = one.and_then(|one| self.check(one, &tally, ledger));
                (
                    VecDeque::from_iter(one),
                    Files::new(Box::new(std::iter::empty())),
                )
            }
            Subjects::Files(files) => {
                let items = files.map(|file| file.map(Item::File));
                (VecDeque::new(), Files::new(Box::new(items)))
            }
            Subjects::Named(all) => {
                let items = all.into_iter().map(|one| Ok(Item::Named(Box::new(one))));
                (VecDeque::new(), Files::new(Box::new(items)))
            }
            Subjects::Stream(all) => {
                let items = all.map(|one| one.map(|one| Item::Named(Box::new(one))));
                (VecDeque::new(), Files::new(Box::new(items)))
            }
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
        rest: &mut Files,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Option<Ready> {
        while !self.interrupted.load(Ordering::Relaxed) {
            let turn = rest.next()?;
            let item = match turn.item {
                Ok(item) => item,
                Err(error) => {
                    tally.failed(None, BatchError::List(error));
                    continue;
                }
            };
            match self.prepare(&item, (turn.index, turn.is_last), tally, ledger) {
                Ok(Found::Ready(ready)) => return Some(*ready),
                Ok(Found::Done) => {}
                Ok(Found::Later) => rest.postpone(item, turn.index),
                Err(error) => tally.failed(Some(item.name()), error),
            }
        }
        None
    }

    fn prepare(
        &self,
        item: &Item,
        (index, is_last): (u64, bool),
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Result<Found, BatchError> {
        let (asked, to) = match item {
            Item::Named(named) => (Ok(named.asked.clone()), Destination::of_named(named)),
            Item::File(file) => match Given::read(file) {
                Err(error) if self.passes_over(file, &error) => {
                    tally.passed_over(file);
                    return Ok(Found::Done);
                }
                Err(error) => return Err(error.into()),
                Ok((given, output)) => {
                    let to = Destination::of(&given, Some(file), Some(output));
                    (self.asked(given), to)
                }
            },
        };
        if let Some(output) = &to.output {
            if !is_last && !tally.is_new(output) {
                return Err(BatchError::Twice(output.clone()));
            }
            output::check(output).map_err(BatchError::Place)?;
        }
        let ready = self.ready(asked?, to, index, ledger)?;
        if self.resume == Resume::Yes {
            return self.resumed(ready, is_last, tally, ledger);
        }
        Ok(Found::Ready(Box::new(ready)))
    }

    fn ready(
        &self,
        asked: Asked,
        to: Destination,
        index: u64,
        ledger: &SharedLedger,
    ) -> Result<Ready, BatchError> {
        let case = Case {
            serial: self.serial(index)?,
            asked,
            witnessed: self.witnessed.clone(),
        };
        let wanted = self.decide(&case, ledger)?;
        Ok(Ready { case, wanted, to })
    }

    /// Has the case decided.
    pub(super) fn decide(&self, case: &Case, ledger: &SharedLedger) -> Result<Wanted, BatchError> {
        let enrolled = |credential: &Credential| lock(ledger).requester_of(credential);
        let now = self.decided.unwrap_or_else(self.clock);
        Ok(self.judge.decide(case, &enrolled, now)?)
    }

    /// What the ledger would reserve; what it wouldn't is reported.
    pub(super) fn check(
        &self,
        ready: Ready,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Option<Ready> {
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

    /// Looks for the certificate that an earlier run issued for this request and file, and may
    /// still go out.
    fn resumed(
        &self,
        ready: Ready,
        is_last: bool,
        tally: &Tally,
        ledger: &SharedLedger,
    ) -> Result<Found, BatchError> {
        let Some(output) = &ready.to.output else {
            return Ok(Found::Ready(Box::new(ready)));
        };
        let wanted = File {
            wanted: &ready.wanted,
            output,
            comment: &ready.to.comment,
            is_last,
        };
        let now = (self.clock)();
        let earlier = tally.earlier().of_file(&lock(ledger), &wanted, now)?;
        match earlier {
            Own::Again(again) => {
                tally.kept(&ready.to, &again);
                Ok(Found::Done)
            }
            Own::Later => Ok(Found::Later),
            Own::None => Ok(Found::Ready(Box::new(ready))),
        }
    }

    /// Whether a file that can't be read as a key is the certificate that a run before wrote
    /// beside one: a glob names both.
    fn passes_over(&self, file: &Path, error: &SubjectFileError) -> bool {
        self.resume == Resume::Yes
            && matches!(error, SubjectFileError::Line(KeyLineError::Certificate))
            && lies_beside_its_key(file)
    }
}

/// Whether `peter-cert.pub` lies beside `peter.pub`, `peter.req` or `peter`.
fn lies_beside_its_key(file: &Path) -> bool {
    let name = file.file_name().map(OsStrExt::as_bytes);
    let Some(stem) = name.and_then(|name| name.strip_suffix(b"-cert.pub")) else {
        return false;
    };
    ["", ".pub", ".req"].iter().any(|end| {
        let name = [stem, end.as_bytes()].concat();
        file.with_file_name(OsString::from_vec(name)).is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::lies_beside_its_key;

    #[test]
    fn a_certificate_lies_beside_its_key_or_request() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.pub", "b.req", "c"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let lies = |name: &str| lies_beside_its_key(&folder.path().join(name));
        for name in ["a-cert.pub", "b-cert.pub", "c-cert.pub"] {
            assert!(lies(name), "{name}");
        }
        for name in ["d-cert.pub", "a.pub", "-cert.pub"] {
            assert!(!lies(name), "{name}");
        }
    }
}
