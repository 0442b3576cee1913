//! One serial of one CA, as the subcommands name it.

use clap::Args;

use super::source::Source;
use crate::certificate::Serial;
use crate::cli::base::failure::Failure;
use crate::cli::base::ledger_ca::ca_named;
use crate::ledger::{Ca, Ledger};

/// One serial of one CA.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(super) struct One {
    #[command(flatten)]
    pub(super) source: Source,
    /// The CA, by name [default: the ledger's only one]
    #[arg(value_name = "CA")]
    ca: Option<String>,
    /// The CA, by name, as other commands name it
    #[arg(
        id = "named",
        short = 's',
        long = "ca",
        value_name = "CA",
        conflicts_with = "ca"
    )]
    named: Option<String>,
    /// The serial
    #[arg(value_name = "SERIAL")]
    serial: u64,
}

impl One {
    /// The CA that is meant and the serial, which may not be taken.
    pub(super) fn find(&self, ledger: &Ledger) -> Result<(Ca, Serial), Failure> {
        let ca = match self.ca.as_ref().or(self.named.as_ref()) {
            Some(name) => ca_named(&ledger.cas()?, name)?,
            None => only(ledger)?,
        };
        let serial = Serial::try_from(self.serial);
        let serial = serial.map_err(|_zero| no_such_serial(ca.name(), self.serial))?;
        Ok((ca, serial))
    }
}

fn only(ledger: &Ledger) -> Result<Ca, Failure> {
    let mut cas = ledger.cas()?;
    match (cas.pop(), cas.is_empty()) {
        (Some(ca), true) => Ok(ca),
        (None, _) => Err(Failure::usage("the ledger has no CA yet")),
        (Some(last), false) => {
            let names = cas
                .iter()
                .chain([&last])
                .map(|ca| format!("`{}`", ca.name()));
            let names = names.collect::<Vec<_>>().join(", ");
            Err(Failure::usage(format!(
                "the ledger has several CAs, {names}: name the one whose serial it is"
            )))
        }
    }
}

/// The failure to find a serial that was never taken.
pub(super) fn no_such_serial(ca: &str, serial: u64) -> Failure {
    Failure::new(format!(
        "CA `{ca}` has no certificate {serial} in its ledger"
    ))
}
