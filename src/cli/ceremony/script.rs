//! `punchmark ceremony script`: the paper of a ceremony.

use std::path::PathBuf;

use clap::Args;

use super::{page_file, plan_file};
use crate::ceremony::{html, markdown};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::product_text;

/// Write the paper: each step with boxes for time, initials and deviations, and the sheets
///
/// One HTML file that needs nothing beside it, for a browser to print on A4 or Letter; or Markdown,
/// for review beside the plan.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Script {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// Write HTML, which it does anyway
    #[arg(long, conflicts_with = "markdown")]
    html: bool,

    /// Write Markdown
    #[arg(long)]
    markdown: bool,

    /// The file to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Script {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if context.json() {
            return Err(Failure::usage(NO_JSON));
        }
        let plan = plan_file::read(&self.plan)?;
        let text = if self.markdown {
            markdown(&plan)
        } else {
            html(&plan)
        };
        match &self.out {
            None => product_text(&text)?,
            Some(out) => page_file::write(out, &text)?,
        }
        Ok(Exit::Done)
    }
}

const NO_JSON: &str = "a paper is for people; `ceremony check` has --json";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony script plan.toml --out paper.html
  punchmark ceremony script plan.toml --markdown | less";
