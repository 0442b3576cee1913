//! Which ledger a reading command reads: the config's, or any file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use crate::cli::base::base_name;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::pending;
use crate::cli::base::terminal::{hint, warn};
use crate::config::Config;
use crate::ledger::file::Tail;
use crate::ledger::{Auditor, Ledger, LedgerError};

/// The ledger to read.
#[derive(Debug, Default, Args)]
pub(super) struct Source {
    /// Read this ledger, without any config; nothing is written beside it
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

impl Source {
    /// Opens it, and warns of what stands behind its last whole frame: whoever wrote it may
    /// have lost entries that a list or an export would have had.
    pub(super) fn open(&self, context: &Context) -> Result<Ledger, Failure> {
        let ledger = self.open_still(context)?;
        if let Some(tail) = ledger.tail() {
            warn(&format!(
                "the ledger ends in a damaged frame: {}",
                behind(&tail)
            ));
            hint("`punchmark ledger verify` checks the rest; a backup may have what is missing");
        }
        Ok(ledger)
    }

    /// Opens it to be audited.
    pub(super) fn to_audit(&self, context: &Context) -> Result<Auditor, Failure> {
        let path = self.path(context)?;
        Ok(still(|| Auditor::open(&path), Auditor::tail)?)
    }

    /// Every suffix that a base name may have behind it: those that the ledger recorded, and
    /// those of the config, where it is the config's ledger.
    pub(super) fn suffixes(
        &self,
        context: &Context,
        ledger: &Ledger,
    ) -> Result<BTreeSet<String>, Failure> {
        let config = self.config(context)?;
        Ok(base_name::suffixes(ledger, config.as_ref())?)
    }

    /// The config whose ledger it is; none where a ledger was named.
    pub(super) fn config(&self, context: &Context) -> Result<Option<Config>, Failure> {
        match self.ledger {
            Some(_) => Ok(None),
            None => Ok(Some(context.config()?)),
        }
    }

    fn open_still(&self, context: &Context) -> Result<Ledger, Failure> {
        let path = self.path(context)?;
        let ledger = still(|| Ledger::open_to_read(&path), Ledger::tail)?;
        pending::seen(&path, ledger)
    }

    fn path(&self, context: &Context) -> Result<PathBuf, Failure> {
        match &self.ledger {
            Some(file) => Ok(file.clone()),
            None => Ok(context.config()?.ledger()),
        }
    }
}

/// Opens at a moment when no frame is being written; unless what stands behind the last whole
/// frame stays there.
fn still<T>(
    open: impl Fn() -> Result<T, LedgerError>,
    tail: impl Fn(&T) -> Option<Tail>,
) -> Result<T, LedgerError> {
    for _ in 0..TRIES {
        let opened = open()?;
        if tail(&opened).is_none() {
            return Ok(opened);
        }
        std::thread::sleep(A_WRITE);
    }
    open()
}

/// What stands behind the last whole frame, in words.
pub(super) fn behind(tail: &Tail) -> String {
    let Tail { offset, length } = tail;
    format!("byte {offset}: {length} bytes behind the last whole frame, which are none")
}

/// A frame takes some milliseconds to write.
const A_WRITE: std::time::Duration = std::time::Duration::from_millis(20);
const TRIES: u32 = 5;
