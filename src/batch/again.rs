//! `--resume`: what a run before came to, by request and by file.
//!
//! A file keeps the certificate that stands beside it, if the ledger issued it for this very
//! request. A file without one gets the newest that no other file of the run has, which shows
//! when all of them had their turn: so each of a thousand files of one key keeps its own.

use std::collections::HashSet;
use std::path::Path;

use crate::batch::{BatchError, CERTIFICATE_MODE};
use crate::certificate::certificate_line;
use crate::certificate::key_line::read_certificate_line;
use crate::config::read_limited;
use crate::issue::{Before, stands};
use crate::ledger::{Ledger, Wanted};
use crate::output;
use crate::wire::RawCertificate;

/// The serials that files of this run have, and what is left of the request that was last
/// asked about.
#[derive(Default)]
pub(super) struct Earlier {
    taken: HashSet<u64>,
    before: Option<Before>,
    /// How many entries the ledger had when the run began: what stands behind them is this
    /// run's own.
    entries: Option<u64>,
}

/// A certificate that goes out again.
pub(super) struct Again {
    pub(super) serial: u64,
    /// The line of its file, with its break.
    pub(super) line: String,
    /// Whether its file was missing, or held something else.
    pub(super) restored: bool,
}

/// A file of the run, and what is wanted for it.
pub(super) struct File<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) output: &'a Path,
    pub(super) comment: &'a str,
    /// Whether all files had a turn before.
    pub(super) is_last: bool,
}

/// The certificate that an earlier run issued for a file.
pub(super) enum Own {
    Again(Again),
    /// There may be one, if it is no other file's.
    Later,
    None,
}

impl Earlier {
    /// Finds the certificate that an earlier run issued for this file, and writes it again where
    /// it isn't there as it should be.
    pub(super) fn of_file(
        &mut self,
        ledger: &Ledger,
        file: &File<'_>,
        now: u64,
    ) -> Result<Own, BatchError> {
        let there = read_limited(file.output, LARGEST).ok();
        let own = there.as_deref().and_then(certificate);
        let own = own.filter(|own| !self.taken.contains(&own.serial()));
        let found = match own {
            Some(own) if stands(ledger, file.wanted, &own, now)? => own,
            _ if !file.is_last => return self.is_there_any(ledger, file.wanted),
            _ => match self.newest(ledger, file.wanted, now)? {
                Some(newest) => newest,
                None => return Ok(Own::None),
            },
        };
        let serial = found.serial();
        self.taken.insert(serial);
        let line = format!("{}\n", certificate_line(&found, file.comment));
        let restored = there.as_deref() != Some(line.as_str());
        if restored {
            output::write(file.output, line.as_bytes(), CERTIFICATE_MODE)
                .map_err(|source| BatchError::Write { serial, source })?;
        }
        Ok(Own::Again(Again {
            serial,
            line,
            restored,
        }))
    }

    fn is_there_any(&mut self, ledger: &Ledger, wanted: &Wanted) -> Result<Own, BatchError> {
        let before = self.before(ledger, wanted)?;
        let own = if before.is_empty() {
            Own::None
        } else {
            Own::Later
        };
        self.before = Some(before);
        Ok(own)
    }

    fn before(&mut self, ledger: &Ledger, wanted: &Wanted) -> Result<Before, BatchError> {
        let entries = *self.entries.get_or_insert_with(|| ledger.size());
        Ok(match self.before.take() {
            Some(before) if before.are_of(wanted) => before,
            _ => Before::find(ledger, wanted, entries)?,
        })
    }

    fn newest(
        &mut self,
        ledger: &Ledger,
        wanted: &Wanted,
        now: u64,
    ) -> Result<Option<RawCertificate>, BatchError> {
        let mut before = self.before(ledger, wanted)?;
        let taken = |serial| self.taken.contains(&serial);
        let next = before.next(ledger, wanted, now, &taken);
        self.before = Some(before);
        Ok(next?)
    }
}

fn certificate(text: &str) -> Option<RawCertificate> {
    let (certificate, _comment) = read_certificate_line(text).ok()?;
    Some(certificate)
}

/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;
