//! `punchmark ledger correct-clock`: goes on after entries whose time was wrong.

use clap::Args;
use serde_json::json;

use crate::certificate::explain::utc;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::confirm_typed;
use crate::config;
use crate::issue::WrongTime;
use crate::ledger::ClockCorrected;

/// Why the clock had been wrong.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CorrectClock {
    /// Why, for the ledger
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    reason: String,

    /// Show what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl CorrectClock {
    /// No entry is changed: the times that were wrong stay, with a word behind them.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let place = context.config()?.ledger_place();
        let Some(wrong) = place.open_to_correct()? else {
            return nothing_to_correct(context);
        };
        let (last, plan) = (wrong.last, plan(&wrong));
        // A person may take an hour, and others want to read.
        drop(wrong);
        if self.dry_run {
            context.tell_plan(&plan, json!({ "wrong": last }))?;
            return Ok(Exit::Done);
        }
        confirm_typed(&plan)?;
        match place.open_to_correct()? {
            Some(wrong) if wrong.last == last => self.correct(wrong)?,
            _ => return Err(Failure::new("the ledger or the clock changed meanwhile")),
        }
        context.tell(
            "the ledger goes by this clock from now on",
            json!({ "wrong": last }),
        )?;
        Ok(Exit::Done)
    }

    fn correct(self, mut wrong: WrongTime) -> Result<(), Failure> {
        let corrected = ClockCorrected {
            wrong: wrong.last,
            reason: self.reason,
            keyboard: config::keyboard(),
        };
        Ok(wrong.ledger.correct_clock(corrected, wrong.now)?)
    }
}

fn nothing_to_correct(context: &Context) -> Result<Exit, Failure> {
    context.tell(
        "the clock does not stand before the last entry: nothing to correct",
        json!({ "wrong": null }),
    )?;
    Ok(Exit::Done)
}

fn plan(wrong: &WrongTime) -> String {
    format!(
        "the last entry says {}, this clock says {}: the entry is wrong, the clock is right",
        utc(wrong.last),
        utc(wrong.now)
    )
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger correct-clock --reason 'the battery of the clock was empty'";
