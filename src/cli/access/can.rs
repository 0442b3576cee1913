//! `punchmark access can`: where a principal gets in.

use clap::Args;

use super::list::OfList;
use super::table;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::server::access::review::{Book, can};

/// List where a principal gets in: its lines, in the order in which they count
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Can {
    #[command(flatten)]
    list: OfList,

    /// The principal, with its suffix
    principal: String,
}

impl Can {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        table::print(
            context,
            &can(
                &Book::new(&list),
                &self.principal,
                &self.list.moment_of_review(&list),
            ),
        )?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access can --list access.list peter_physical
  punchmark access can --list access.list peter_physical --json";
