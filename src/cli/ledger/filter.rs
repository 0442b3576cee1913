//! Which reservations `punchmark ledger list` shows.

use clap::{Args, ValueEnum};
use ssh_key::Fingerprint;

use super::source::Source;
use crate::certificate::explain::Fields;
use crate::cli::base::arguments::{fingerprint, instant};
use crate::cli::base::failure::Failure;
use crate::ledger::{Record, State, Term};

/// Every condition that is given must hold.
#[derive(Debug, Default, Args)]
pub(super) struct Filter {
    #[command(flatten)]
    pub(super) source: Source,

    /// Of this CA
    #[arg(long, value_name = "CA")]
    ca: Option<String>,

    /// That name this principal
    #[arg(long, value_name = "PRINCIPAL", allow_hyphen_values = true)]
    principal: Option<String>,

    /// With this key ID
    #[arg(long, value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Option<String>,

    /// With this serial
    #[arg(long, value_name = "SERIAL")]
    serial: Option<u64>,

    /// For the key of this fingerprint (SHA256:…)
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
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
}

/// A [`State`], as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Word {
    Reserved,
    Issued,
    Failed,
}

/// A filter whose times were read.
pub(super) struct Condition {
    filter: Filter,
    since: u64,
    until: u64,
}

impl Filter {
    pub(super) fn read(self) -> Result<Condition, Failure> {
        Ok(Condition {
            since: self.since.as_deref().map_or(Ok(0), instant)?,
            until: self.until.as_deref().map_or(Ok(u64::MAX), instant)?,
            filter: self,
        })
    }
}

impl Condition {
    /// What the records are to be looked up by: the rarest that was given.
    pub(super) fn term(&self) -> Option<Term<'_>> {
        let filter = &self.filter;
        let key = filter.key.as_ref().map(Term::Key);
        key.or(filter.key_id.as_deref().map(Term::KeyId))
            .or(filter.card.map(Term::Card))
            .or(filter.principal.as_deref().map(Term::Principal))
            .or(filter.requester.as_deref().map(Term::Requester))
            .or(filter.role.as_deref().map(Term::Role))
    }

    /// The one serial that was asked for.
    pub(super) fn serial(&self) -> Option<u64> {
        self.filter.serial
    }

    pub(super) fn holds(&self, record: &Record, fields: &Fields) -> bool {
        let filter = &self.filter;
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        let grounds = record.reserved.grounds.as_ref();
        let card = grounds.and_then(|grounds| grounds.card);
        let named = |wanted: &String| fields.principals.contains(wanted);
        same(&filter.ca, &record.ca)
            && same(&filter.key_id, &fields.key_id)
            && same(
                &filter
                    .key
                    .map(Fingerprint::Sha256)
                    .map(|key| key.to_string()),
                &fields.key,
            )
            && same(&filter.requester, &record.reserved.requester)
            && filter.card.is_none_or(|wanted| card == Some(wanted))
            && same(&filter.role, &record.reserved.role)
            && filter.principal.as_ref().is_none_or(named)
            && filter
                .serial
                .is_none_or(|serial| serial == record.reserved.serial)
            && filter.state.is_none_or(|state| state.is(&record.state))
            && (self.since..self.until).contains(&record.time)
    }
}

impl Word {
    fn is(self, state: &State) -> bool {
        match self {
            Self::Reserved => matches!(state, State::Reserved),
            Self::Issued => matches!(state, State::Issued(_)),
            Self::Failed => matches!(state, State::Failed(_)),
        }
    }
}
