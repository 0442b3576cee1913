//! One run over many keys.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::{BatchError, Destination, Ended, Report, Resume, SerialPlan, Summary};
use crate::certificate::{Body, Serial, certificate_line};
use crate::config::{Given, read_limited};
use crate::issue::{
    Asked, Case, Finished, IssueError, Issued, Judge, Lost, OpenCa, Order, RunEnd, SharedLedger,
    lock,
};
use crate::ledger::{SerialChoice, State, Wanted};
use crate::output::{self, OutputError, Staged};
use crate::request::{Ask, Requester, RequesterName};
use crate::wire::RawCertificate;

/// What is the same for every key of a run.
pub struct Batch<'a> {
    /// Decides about every key and request.
    pub judge: &'a Judge<'a>,
    /// What is asked for every plain key, and by whom; without it, requests alone are taken.
    pub ask: Option<(Ask, Requester)>,
    /// Whom the operator vouches for, of requests.
    pub vouched: Option<RequesterName>,
    /// What the operator saw of every key, in words.
    pub witnessed: Option<String>,
    /// The keys that the operator was shown and vouched for, by file; no other is then signed.
    pub shown: Option<BTreeMap<PathBuf, KeyData>>,
    /// Which serials they get.
    pub serials: SerialPlan,
    /// Whether earlier certificates count.
    pub resume: Resume,
    /// The clock, in Unix seconds.
    pub now: &'a (dyn Fn() -> u64 + Sync),
    /// Set when somebody wants the run to stop.
    pub interrupted: &'a AtomicBool,
    /// Is told what became of each key, from several threads.
    pub report: &'a (dyn Fn(Report<'_>) + Sync),
}

/// The keys of a run.
pub enum Subjects<'a> {
    /// One, from standard input, whose certificate goes to standard output.
    One(Given),
    /// Those that these files name.
    Files(&'a mut dyn Iterator<Item = io::Result<PathBuf>>),
}

impl Batch<'_> {
    /// Issues a certificate for every subject, in their sequence.
    pub fn run(&self, ca: OpenCa, ledger: &SharedLedger, subjects: Subjects<'_>) -> Ended {
        let run = Run {
            batch: self,
            ledger,
            summary: Mutex::new(Summary::default()),
            first: OnceLock::new(),
            differ: AtomicBool::new(false),
        };
        let mut release = |chunk| run.release(chunk);
        let lost: &Lost<'_> = &|device, error| (self.report)(Report::DeviceLost { device, error });
        let early = match subjects {
            Subjects::One(given) => {
                let mut order = run.order_of_one(given).into_iter();
                ca.issue(ledger, &mut order, self.now, &mut release, lost)
            }
            Subjects::Files(files) => {
                let mut files = files.zip(0..);
                let mut orders = std::iter::from_fn(|| run.next_order(&mut files));
                let ended = ca.issue(ledger, &mut orders, self.now, &mut release, lost);
                let rest = files.map_while(|(file, _)| file.ok());
                match (rest.map(|file| run.not_tried(&file)).count(), ended) {
                    (1.., Ok(())) => Err(RunEnd::Interrupted),
                    (_, ended) => ended,
                }
            }
        };
        Ended {
            summary: run
                .summary
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            first: run.first.into_inner().filter(|_| !run.differ.into_inner()),
            early: early.err(),
        }
    }
}

/// A run under way; shared by the thread that signs and the one that releases.
struct Run<'a> {
    batch: &'a Batch<'a>,
    ledger: &'a SharedLedger,
    summary: Mutex<Summary>,
    first: OnceLock<Body>,
    /// Whether another certificate says something else than the first.
    differ: AtomicBool,
}

