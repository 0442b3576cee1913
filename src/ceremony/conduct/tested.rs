//! The test certificate before the first real one: built and shown, built of the decision that is signed,
//! and compared with what was signed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::sign::shared;
use super::{Conduct, ConductError};
use crate::bundle::{BundleSession, BundleSessionError, SessionGoal, number};
use crate::ceremony::facts::{NO_OPENSSH, READ_BACK};
use crate::ceremony::plan::{PlannedBundle, emergency_test_file};
use crate::ceremony::steps::{Act, Step};
use crate::ceremony::test_certificate::{TestCertificate, TestCertificateError, lint_fact};
use crate::ceremony::transcript::Event;
use crate::certificate::{Body, certificate_line};
use crate::issue::{SharedLedger, lock};
use crate::ledger::State;
use crate::wire::RawCertificate;

impl Conduct<'_> {
    /// Builds a certificate of the first item that would be signed, by a key that is thrown away, and
    /// shows all of it.
    pub(super) fn test_certificate(&mut self, step: &Step, at: usize) -> Result<(), ConductError> {
        let bundle = self.bundle(at)?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let ledger = shared(config.ledger_place().look(&mut |_leap| false)?);
        let session = self.session(&config, &ledger, bundle, SessionGoal::Sign)?;
        let never = AtomicBool::new(false);
        let offer =
            session.offer::<ConductError>(&config, &ledger, &never, &mut |_, _, _| Ok(()))?;
        let Some(known) = &session.known else {
            return self.fact(step, &tested_fact(bundle), NOTHING);
        };
        let judge = session.judge((known, &config), &ledger)?;
        let batch = session.batch(&judge, &never, Arc::new(|_report| {}));
        let looked = session.left(&batch, &offer, &ledger)?;
        let first = looked.wanted().next().and_then(|(name, wanted)| {
            Some((name.and_then(number)?, wanted.decided().body().clone()))
        });
        looked.end();
        match first {
            Some((item, body)) => {
                let test = TestCertificate::build(&body)?;
                self.put_test_of(step, bundle, (item, &test))?;
                self.show_rows(&test);
                Ok(())
            }
            None => self.fact(step, &tested_fact(bundle), NOTHING),
        }
    }

    fn put_test_of(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        (item, test): (u64, &TestCertificate),
    ) -> Result<(), ConductError> {
        if self.tested(bundle) != Some(item) {
            let item = format!("{ITEM}{item}");
            self.fact(step, &tested_fact(bundle), &item)?;
        }
        self.put_test(step, &bundle.test_certificate(), test)
    }

    /// What its lint says is told, then its file is written.
    pub(super) fn put_test(
        &mut self,
        step: &Step,
        file: &str,
        test: &TestCertificate,
    ) -> Result<(), ConductError> {
        self.fact(step, &lint_fact(file), &test.lint()?)?;
        self.put(step, file, test.line().as_bytes())
    }

    pub(super) fn show_rows(&mut self, test: &TestCertificate) {
        self.room
            .show("   what would be signed, by a key that is thrown away:");
        for (name, says) in test.rows() {
            self.room.show(&format!("     {name}: {says}"));
        }
    }

    /// Where a step is gone through once more, shows once more what people are asked about.
    pub(super) fn show_again(&mut self, step: &Step) -> Result<(), ConductError> {
        if matches!(self.transcript().events().last(), Some(Event::Done { .. })) {
            return Ok(());
        }
        let file = match step.act {
            Act::TestCertificate(at) => {
                let table = self.shown_table(self.bundle(at)?)?;
                table.lines().for_each(|row| self.room.show(row));
                return Ok(());
            }
            Act::SignBundle(at) => {
                let bundle = self.bundle(at)?;
                let is_there = self.tested(bundle).is_some() && self.is_written_since(bundle);
                is_there.then(|| bundle.test_certificate())
            }
            Act::Emergency(number) => Some(emergency_test_file(number)),
            _ => None,
        };
        if let Some(file) = file {
            let test = self.test_on_disk(&file)?;
            self.show_rows(&test);
        }
        Ok(())
    }

    /// Holds the decision that is signed next against the test certificate that people read. Where that item is
    /// refused by now and another comes first, a certificate of that is built, and nothing is signed before people
    /// read it, too.
    pub(super) fn test_again(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        (item, body): (u64, &Body),
    ) -> Result<(), ConductError> {
        let test = TestCertificate::build(body)?;
        if self.tested(bundle) == Some(item) && self.is_written_since(bundle) {
            let read = self.test_on_disk(&bundle.test_certificate())?;
            return Ok(test.says_the_same_as(&read)?);
        }
        self.put_test_of(step, bundle, (item, &test))?;
        Err(ConductError::Anew(format!(
            "What would be signed first of `{}` is refused by now. Item {item} comes first, and nobody has read its test \
             certificate yet.",
            bundle.file
        )))
    }

    /// Compares the first certificate with its test certificate, and has the machine's OpenSSH read it.
    pub(super) fn compare_first(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        session: &BundleSession,
        ledger: &SharedLedger,
    ) -> Result<(), ConductError> {
        let Some(real) = self.first_certificate(bundle, session, ledger)? else {
            return Ok(());
        };
        self.test_on_disk(&bundle.test_certificate())?
            .is_that_of(&real)?;
        self.fact(step, &compared_fact(bundle), AS_TESTED)?;
        let raw = RawCertificate::from_blob(&real).map_err(TestCertificateError::from)?;
        let line = certificate_line(&raw, &bundle.file);
        let read = self.read_back(&line, raw.serial())?;
        self.fact(step, &read_back_fact(bundle), read)
    }

    /// Has the machine's OpenSSH read a certificate of this serial, and shows what it says.
    pub(super) fn read_back(
        &mut self,
        line: &str,
        serial: u64,
    ) -> Result<&'static str, ConductError> {
        let read = self.room.openssh_reads(line);
        let Some(read) = read.map_err(ConductError::OpenSsh)? else {
            return Ok(NO_OPENSSH);
        };
        self.room.show(&read);
        is_read_as_signed(&read, serial)?;
        Ok(READ_BACK)
    }

    /// The certificate that the tested item got, in this run or one before; none where it got none yet.
    pub(super) fn first_certificate(
        &self,
        bundle: &PlannedBundle,
        session: &BundleSession,
        ledger: &SharedLedger,
    ) -> Result<Option<Vec<u8>>, ConductError> {
        let Some(item) = self.tested(bundle) else {
            return Ok(None);
        };
        let mut items = session.carried.items().map_err(BundleSessionError::from)?;
        let at = usize::try_from(item.saturating_sub(1)).unwrap_or(usize::MAX);
        let item = items
            .nth(at)
            .transpose()
            .map_err(BundleSessionError::from)?;
        let Some(item) = item else { return Ok(None) };
        let ledger = lock(ledger);
        let mut known = ledger.bundles()?.into_iter();
        let Some(known) = known.find(|one| one.taken.id == session.taken.id) else {
            return Ok(None);
        };
        let record = ledger.issued_for(&item.content().id, known.position)?;
        Ok(match record.map(|record| record.state) {
            Some(State::Issued(blob)) => Some(blob),
            _ => None,
        })
    }

    fn tested(&self, bundle: &PlannedBundle) -> Option<u64> {
        tested_item(self.transcript().fact(&tested_fact(bundle))?)
    }

    /// Whether the test certificate was written behind the number of its item.
    fn is_written_since(&self, bundle: &PlannedBundle) -> bool {
        let (item, file) = (tested_fact(bundle), bundle.test_certificate());
        let told = self.transcript().events().filter_map(|event| match event {
            Event::Fact { name, .. } if *name == item => Some(false),
            Event::File { name, .. } if *name == file => Some(true),
            _ => None,
        });
        told.last() == Some(true)
    }

    pub(super) fn test_on_disk(&self, name: &str) -> Result<TestCertificate, ConductError> {
        let path = self.folder.join(name);
        let line = crate::file::read_bytes(&path, LINE_BYTES_MAX);
        let line = line.map_err(|source| ConductError::File {
            path: path.display().to_string(),
            source,
        })?;
        Ok(TestCertificate::read(name, &line)?)
    }
}

