//! `punchmark ledger`: what was reserved, what became of it, and that nothing is missing.

mod checkpoint;
mod clock;
mod evidence;
mod export;
mod filter;
mod grounds;
mod log_time;
mod prove;
mod reconcile;
mod records;
mod resume;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::{Exit, Failure};
use crate::certificate::Serial;
use crate::ledger::{Ca, Ledger as _, SqliteLedger};

pub(super) use filter::instant;

/// Read the ledger: every serial that was taken, and what became of it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List reservations, oldest first; with --json, an object a line
    List(filter::Filter),
    /// Show all that is known of one serial
    Show(One),
    /// Print the evidence behind one serial, as `evidence verify` reads it
    Evidence(One),
    /// Hold every entry against every other, and against a head that was kept elsewhere
    Verify(verify::Verify),
    /// Print the ledger's head, signed, to be kept elsewhere
    Checkpoint(checkpoint::Sign),
    /// Print the proof that the ledger holds one serial; `check-proof` reads it
    Prove(One),
    /// Go on with an older ledger that was put back, behind the serials that are lost
    Resume(resume::Resume),
    /// Go on after entries whose time is wrong, since the clock was
    CorrectClock(clock::CorrectClock),
    /// Print every entry as JSON, one a line, and the head
    Export(export::Export),
    /// Name the certificates that an sshd saw and the ledger doesn't know, from its log
    Reconcile(reconcile::Reconcile),
    /// Check a proof without the ledger
    CheckProof(prove::Check),
}

/// One serial of one CA.
#[derive(Debug, Args)]
struct One {
    /// The CA, by name
    #[arg(value_name = "CA")]
    ca: String,
    /// The serial
    #[arg(value_name = "SERIAL")]
    serial: u64,
}

impl Ledger {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(filter) => {
                let condition = filter.read()?;
                records::list(context, &open(context)?, &condition)
            }
            Command::Show(one) => records::show(context, &open(context)?, &one.ca, one.serial),
            Command::Evidence(one) => evidence::print(&open(context)?, &one.ca, one.serial),
            Command::Verify(command) => command.run(context, &open(context)?),
            Command::Checkpoint(command) => command.run(context),
            Command::Prove(one) => prove::prove(&open(context)?, &one.ca, one.serial),
            Command::Resume(command) => command.run(context),
            Command::CheckProof(command) => command.run(context),
            Command::Reconcile(command) => command.run(context, &open(context)?),
            Command::CorrectClock(command) => command.run(context),
            Command::Export(command) => command.run(&open(context)?),
        }
    }
}

fn open(context: &Context) -> Result<SqliteLedger, Failure> {
    Ok(SqliteLedger::open_to_read(&context.config()?.ledger())?)
}

/// The CA of this name and the serial, which may not be taken.
fn find(ledger: &SqliteLedger, name: &str, number: u64) -> Result<(Ca, Serial), Failure> {
    let serial = Serial::try_from(number).map_err(|_zero| no_such_serial(name, number))?;
    let ca = ledger.cas()?.into_iter().find(|ca| ca.name() == name);
    let ca = ca.ok_or_else(|| Failure::NotInLedger(name.to_owned()))?;
    Ok((ca, serial))
}

fn no_such_serial(name: &str, serial: u64) -> Failure {
    Failure::NoSuchSerial {
        ca: name.to_owned(),
        serial,
    }
}

/// A small text file that was kept elsewhere.
fn read_text(path: &Path) -> Result<String, Failure> {
    crate::config::read_limited(path, 64 * 1024).map_err(|source| Failure::File {
        path: path.display().to_string(),
        source,
    })
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger list --principal peter --since -1w
  punchmark ledger show users 42
  punchmark ledger verify --signatures";