impl Run<'_> {
    /// The next file that gives an order; none when somebody wants the run to stop.
    fn next_order(
        &self,
        files: &mut dyn Iterator<Item = (io::Result<PathBuf>, u64)>,
    ) -> Option<Order<Destination>> {
        while !self.batch.interrupted.load(Ordering::Relaxed) {
            let (file, index) = files.next()?;
            if let Some(order) = self.order(file, index) {
                return Some(order);
            }
        }
        None
    }

    /// The order for one file, unless it failed or was resumed, which is reported.
    fn order(&self, file: io::Result<PathBuf>, index: u64) -> Option<Order<Destination>> {
        let file = match file {
            Ok(file) => file,
            Err(error) => {
                self.failed(None, BatchError::List(error));
                return None;
            }
        };
        match self.prepare(&file, index) {
            Ok(order) => order,
            Err(error) => {
                self.failed(Some(&file), error);
                None
            }
        }
    }

    fn prepare(&self, file: &Path, index: u64) -> Result<Option<Order<Destination>>, BatchError> {
        let (given, output) = Given::read(file)?;
        refuse_another(self.batch.shown.as_ref(), file, given.key())?;
        output::check(&output).map_err(BatchError::Place)?;
        let destination = Destination {
            file: Some(file.to_path_buf()),
            output: Some(output),
            comment: comment(&given),
        };
        let serial = self.serial(index)?;
        let wanted = self.decide(given, serial, Some(file))?;
        if self.batch.resume == Resume::Yes && self.resume(&wanted, &destination)? {
            return Ok(None);
        }
        Ok(Some(Order {
            wanted,
            tag: destination,
        }))
    }

    fn order_of_one(&self, given: Given) -> Option<Order<Destination>> {
        let tag = Destination {
            file: None,
            output: None,
            comment: comment(&given),
        };
        match self
            .serial(0)
            .and_then(|serial| self.decide(given, serial, None))
        {
            Ok(wanted) => Some(Order { wanted, tag }),
            Err(error) => {
                self.failed(None, error);
                None
            }
        }
    }

    /// What the judge says; what a certificate is to be warned of is reported.
    fn decide(
        &self,
        given: Given,
        serial: SerialChoice,
        file: Option<&Path>,
    ) -> Result<Wanted, BatchError> {
        let case = Case {
            asked: self.asked(given)?,
            serial,
            witnessed: self.batch.witnessed.clone(),
        };
        let ledger = lock(self.ledger);
        let wanted = self
            .batch
            .judge
            .decide(&case, ledger.as_ref(), (self.batch.now)())?;
        drop(ledger);
        for warning in wanted.decided().warnings() {
            (self.batch.report)(Report::Warned { file, warning });
        }
        self.compare(wanted.decided().body());
        Ok(wanted)
    }

    fn asked(&self, given: Given) -> Result<Asked, BatchError> {
        match given {
            Given::Key(subject, _) => {
                let asked = self.batch.ask.clone();
                let (ask, requester) = asked.ok_or(BatchError::NotAsked)?;
                Ok(Asked::Key {
                    subject,
                    ask: Box::new(ask),
                    requester,
                })
            }
            Given::Request(file) => Ok(Asked::Request {
                file,
                vouched: self.batch.vouched.clone(),
            }),
        }
    }

    /// Whether all certificates say the same, but for their keys.
    fn compare(&self, body: &Body) {
        let first = self.first.get_or_init(|| body.clone());
        let same = (&first.key_id, &first.principals, &first.validity)
            == (&body.key_id, &body.principals, &body.validity);
        if !same {
            self.differ.store(true, Ordering::Relaxed);
        }
    }

    fn serial(&self, index: u64) -> Result<SerialChoice, BatchError> {
        match self.batch.serials {
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

    /// Whether the ledger has a valid certificate for this request; it is then written
    /// again if its file is missing or holds something else.
    fn resume(&self, wanted: &Wanted, to: &Destination) -> Result<bool, BatchError> {
        let Some(record) = lock(self.ledger).issued_for(wanted)? else {
            return Ok(false);
        };
        let State::Issued(blob) = &record.state else {
            return Ok(false);
        };
        let serial = record.reserved.serial;
        let certificate = match RawCertificate::from_blob(blob) {
            Ok(certificate) if certificate.valid_before() > (self.batch.now)() => certificate,
            _ => return Ok(false),
        };
        let line = format!("{}\n", certificate_line(&certificate, &to.comment));
        if let Some(output) = &to.output {
            restore(output, &line).map_err(|source| BatchError::Write { serial, source })?;
        }
        self.signed(to, serial, &line, true);
        Ok(true)
    }

    /// Writes the certificates of a chunk, which the ledger holds by now.
    fn release(&self, chunk: Vec<Finished<Destination>>) {
        let mut ready = Vec::with_capacity(chunk.len());
        let mut staged = Vec::with_capacity(chunk.len());
        for Finished { tag, result } in chunk {
            match result
                .map_err(BatchError::from)
                .and_then(|issued| stage(&tag, &issued))
            {
                Err(error) => self.failed(tag.file.as_deref(), error),
                Ok((serial, line, None)) => self.signed(&tag, serial, &line, false),
                Ok((serial, line, Some(file))) => {
                    staged.push(file);
                    ready.push((tag, serial, line));
                }
            }
        }
        for ((tag, serial, line), written) in ready.into_iter().zip(output::release(staged)) {
            match written {
                Ok(()) => self.signed(&tag, serial, &line, false),
                Err(source) => {
                    self.failed(tag.file.as_deref(), BatchError::Write { serial, source });
                }
            }
        }
    }

    fn signed(&self, to: &Destination, serial: u64, line: &str, resumed: bool) {
        self.count(|summary| {
            if resumed {
                summary.resumed += 1;
            } else {
                summary.signed += 1;
                let (first, last) = summary.serials.unwrap_or((serial, serial));
                summary.serials = Some((first.min(serial), last.max(serial)));
            }
        });
        (self.batch.report)(Report::Signed {
            file: to.file.as_deref(),
            output: to.output.as_deref(),
            serial,
            line,
            resumed,
        });
    }

    fn failed(&self, file: Option<&Path>, error: BatchError) {
        let not_tried = matches!(error, BatchError::Issue(IssueError::NotTried));
        self.count(|summary| match not_tried {
            true => summary.not_tried += 1,
            false => summary.failed += 1,
        });
        (self.batch.report)(Report::Failed { file, error });
    }

    fn not_tried(&self, file: &Path) {
        self.count(|summary| summary.not_tried += 1);
        (self.batch.report)(Report::NotTried { file });
    }

    fn count(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut self.summary.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A file may have been swapped while the operator was asked about its key.
fn refuse_another(
    shown: Option<&BTreeMap<PathBuf, KeyData>>,
    file: &Path,
    key: &KeyData,
) -> Result<(), BatchError> {
    match shown {
        Some(shown) if shown.get(file) != Some(key) => {
            Err(BatchError::NotShown(key.fingerprint(HashAlg::Sha256)))
        }
        _ => Ok(()),
    }
}

/// Writes the file again unless it is there as it should be.
fn restore(output: &Path, line: &str) -> Result<(), OutputError> {
    match read_limited(output, LARGEST) {
        Ok(there) if there == line => Ok(()),
        _ => output::write(output, line.as_bytes(), CERTIFICATE_MODE),
    }
}

/// What the certificate's line shall end in.
fn comment(given: &Given) -> String {
    match given {
        Given::Key(_, comment) => comment.clone(),
        Given::Request(request) => request.content().comment.to_string(),
    }
}

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

/// A certificate is public, and sshd's `AuthorizedKeysFile` neighbours are read by all.
const CERTIFICATE_MODE: u32 = 0o644;
/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::public::Ed25519PublicKey;

    #[test]
    fn refuses_a_file_whose_key_was_swapped_after_it_was_shown() {
        let key = |byte| KeyData::Ed25519(Ed25519PublicKey([byte; 32]));
        let file = Path::new("peter.pub");
        let shown = BTreeMap::from([(file.to_path_buf(), key(1))]);
        let refused = |file: &Path, key: &KeyData| match refuse_another(Some(&shown), file, key) {
            Err(BatchError::NotShown(fingerprint)) => {
                fingerprint == key.fingerprint(HashAlg::Sha256)
            }
            _ => false,
        };
        assert!(refused(file, &key(2)));
        assert!(refused(Path::new("unread-before.pub"), &key(1)));
        assert!(refuse_another(Some(&shown), file, &key(1)).is_ok());
        assert!(refuse_another(None, file, &key(2)).is_ok());
    }
}