/// Whether OpenSSH reads the serial that was signed.
fn is_read_as_signed(read: &str, serial: u64) -> Result<(), ConductError> {
    let wanted = format!("Serial: {serial}");
    if read.lines().any(|line| line.trim() == wanted) {
        return Ok(());
    }
    let words = format!("it does not say \"{wanted}\"");
    Err(ConductError::OpenSsh(std::io::Error::other(words)))
}

/// What is noted of the item whose certificate is tested.
pub(in crate::ceremony) fn tested_fact(bundle: &PlannedBundle) -> String {
    format!("test certificate {}", bundle.file)
}

/// What is noted of its first certificate when it was compared.
pub(in crate::ceremony) fn compared_fact(bundle: &PlannedBundle) -> String {
    format!("first certificate of {}", bundle.file)
}

/// What is noted of the machine's OpenSSH.
pub(in crate::ceremony) fn read_back_fact(bundle: &PlannedBundle) -> String {
    format!("ssh-keygen -L of {}", bundle.file)
}

/// The number of the item that was tested, by what was noted.
pub(in crate::ceremony) fn tested_item(fact: &str) -> Option<u64> {
    fact.strip_prefix(ITEM)?.parse().ok()
}

/// What is noted of a first certificate that says what its test certificate says.
pub(in crate::ceremony) const AS_TESTED: &str =
    "as its test certificate but for CA key, nonce, serial and signature";
/// What is noted where nothing would be signed.
pub(in crate::ceremony) const NOTHING: &str = "nothing would be signed";
const ITEM: &str = "item ";
const LINE_BYTES_MAX: usize = 128 * 1024;
