//! What became of the keys of a run so far: counted, and told to the front.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::again::{Again, Earlier};
use super::places::Places;
use super::{BatchError, Common, Destination, Ended, Report, Reporter, Summary};
use crate::attestation::Proof;
use crate::issue::{IssueError, RunEnd};
use crate::ledger::Wanted;

/// Counts, and what all certificates have in common.
pub(super) struct Tally {
    report: Reporter,
    summary: Mutex<Summary>,
    first: OnceLock<Common>,
    /// Whether another certificate says something else than the first.
    differ: AtomicBool,
    earlier: Mutex<Earlier>,
    places: Mutex<Places>,
}

impl Tally {
    pub(super) fn new(report: Reporter) -> Self {
        Self {
            report,
            summary: Mutex::default(),
            first: OnceLock::new(),
            differ: AtomicBool::new(false),
            earlier: Mutex::default(),
            places: Mutex::default(),
        }
    }

    pub(super) fn tell(&self, report: Report<'_>) {
        (self.report)(report);
    }

    /// What runs before this one issued, which no two files of this one get.
    pub(super) fn earlier(&self) -> MutexGuard<'_, Earlier> {
        unpoisoned(&self.earlier)
    }

    /// Whether no file before has its certificate in this place.
    pub(super) fn is_new(&self, output: &Path) -> bool {
        unpoisoned(&self.places).is_new(output)
    }

    pub(super) fn signed(&self, to: &Destination, serial: u64, line: &str) {
        self.count(|summary| {
            summary.signed += 1;
            let (first, last) = summary.serials.unwrap_or((serial, serial));
            summary.serials = Some((first.min(serial), last.max(serial)));
        });
        self.tell(Report::Signed {
            file: to.file.as_deref(),
            output: to.output.as_deref(),
            serial,
            line,
            resumed: false,
        });
    }

    /// What an earlier run signed stays, or was written again.
    pub(super) fn kept(&self, to: &Destination, again: &Again) {
        self.count(|summary| {
            summary.resumed += 1;
            summary.restored += u64::from(again.restored);
        });
        self.tell(Report::Signed {
            file: to.file.as_deref(),
            output: to.output.as_deref(),
            serial: again.serial,
            line: &again.line,
            resumed: true,
        });
    }

    /// A certificate beside its key, which nobody meant to have certified.
    pub(super) fn passed_over(&self, file: &Path) {
        self.count(|summary| summary.passed_over += 1);
        self.tell(Report::PassedOver { file });
    }

    pub(super) fn failed(&self, file: Option<&Path>, error: BatchError) {
        let not_tried = matches!(error, BatchError::Issue(IssueError::NotTried));
        self.count(|summary| {
            if not_tried {
                summary.not_tried += 1;
            } else {
                summary.failed += 1;
            }
        });
        self.tell(Report::Failed { file, error });
    }

    pub(super) fn not_tried(&self, file: &Path) {
        self.count(|summary| summary.not_tried += 1);
        self.tell(Report::NotTried { file });
    }

    /// Notes what a certificate will say, and tells what it is to be warned of.
    pub(super) fn decided(&self, file: Option<&Path>, wanted: &Wanted) {
        for warning in wanted.decided().warnings() {
            self.tell(Report::Warned { file, warning });
        }
        let decided = wanted.decided();
        let body = decided.body();
        let common = || Common {
            body: body.clone(),
            proof: decided.proof().map(Proof::kind),
        };
        let first = &self.first.get_or_init(common).body;
        let same = (&first.key_id, &first.principals, &first.validity)
            == (&body.key_id, &body.principals, &body.validity);
        if !same {
            self.differ.store(true, Ordering::Relaxed);
        }
    }

    /// What it all came to.
    pub(super) fn end(self, early: Option<RunEnd>) -> Ended {
        let summary = self.summary.into_inner();
        Ended {
            summary: summary.unwrap_or_else(PoisonError::into_inner),
            first: self
                .first
                .into_inner()
                .filter(|_| !self.differ.into_inner()),
            early,
        }
    }

    fn count(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut unpoisoned(&self.summary));
    }
}

/// Counts stay right, whoever panicked beside them.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
