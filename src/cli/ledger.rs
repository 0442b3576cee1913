//! `punchmark ledger`: what was reserved, what became of it, and that nothing is missing.

mod checkpoint;
mod clock;
#[cfg(feature = "two-sides")]
mod delegate_lists;
#[cfg(feature = "daily")]
mod delegate_receipts;
mod evidence;
mod export;
mod filter;
mod grounds;
mod kept;
mod key;
mod list;
#[cfg(feature = "hosts")]
mod log_time;
mod migrate;
mod one;
mod prove;
#[cfg(feature = "daily")]
mod receipt;
#[cfg(feature = "hosts")]
mod reconcile;
mod records;
mod resume;
mod source;
mod table;
mod verify;

use clap::{Args, Subcommand};

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use one::One;

/// Read the ledger: every serial that was taken, and what became of it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List reservations, newest first; with --json an object a line, in the order of the ledger
    List(filter::Filter),
    /// Show all that is known of one serial
    #[command(after_help = SHOW_EXAMPLES)]
    Show(One),
    /// Print the evidence behind one serial, as `evidence verify` reads it
    Evidence(One),
    /// Hold every entry against every other, and against a head that was kept elsewhere
    Verify(verify::Verify),
    /// Print the ledger's head, signed, to be kept elsewhere
    Checkpoint(checkpoint::Sign),
    /// Say which keys vouch for the ledger: list, add, roll over, revoke
    Key(key::Key),
    /// Let another key sign lists until a time, as a mirror's does
    #[cfg(feature = "two-sides")]
    DelegateLists(delegate_lists::DelegateLists),
    /// Print the proof that the ledger holds one serial; `check-proof` reads it
    Prove(One),
    /// Show the head, or say that a ledger without a kept one is the newest copy
    Head(kept::Head),
    /// Go on with an older ledger that was put back, behind the serials that are lost
    Resume(resume::Resume),
    /// Make a file of a ledger that a version before 0.2.0 wrote
    Migrate(migrate::Migrate),
    /// Go on after entries whose time is wrong, since the clock was
    CorrectClock(clock::CorrectClock),
    /// Print every entry as JSON, one a line, and the head
    Export(export::Export),
    /// Name the certificates that an sshd saw and the ledger doesn't know, from its log
    #[cfg(feature = "hosts")]
    Reconcile(reconcile::Reconcile),
    /// Check a proof without the ledger
    CheckProof(prove::Check),
    /// Check a receipt that `punchmark get` kept, without the ledger
    #[cfg(feature = "daily")]
    Receipt(receipt::Receipt),
    /// Let another key sign receipts until a time, as a server's does
    #[cfg(feature = "daily")]
    DelegateReceipts(delegate_receipts::DelegateReceipts),
}

impl Ledger {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::List(filter) => {
                let ledger = filter.source.open(context)?;
                let suffixes = filter.source.suffixes(context, &ledger)?;
                list::list(context, &ledger, &filter.read(&suffixes)?)
            }
            Command::Show(one) => {
                let ledger = one.source.open(context)?;
                records::show(context, &ledger, &one)
            }
            Command::Evidence(one) => evidence::print(context, &one),
            Command::Verify(command) => command.run(context),
            Command::Checkpoint(command) => command.run(context),
            Command::Key(command) => command.run(context),
            #[cfg(feature = "two-sides")]
            Command::DelegateLists(command) => command.run(context),
            Command::Prove(one) => prove::prove(context, &one),
            Command::Head(command) => command.run(context),
            Command::Resume(command) => command.run(context),
            Command::Migrate(command) => command.run(context),
            Command::CheckProof(command) => command.run(context),
            #[cfg(feature = "daily")]
            Command::Receipt(command) => command.run(context),
            #[cfg(feature = "daily")]
            Command::DelegateReceipts(command) => command.run(context),
            #[cfg(feature = "hosts")]
            Command::Reconcile(command) => command.run(context),
            Command::CorrectClock(command) => command.run(context),
            Command::Export(command) => command.run(context),
        }
    }
}

const SHOW_EXAMPLES: &str = "\
Examples:
  punchmark ledger show 42
  punchmark ledger show users 42
  punchmark ledger show -s users 42 --json";

const EXAMPLES: &str = "\
Examples:
  punchmark ledger list --principal peter --since -1w
  punchmark ledger list --expires-before +7d
  punchmark ledger show users 42
  punchmark ledger verify --signatures";
