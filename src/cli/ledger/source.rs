//! Which ledger a reading command reads: the config's, or any file.

use std::path::PathBuf;

use clap::Args;

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::ledger::Ledger;

/// The ledger to read.
#[derive(Debug, Default, Args)]
pub(super) struct Source {
    /// Read this ledger, without any config; nothing is written beside it
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
}

impl Source {
    pub(super) fn open(&self, context: &Context) -> Result<Ledger, Failure> {
        Ok(match &self.ledger {
            Some(file) => Ledger::open_to_read(file)?,
            None => Ledger::open_to_read(&context.config()?.ledger())?,
        })
    }
}
