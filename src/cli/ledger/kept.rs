//! `punchmark ledger head`: the head of the ledger, and that a ledger without a kept one is
//! the newest copy.

use clap::{Args, Subcommand};
use serde_json::json;

use super::source::Source;
use crate::certificate::explain::utc;
use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::{Context, warn_of_ignored};
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::head::{Against, Kept, believed_by};
use crate::cli::base::heads_below;
use crate::cli::base::terminal::{confirm_typed, product};
use crate::cli::base::words::number_of;
use crate::config;
use crate::issue::UnkeptLedger;
use crate::ledger::heads::HeadsError;
use crate::ledger::{HeadAdopted, Ledger};

/// What to do with the head.
#[derive(Debug, Args)]
pub(super) struct Head {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print name, size and root of the ledger, unsigned: to be written down on paper, or held
    /// against another copy
    Show(Source),
    /// Say that this ledger, of which no head is kept here, is the newest copy
    Adopt(Adopt),
}

/// By what ground it is the newest copy; without any, a person types that it is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Adopt {
    #[command(flatten)]
    against: Against,

    /// Show by what ground it would be taken, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Head {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Show(source) => show(&source.open(context)?),
            Command::Adopt(adopt) => adopt.run(context),
        }
    }
}

fn show(ledger: &Ledger) -> Result<Exit, Failure> {
    let head = ledger.checkpoint()?.ok_or_else(empty_ledger)?;
    product(head.to_string().trim_end())?;
    Ok(Exit::Done)
}

impl Adopt {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let claimed = self.against.read()?;
        let config = context.config()?;
        let Some(looked) = unkept(context.ledger_unkept(&config)?)? else {
            return is_kept_already(context);
        };
        let head = looked.checkpoint()?.ok_or_else(empty_ledger)?;
        let (size, last) = (head.size, looked.last_time()?.ok_or_else(empty_ledger)?);
        let kept = believed_by(&looked, claimed)?;
        let shown = by_heads(&looked, &kept)?;
        // A person may take an hour, and others want to read.
        drop(looked);
        if self.dry_run {
            let ground = shown.map_or_else(|| newest(size, last), |shown| shown.word);
            context.tell_plan(ground.trim_end_matches('.'), json!({ "entries": size }))?;
            return Ok(Exit::Done);
        }
        let adopted = match shown {
            Some(shown) => shown,
            None => by_word(size, last)?,
        };
        let again = config.ledger_place().borrowing().open_unkept_confirmed()?;
        let Some(mut ledger) = unkept(again)? else {
            return is_kept_already(context);
        };
        if ledger.checkpoint()? != Some(head) {
            return Err(Failure::new(
                "another ledger was put in its place meanwhile",
            ));
        }
        ledger.adopt_head(adopted, config::now())?;
        context.tell(
            "taken for the newest copy, and its head is kept from here on",
            json!({ "entries": size, "adopted": true }),
        )?;
        drop(ledger);
        heads_below::warn_if_below(&config)?;
        Ok(Exit::Done)
    }
}

/// The ledger, if no head is kept of it. A head that knows more is not to be talked away.
fn unkept(opened: UnkeptLedger) -> Result<Option<Ledger>, Failure> {
    match opened.refusal {
        None => Ok(None),
        Some(HeadsError::Missing { ignored, .. }) => {
            ignored.iter().for_each(warn_of_ignored);
            Ok(Some(opened.ledger))
        }
        Some(contradicts) => Err(contradicts.into()),
    }
}

fn is_kept_already(context: &Context) -> Result<Exit, Failure> {
    context.tell(
        "a kept head says already that this is the newest copy",
        json!({ "adopted": false }),
    )?;
    Ok(Exit::Done)
}

fn newest(size: u64, last: u64) -> String {
    let last = utc(last);
    format!(
        "This ledger of {}, the last of {last}, is the newest copy that there is.",
        number_of(size, "entry")
    )
}

/// A person's word, for a ledger of so many entries, the last of this time.
pub(super) fn by_word(size: u64, last: u64) -> Result<HeadAdopted, Failure> {
    let statement = newest(size, last);
    confirm_typed(&statement)?;
    Ok(HeadAdopted {
        size: 0,
        root: [0; 32],
        word: statement,
        keyboard: config::keyboard(),
    })
}

/// The ledger must go on from every head that is shown; the largest is recorded. None is
/// recorded where none is shown.
fn by_heads(ledger: &Ledger, heads: &[Kept]) -> Result<Option<HeadAdopted>, Failure> {
    for kept in heads {
        crate::cli::base::head::extends(ledger, &kept.head)?;
    }
    let largest = heads.iter().max_by_key(|kept| kept.head.size);
    Ok(largest.map(|largest| HeadAdopted {
        size: largest.head.size,
        root: largest.head.root,
        word: largest.words(),
        keyboard: config::keyboard(),
    }))
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger head adopt --against head.txt --signer ledger_key.pub
  punchmark ledger head adopt";
