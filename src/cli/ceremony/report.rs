//! `punchmark ceremony report`: one page for the archive.

use std::path::PathBuf;

use clap::Args;

use super::{page_file, plan_file};
use crate::ceremony::{TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError, judge, report};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::terminal::product_text;
use crate::config::read_bytes;

/// Write the report for the archive: one HTML page, with what auditors ask and where it is
///
/// It needs no network and prints well. It is made from plan and transcript, which must agree; that
/// they are the ones of the paper is for `ceremony verify`. What only people know is there, empty and
/// marked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Report {
    /// The transcript
    #[arg(value_name = "TRANSCRIPT")]
    transcript: PathBuf,

    /// The plan that was reviewed
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,

    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Report {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if context.json() {
            return Err(Failure::usage(NO_JSON));
        }
        let plan = plan_file::read(&self.plan)?;
        let file = &self.transcript;
        let bytes = read_bytes(file, TRANSCRIPT_BYTES_MAX).in_file(file)?;
        let transcript = Transcript::parse(&bytes).in_file(file)?;
        let account = judge(&plan, &transcript).in_file(file)?;
        let page = report(&plan, &transcript, &account);
        match &self.out {
            None => product_text(&page)?,
            Some(out) => page_file::write(out, &page)?,
        }
        Ok(Exit::Done)
    }
}

impl Advised for TranscriptError {}

const NO_JSON: &str = "a report is a page for people; `ceremony verify` has --json";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony report ceremony/transcript.jsonl --plan plan.toml --out report.html";
