//! `punchmark krl show`: a KRL in words, as `ssh-keygen -Q -l` prints it, or in JSON.

use std::path::PathBuf;

use clap::Args;

use super::check::check;
use super::file::read_krl;
use super::view::print;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::krl::Signatures;

/// Show what a KRL revokes, as ssh-keygen -Q -l does
///
/// After it, each KEY is answered as by `krl check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The KRL
    #[arg(value_name = "FILE")]
    krl: PathBuf,

    /// Public key or certificate files to check
    #[arg(value_name = "KEY")]
    keys: Vec<PathBuf>,
}

impl Show {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let krl = read_krl(&self.krl)?;
        print(context, &krl)?;
        check(context, &krl, &self.keys, Signatures::Checked)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark krl show revoked.krl
  punchmark krl show --json revoked.krl
  punchmark krl show revoked.krl peter-cert.pub";
