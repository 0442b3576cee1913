//! `punchmark ledger correct-clock`: goes on after entries whose time was wrong.

use clap::Args;

use crate::certificate::explain::utc;
use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{confirm_typed, say};
use crate::config;
use crate::ledger::{ClockCorrected, ClockError, Ledger, check_clock};

/// Why the clock had been wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CorrectClock {
    /// Why, for the ledger
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    reason: String,
}

impl CorrectClock {
    /// No entry is changed: the times that were wrong stay, with a word behind them.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mut ledger = Ledger::open(&config.ledger(), config.ledger_settings())?;
        let now = config::now();
        let last = ledger.last_time()?.ok_or_else(empty_ledger)?;
        match check_clock(now, Some(last), u64::MAX) {
            Err(ClockError::BehindLedger { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                if context.talks() {
                    say("the clock does not stand before the last entry: nothing to correct");
                }
                return Ok(Exit::Done);
            }
        }
        confirm_typed(&format!(
            "the last entry says {}, this clock says {}: the entry is wrong, the clock is right",
            utc(last),
            utc(now)
        ))?;
        ledger.correct_clock(
            ClockCorrected {
                wrong: last,
                reason: self.reason,
                keyboard: config::keyboard(),
            },
            now,
        )?;
        Ok(Exit::Done)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger correct-clock --reason 'the battery of the clock was empty'";
