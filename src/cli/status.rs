//! `punchmark status`: how a CA's machine stands, on one screen or in one line for monitoring.

mod custody;
mod device;
mod finding;
mod ledger;
mod look;

use clap::Args;
use serde_json::{Value, json};

use super::base::arguments::span;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::monitoring::State;
use super::base::terminal::{product, product_object};
use finding::{Finding, worst};
use ledger::Limits;
use look::{Seen, look};

/// Say how it all stands: CAs, their devices and PINs, the ledger, the last KRL, what expires
///
/// No PIN is asked for and none is tried, and nothing is changed. What is wrong comes last, with
/// the command that mends it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {
    /// Print one line for monitoring, and exit as its plugins do
    #[arg(long)]
    line: bool,

    /// Tell of certificates that expire within this time
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    expires_within: u64,

    /// Warn of a KRL that was made longer ago than this
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = span)]
    warn_after: u64,

    /// Call a KRL that was made longer ago than this critical
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    critical_after: u64,
}

impl Status {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let seen = look(
            context,
            &Limits {
                expires_within: self.expires_within,
                warn_after: self.warn_after,
                critical_after: self.critical_after,
            },
        );
        match seen {
            Ok(seen) if context.json() => {
                product_object(as_json(&seen))?;
                Ok(self.exit(worst(&seen.findings)))
            }
            Ok(seen) if self.line => {
                product(&one_line(&seen))?;
                Ok(worst(&seen.findings).exit())
            }
            Ok(seen) => screen(&seen).map(|()| Exit::Done),
            Err(unknown) if self.line => {
                product(&format!("UNKNOWN: {}", unknown.words()))?;
                Ok(State::Unknown.exit())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Whoever looks at a screen or reads an object is told all there.
    fn exit(&self, state: State) -> Exit {
        if self.line { state.exit() } else { Exit::Done }
    }
}

/// What there is, then what is wrong with it, each with the way on.
fn screen(seen: &Seen) -> Result<(), Failure> {
    for line in seen.lines() {
        product(&line)?;
    }
    product("")?;
    if seen.findings.is_empty() {
        product("OK: nothing is to be done")?;
    }
    for finding in &seen.findings {
        product(&finding.line())?;
        if let Some(way) = &finding.way {
            product(&format!("  {way}"))?;
        }
    }
    Ok(())
}

/// The worst state, with all that is not as it should be.
fn one_line(seen: &Seen) -> String {
    let state = worst(&seen.findings);
    let bad = seen.findings.iter().filter(|one| one.state != State::Ok);
    let words: Vec<_> = bad.map(|finding| finding.words.as_str()).collect();
    let words = if words.is_empty() {
        seen.in_short()
    } else {
        words.join("; ")
    };
    format!("{}: {words}", state.word())
}

fn as_json(seen: &Seen) -> Value {
    json!({
        "state": worst(&seen.findings).word(),
        "cas": seen.cas.iter().map(look::CaSeen::json).collect::<Vec<_>>(),
        "ledger": seen.ledger.json(),
        "findings": seen.findings.iter().map(Finding::json).collect::<Vec<_>>(),
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark status
  punchmark status --line --expires-within 3d

Exit codes of --line: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN";
