//! `punchmark access who`: who gets in as this user on this host.

use std::path::PathBuf;

use clap::Args;

use super::list::{OfList, moment_at};
use super::{issued, table};
use crate::cli::base::arguments::instant;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::pending;
use crate::ledger::Ledger;
use crate::server::access::review::{Book, who};
use crate::server::access::{Host, Query};

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

    /// As of this point in time, by the list of that day: a date, or -REL, as in sign -V
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,

    /// Name the certificates that get in and are valid, out of the config's ledger: until when,
    /// on which proof, and who asked for them
    #[arg(long)]
    issued: bool,

    /// The ledger for --issued, without any config
    #[arg(long, value_name = "FILE", requires = "issued")]
    ledger: Option<PathBuf>,
}

impl Who {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        let book = Book::new(&list);
        let moment = match self.at.as_deref() {
            Some(at) => moment_at(instant(at)?),
            None => self.list.moment_of_review(&list),
        };
        if self.issued {
            let ledger = match self.ledger {
                Some(file) => file,
                None => context.config()?.ledger(),
            };
            let ledger = pending::seen(&ledger, Ledger::open_to_read(&ledger)?)?;
            let place = Query::new([], &self.user, Host::parse(&self.host)?)?;
            issued::print(context, &issued::held(&book, &place, &ledger, &moment)?)?;
            return Ok(Exit::Done);
        }
        table::print(context, &who(&book, &self.user, &self.host, &moment)?)?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark access who --list access.list --user root --host db1
  punchmark access who --list access.list --user www --host web1+production --json
  punchmark access who --list access.list --user root --host db1 --issued
  punchmark access who --list of-that-day.list --at 20261101 --user root --host db1";
