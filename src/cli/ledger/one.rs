//! One serial of one CA, as the subcommands name it.

use clap::Args;

use super::source::Source;
use crate::certificate::Serial;
use crate::cli::base::advice::ledger::not_in_ledger;
use crate::cli::base::failure::Failure;
use crate::ledger::{Ca, Ledger};

/// One serial of one CA.
#[derive(Debug, Args)]
pub(super) struct One {
    #[command(flatten)]
    pub(super) source: Source,
    /// The CA, by name
    #[arg(value_name = "CA")]
    pub(super) ca: String,
    /// The serial
    #[arg(value_name = "SERIAL")]
    pub(super) serial: u64,
}

/// The CA of this name and the serial, which may not be taken.
pub(super) fn find(ledger: &Ledger, name: &str, number: u64) -> Result<(Ca, Serial), Failure> {
    let serial = Serial::try_from(number).map_err(|_zero| no_such_serial(name, number))?;
    let ca = ledger.cas()?.into_iter().find(|ca| ca.name() == name);
    let ca = ca.ok_or_else(|| not_in_ledger(name))?;
    Ok((ca, serial))
}

/// The failure to find a serial that was never taken.
pub(super) fn no_such_serial(ca: &str, serial: u64) -> Failure {
    Failure::new(format!(
        "CA `{ca}` has no certificate {serial} in its ledger"
    ))
}
