//! `punchmark ledger head`: the head of the ledger, and that a ledger without a kept one is
//! the newest copy.

use clap::{Args, Subcommand};

use super::head::{Against, Kept};
use super::source::Source;
use crate::certificate::explain::utc;
use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{confirm_typed, product, say};
use crate::config;
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
        let kept = self.against.read()?;
        let config = context.config()?;
        let mut ledger = Ledger::open_unkept(&config.ledger(), config.ledger_settings())?;
        match ledger.take_refusal() {
            None => {
                if context.talks() {
                    say("a kept head says already that this is the newest copy");
                }
                return Ok(Exit::Done);
            }
            Some(HeadsError::Missing { .. }) => {}
            // A head that knows more is not to be talked away.
            Some(contradicts) => return Err(contradicts.into()),
        }
        let adopted = match kept.as_slice() {
            [] => {
                let last = ledger.last_time()?.ok_or_else(empty_ledger)?;
                by_word(ledger.size(), last)?
            }
            heads => by_heads(&ledger, heads)?,
        };
        ledger.adopt_head(adopted, config::now())?;
        if context.talks() {
            say("taken for the newest copy, and its head is kept from here on");
        }
        Ok(Exit::Done)
    }
}

/// A person's word, for a ledger of so many entries, the last of this time.
pub(super) fn by_word(size: u64, last: u64) -> Result<HeadAdopted, Failure> {
    let last = utc(last);
    let statement = format!(
        "This ledger of {size} entries, the last of {last}, is the newest copy that there is."
    );
    confirm_typed(&statement)?;
    Ok(HeadAdopted {
        size: 0,
        root: [0; 32],
        word: statement,
        keyboard: config::keyboard(),
    })
}

/// The ledger must go on from every head that is shown; the largest is recorded.
fn by_heads(ledger: &Ledger, heads: &[Kept]) -> Result<HeadAdopted, Failure> {
    for kept in heads {
        super::head::extends(ledger, &kept.head)?;
    }
    let largest = heads.iter().max_by_key(|kept| kept.head.size);
    let largest = largest.ok_or_else(empty_ledger)?;
    Ok(HeadAdopted {
        size: largest.head.size,
        root: largest.head.root,
        word: largest.words(),
        keyboard: config::keyboard(),
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger head adopt --against head.txt --signer ledger_key.pub
  punchmark ledger head adopt";
