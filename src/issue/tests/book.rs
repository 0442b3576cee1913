//! A ledger in memory, which can fail, and breaks where it is told otherwise than the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ssh_key::public::KeyData;

use super::*;
use crate::ledger::{Ca, Reservation, Wanted};

/// What the book says of each reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Reserved,
    Issued,
    Failed,
}

/// Shared with the test, which reads it when the run is over.
pub(crate) type Pages = Arc<Mutex<Vec<Said>>>;

/// A book of one CA.
pub(crate) struct Book {
    pub(crate) pages: Pages,
    /// Steps that succeed before one fails.
    pub(crate) steps: AtomicUsize,
    pub(crate) fault: BookFault,
}

/// How the book's last step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BookFault {
    Fails,
    Panics,
}

impl Book {
    pub(crate) fn new(steps: usize, fault: BookFault) -> (Self, Pages) {
        let pages = Pages::default();
        let book = Self {
            pages: Arc::clone(&pages),
            steps: AtomicUsize::new(steps),
            fault,
        };
        (book, pages)
    }

    fn step(&self) -> Result<(), LedgerError> {
        let left = self.steps.load(Ordering::Relaxed);
        if left > 0 {
            self.steps.store(left - 1, Ordering::Relaxed);
            return Ok(());
        }
        match self.fault {
            BookFault::Fails => Err(LedgerError::Missing(PathBuf::from("disk full"))),
            BookFault::Panics => panic!("the book is torn"),
        }
    }
}

impl Ledger for Book {
    fn cas(&self) -> Result<Vec<Ca>, LedgerError> {
        Ok(Vec::new())
    }

    fn add_ca(&mut self, _: CaAdded, _: u64) -> Result<Ca, LedgerError> {
        Err(LedgerError::Head)
    }

    fn commit(
        &mut self,
        outcomes: &[Outcome<'_>],
        wanted: Vec<Wanted>,
        _: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError> {
        self.step()?;
        let mut pages = self.pages.lock().unwrap();
        for outcome in outcomes {
            let (reservation, said) = match outcome {
                Outcome::Issued(reservation, _) => (reservation, Said::Issued),
                Outcome::Failed(reservation, _) => (reservation, Said::Failed),
            };
            let page = usize::try_from(reservation.position()).unwrap();
            assert_eq!(pages[page], Said::Reserved, "an outcome is told once");
            pages[page] = said;
        }
        let reserve = |wanted| {
            pages.push(Said::Reserved);
            let position = u64::try_from(pages.len()).unwrap() - 1;
            let serial = Serial::try_from(position + 1).unwrap();
            Ok(Reservation::for_tests(position, serial, wanted))
        };
        Ok(wanted.into_iter().map(reserve).collect())
    }

    fn check(&self, _: &Wanted, _: u64) -> Result<Result<(), ReserveError>, LedgerError> {
        Ok(Ok(()))
    }

    fn may_be_certified(&self, _: &Wanted) -> Result<Result<(), ReserveError>, LedgerError> {
        Ok(Ok(()))
    }

    fn is_revoked(&self, _: &KeyData, _: u64, _: &[u8]) -> Result<bool, LedgerError> {
        Ok(false)
    }

    fn issued_for(&self, _: &Wanted) -> Result<Option<Record>, LedgerError> {
        Ok(None)
    }

    fn record_of(&self, _: &Ca, _: Serial) -> Result<Option<Record>, LedgerError> {
        Ok(None)
    }

    fn each_record(&self, _: &mut dyn FnMut(Record)) -> Result<(), LedgerError> {
        Ok(())
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        Ok(None)
    }

    fn requester_of(&self, _: &Credential) -> Result<Option<String>, LedgerError> {
        Ok(None)
    }

    fn last_time(&self) -> Result<Option<u64>, LedgerError> {
        Ok(None)
    }
}
