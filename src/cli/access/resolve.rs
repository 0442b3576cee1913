//! `punchmark access resolve`: a list with the members that a directory service gives its groups.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::directory::{Bar, OfDirectory, objects, tell};
use super::list::{parse, read};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product_object, product_text};
use crate::output;

/// Ask a directory service who is in the groups of a list, and print the list with them
///
/// Nothing is signed or put in place: it shows what `access publish` would make of the groups, for
/// `access lint`, `who`, `diff` and the other commands. Whatever isn't whole ends it: a group that
/// isn't there or is empty, a member that isn't there or has no name, a limit of the server, a
/// referral.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub(crate) struct Resolve {
    /// The list as people wrote it
    #[arg(value_name = "FILE")]
    list: PathBuf,

    #[command(flatten)]
    directory: OfDirectory,

    /// Write the list there in place of stdout
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
}

impl Resolve {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let bytes = read(&self.list)?;
        let list = parse(&self.list, &bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let (text, groups) = if list.header().unresolved().is_some() {
            let bar = Bar::of(context);
            let found = self.directory.resolve(&text, &list, bar)?;
            (found.text, found.groups)
        } else {
            (text.into_owned(), Vec::new())
        };
        if let Some(out) = &self.out {
            output::write(out, text.as_bytes(), MODE)?;
        }
        if context.json() {
            product_object(json!({ "groups": objects(&groups) }))?;
            return Ok(Exit::Done);
        }
        tell(context, &groups);
        if self.out.is_none() {
            product_text(&text)?;
        }
        Ok(Exit::Done)
    }
}

/// A list is no secret to those who review it.
const MODE: u32 = 0o644;

fn examples() -> String {
    format!("{EXAMPLES}\n\n{}", super::directory::SETTINGS_EXAMPLE)
}

const EXAMPLES: &str = "\
Examples:
  punchmark access resolve access.list --directory directory.toml
  punchmark access lint --list <(punchmark access resolve access.list)
  punchmark access who --list <(punchmark access resolve access.list) --user root --host db1";
