//! `punchmark ledger reconcile`: certificates that a server saw and the ledger doesn't know.

mod input;
mod report;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;

use super::source::Source;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::reconcile::lines::{Line, Lines};
use crate::reconcile::{Accounts, Reconciler};
use input::Input;
use report::Report;

/// Which logs are held against the ledger.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Reconcile {
    /// Logs of sshd, in the order of their lines; `-` is stdin, as it is without any. They may
    /// be compressed by gzip. A pipe, as of `<(...)`, is read until its writer ends
    #[arg(value_name = "FILE")]
    logs: Vec<PathBuf>,

    #[command(flatten)]
    source: Source,

    /// Certificates for any of these principals may be used for this account of the servers, as
    /// AuthorizedPrincipalsFile says there; without a word, the account's own name is the one
    #[arg(long = "account", value_name = "ACCOUNT=PRINCIPAL[,PRINCIPAL...]", value_parser = account)]
    accounts: Vec<(String, Vec<String>)>,

    /// Take a log without one line of sshd for one in which nothing happened
    #[arg(long)]
    may_be_quiet: bool,
}

impl Reconcile {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let ledger = self.source.open(context)?;
        let reconciler = Reconciler::new(&ledger)?;
        let mut accounts = Accounts::default();
        for (account, principals) in &self.accounts {
            accounts.map(account.clone(), principals.iter().cloned());
        }
        let mut report = Report::new(context, &reconciler, &accounts);
        if self.logs.is_empty() {
            refuse_terminal()?;
            read(Path::new("-"), false, &mut report)?;
        }
        for log in &self.logs {
            read(log, self.logs.len() > 1, &mut report)?;
        }
        report.finish(self.may_be_quiet)
    }
}

/// Reads one log; names it with each finding where there are several.
fn read(log: &Path, is_named: bool, report: &mut Report<'_>) -> Result<(), Failure> {
    let mut input = Input::open(log)?;
    report.begin(is_named.then_some(log));
    let mut lines = Lines::default();
    while let Some(line) = input.next_line().in_file(log)? {
        report.take(lines.take(&line))?;
    }
    match lines.end() {
        Line::Nothing => Ok(()),
        last => report.take_last(last),
    }
}

/// Nobody types a log.
fn refuse_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        Err(Failure::usage("no log to read")
            .hint("name it: punchmark ledger reconcile /var/log/auth.log, or `-` for stdin"))
    } else {
        Ok(())
    }
}

/// `root=anna_physical,erik_physical`.
fn account(text: &str) -> Result<(String, Vec<String>), String> {
    let (account, principals) = text.split_once('=').unwrap_or((text, ""));
    let principals: Vec<String> = principals.split(',').map(str::to_owned).collect();
    if account.is_empty() || principals.iter().any(String::is_empty) {
        Err("it has the form ACCOUNT=PRINCIPAL[,PRINCIPAL...]".to_owned())
    } else {
        Ok((account.to_owned(), principals))
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger reconcile /var/log/auth.log.1.gz /var/log/auth.log
  journalctl -u ssh -o json | punchmark ledger reconcile --account root=anna_physical
  punchmark ledger reconcile --ledger punchmark.ledger --json auth.log

sshd must log at LogLevel VERBOSE to name every certificate. Exit status: 0 if every one is the
ledger's and was used as it may be, 1 if not, or if a line can't be read.";
