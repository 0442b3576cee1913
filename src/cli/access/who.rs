//! `punchmark access who`: who gets in as this user on this host.

use clap::Args;

use super::list::OfList;
use super::table;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::server::access::review::{Book, who};

/// List who gets in as a user on a host
///
/// A pattern stands for all that it matches. What a line lets in and another takes back is
/// listed too, with the reason.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Who {
    #[command(flatten)]
    list: OfList,

    /// The account
    #[arg(long)]
    user: String,

    /// The server: its name, and its tags behind `+`
    #[arg(long, value_name = "NAME[+TAG...]")]
    host: String,
}

impl Who {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        let ways = who(
            &Book::new(&list),
            &self.user,
            &self.host,
            &self.list.moment(&list),
        )?;
        table::print(context, &ways)?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access who --list access.list --user root --host db1
  punchmark access who --list access.list --user www --host web1+production --json";
