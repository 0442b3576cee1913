//! Which reservations `punchmark ledger list` shows.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::source::Source;
use crate::cli::base::arguments::{instant, key};
use crate::cli::base::base_name;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::config::{self, Config};
use crate::ledger::{Condition, Standing, ends_before};

/// Every condition that is given must hold.
#[derive(Debug, Default, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Filter {
    #[command(flatten)]
    pub(super) source: Source,

    /// Of this CA
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,

    /// That name this principal, alone or with a reserved suffix behind it
    #[arg(long, value_name = "PRINCIPAL", allow_hyphen_values = true)]
    principal: Option<String>,

    /// Take --principal and --key-id to the letter: no suffix, and nothing else, behind them
    #[arg(long)]
    exact: bool,

    /// With this key ID
    #[arg(long, value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Option<String>,

    /// With this serial
    #[arg(long, value_name = "SERIAL")]
    serial: Option<u64>,

    /// For the key in this file, or of this fingerprint (SHA256:…)
    #[arg(long, alias = "fingerprint", value_name = "FILE|SHA256:…", value_parser = key)]
    key: Option<[u8; 32]>,

    /// For a key in the card of this serial
    #[arg(long, value_name = "SERIAL")]
    card: Option<u64>,

    /// That this requester asked for
    #[arg(long, value_name = "REQUESTER", allow_hyphen_values = true)]
    requester: Option<String>,

    /// That this role allowed
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,

    /// In this state
    #[arg(long, value_name = "STATE")]
    state: Option<Word>,

    /// Reserved at this time or later: a date, or -REL, as in sign -V
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,

    /// Reserved before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,

    /// That can be used still and are over before this time: +7d, or a date; of a time that is
    /// past, those that were over by then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires_before: Option<String>,

    /// So many of the newest
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
}

/// What is to be said of a reservation in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Word {
    Reserved,
    Issued,
    Failed,
    Revoked,
}

/// A filter whose times and names were read.
pub(super) struct Search {
    source: Source,
    pub(super) condition: Condition,
    /// How many of the newest are wanted; none where all are.
    pub(super) limit: Option<u64>,
}

impl Filter {
    /// Reads times and names; a base name means the principals with each of `suffixes` too.
    pub(super) fn read(self, suffixes: &BTreeSet<String>) -> Result<Search, Failure> {
        let names = |name: &String| {
            if self.exact {
                vec![name.clone()]
            } else {
                base_name::names(name, suffixes)
            }
        };
        let since = self.since.as_deref().map_or(Ok(0), instant)?;
        let until = self.until.as_deref().map_or(Ok(u64::MAX), instant)?;
        let before = self.expires_before.as_deref().map(instant).transpose()?;
        Ok(Search {
            condition: Condition {
                principals: self.principal.as_ref().map(names).unwrap_or_default(),
                ca: self.ca,
                key_id: self.key_id,
                exact: self.exact,
                serial: self.serial,
                key: self.key,
                card: self.card,
                requester: self.requester,
                role: self.role,
                standing: self.state.map(Standing::from),
                reserved: since..until,
                ends: before.map(|before| ends_before(before, config::now())),
            },
            limit: self.limit,
            source: self.source,
        })
    }
}

impl Search {
    /// The config whose ledger it is; none where the ledger was named.
    pub(super) fn config(&self, context: &Context) -> Result<Option<Config>, Failure> {
        self.source.config(context)
    }
}

impl From<Word> for Standing {
    fn from(word: Word) -> Self {
        match word {
            Word::Reserved => Self::Reserved,
            Word::Issued => Self::Issued,
            Word::Failed => Self::Failed,
            Word::Revoked => Self::Revoked,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger list --principal peter --since -1w
  punchmark ledger list -s users --state revoked
  punchmark ledger list --expires-before +7d
  punchmark ledger list --role engineer --limit 20 --json";
