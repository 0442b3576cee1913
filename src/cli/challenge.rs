//! `punchmark challenge`: random numbers that requests can be bound to.

use clap::Args;
use serde_json::json;

use super::base::context::Context;
use super::base::failure::{At, Exit, Failure};
use super::base::terminal::{product, product_object, say};
use super::base::words::number_of;
use crate::certificate::{length, length_in_seconds};
use crate::config::{self, Config};
use crate::ledger::{ChallengeMade, Nonce};
use crate::wire::hex;

/// Make challenges: a request that answers one was made after it, and is used once
///
/// Prints one a line. Whoever asks gives it to `punchmark request --challenge`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Challenge {
    /// How many, at most 1000
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,

    /// How long they can be answered: 12h, 1d, 2w
    #[arg(long, value_name = "LENGTH", default_value = "1d", value_parser = seconds)]
    expires: u64,

    /// Say what would be made, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Challenge {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        if self.dry_run {
            return self.foretell(context, &config);
        }
        let mut ledger = context.ledger(&config)?;
        let now = config::now();
        let expires = now.saturating_add(self.expires);
        for _ in 0..self.count {
            let mut nonce = Nonce::default();
            getrandom::fill(&mut nonce).at("no random numbers")?;
            let made = ChallengeMade {
                nonce,
                expires,
                keyboard: config::keyboard(),
            };
            ledger.make_challenge(made, now)?;
            let hex = hex(&nonce);
            if context.json() {
                product_object(json!({ "challenge": hex, "expires": expires }))?
            } else {
                product(&hex)?
            }
        }
        if context.talks() {
            say(&format!(
                "to be answered once, within {}",
                length(self.expires)
            ));
        }
        Ok(Exit::Done)
    }

    fn foretell(&self, context: &Context, config: &Config) -> Result<Exit, Failure> {
        context.ledger_to_look(config)?;
        let (count, within) = (u64::from(self.count), length(self.expires));
        let challenges = number_of(count, "challenge");
        let words =
            format!("{challenges} would be made, to be answered once each, within {within}");
        let object = json!({ "challenges": count, "seconds": self.expires });
        context.tell_plan(&words, object)?;
        Ok(Exit::Done)
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    length_in_seconds(text)
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .ok_or_else(|| "a length of at most a year: 12h, 1d, 2w".to_owned())
}

const LONGEST: u64 = 366 * 24 * 60 * 60;

const EXAMPLES: &str = "\
Examples:
  punchmark challenge
  punchmark challenge --count 20 --expires 2w";
