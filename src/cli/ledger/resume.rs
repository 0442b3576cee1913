//! `punchmark ledger resume`: an older ledger was put back, and goes on behind the gap.

use clap::Args;

use crate::certificate::Serial;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::say;
use crate::config;
use crate::ledger::Ledger;

/// What the lost state of the ledger may have given out.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Resume {
    /// The highest serial that may have been given out by any CA of this ledger; all up to
    /// it count as taken, and the next KRL revokes them
    #[arg(long, value_name = "SERIAL")]
    after: u64,
}

impl Resume {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let after = Serial::try_from(self.after);
        let after = after.at(format!("serial {:?}", self.after.to_string()))?;
        let config = context.config()?;
        let mut ledger = Ledger::open_unkept(&config.ledger(), config.ledger_settings())?;
        for ca in ledger.cas()? {
            let first = ledger.resume(&ca, after, None, config::keyboard(), config::now())?;
            if context.talks() {
                say(&words(ca.name(), first, after));
            }
        }
        Ok(Exit::Done)
    }
}

fn words(ca: &str, first: Option<u64>, after: Serial) -> String {
    match first {
        Some(first) => {
            format!("serials {first} to {after} of {ca} count as taken; the next KRL revokes them")
        }
        None => format!("the serials of {ca} are beyond {after} already"),
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger resume --after 1500";
