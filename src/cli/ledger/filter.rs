//! Which reservations `punchmark ledger list` shows.

use std::collections::BTreeSet;
use std::ops::Range;

use clap::{Args, ValueEnum};
use ssh_key::Fingerprint;

use super::source::Source;
use crate::certificate::explain::Fields;
use crate::cli::base::arguments::{instant, key};
use crate::cli::base::base_name;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::config::{self, Config};
use crate::ledger::{Record, Reserved, Revocation, RevokedSet, State, Term, before_private_root};
use crate::wire::RawCertificate;

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
pub(super) struct Condition {
    filter: Filter,
    /// What the principal stands for.
    principals: Vec<String>,
    since: u64,
    until: u64,
    /// Within which it must be over; none where its end is not asked for.
    ends: Option<Range<u64>>,
}

impl Filter {
    /// Reads times and names; a base name means the principals with each of `suffixes` too.
    pub(super) fn read(self, suffixes: &BTreeSet<String>) -> Result<Condition, Failure> {
        let names = |name: &String| {
            if self.exact {
                vec![name.clone()]
            } else {
                base_name::names(name, suffixes)
            }
        };
        Ok(Condition {
            principals: self.principal.as_ref().map(names).unwrap_or_default(),
            since: self.since.as_deref().map_or(Ok(0), instant)?,
            until: self.until.as_deref().map_or(Ok(u64::MAX), instant)?,
            ends: self.expires_before.as_deref().map(ends).transpose()?,
            filter: self,
        })
    }
}

impl Condition {
    /// What the records are to be looked up by: the rarest that was given; nothing where all
    /// have to be looked at.
    pub(super) fn terms<'a>(&'a self, revoked: &'a RevokedSet) -> Vec<Term<'a>> {
        let filter = &self.filter;
        let of_names = self.principals.iter().map(|name| Term::Principal(name));
        let key = filter.key.map(Term::Key);
        let one = key
            .or(filter.key_id.as_deref().map(Term::KeyId))
            .or(filter.card.map(Term::Card));
        if let Some(term) = one {
            return vec![term];
        }
        if filter.principal.is_some() {
            return of_names.collect();
        }
        let requester = filter.requester.as_deref().map(Term::Requester);
        let revoked = (filter.state == Some(Word::Revoked)).then_some(Term::Revoked(revoked));
        let one = requester.or(revoked);
        one.or(filter.role.as_deref().map(Term::Role))
            .into_iter()
            .collect()
    }

    /// The CA that was asked for.
    pub(super) fn ca(&self) -> Option<&str> {
        self.filter.ca.as_deref()
    }

    /// The role that was asked for.
    pub(super) fn role(&self) -> Option<&str> {
        self.filter.role.as_deref()
    }

    /// The requester who was asked for.
    pub(super) fn requester(&self) -> Option<&str> {
        self.filter.requester.as_deref()
    }

    /// The config whose ledger it is; none where the ledger was named.
    pub(super) fn config(&self, context: &Context) -> Result<Option<Config>, Failure> {
        self.filter.source.config(context)
    }

    /// How many of the newest are wanted; none where all are.
    pub(super) fn limit(&self) -> Option<u64> {
        self.filter.limit
    }

    /// The one serial that was asked for.
    pub(super) fn serial(&self) -> Option<u64> {
        self.filter.serial
    }

    pub(super) fn holds(&self, record: &Record, fields: &Fields, is: Word) -> bool {
        let filter = &self.filter;
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        let grounds = record.reserved.grounds.as_ref();
        let card = grounds.and_then(|grounds| grounds.card);
        let named = || {
            self.principals
                .iter()
                .any(|name| fields.has_principal(name))
        };
        same(&filter.ca, &record.ca)
            && filter
                .key_id
                .as_deref()
                .is_none_or(|id| self.is_key_id(id, record, fields))
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
            && (filter.principal.is_none() || named())
            && filter
                .serial
                .is_none_or(|serial| serial == record.reserved.serial)
            && filter.state.is_none_or(|state| state == is)
            && self.ends_then(fields, is)
            && (self.since..self.until).contains(&record.time)
    }

    /// Whether it is over when it is asked for. What can't be used anyway is not asked for, but by
    /// its state.
    fn ends_then(&self, fields: &Fields, is: Word) -> bool {
        let Some(ends) = &self.ends else {
            return true;
        };
        let can_be_used = matches!(is, Word::Issued | Word::Reserved);
        (can_be_used || self.filter.state.is_some()) && ends.contains(&fields.valid_before)
    }

    /// Whether this is its key ID, or was, before a version before 0.2.0 wrote a private root
    /// behind it.
    fn is_key_id(&self, wanted: &str, record: &Record, fields: &Fields) -> bool {
        fields.has_key_id(wanted)
            || (!self.filter.exact
                && asked_key_id(&record.reserved).is_some_and(|id| id == wanted.as_bytes()))
    }
}

impl Word {
    /// What became of it. What was given up and never handed out stays failed, whatever was
    /// revoked since.
    pub(super) fn of(state: &State, revocation: Option<&Revocation>) -> Self {
        match state {
            State::Failed(_) => Self::Failed,
            State::Reserved | State::Issued(_) if revocation.is_some() => Self::Revoked,
            State::Reserved => Self::Reserved,
            State::Issued(_) => Self::Issued,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Revoked => "revoked",
        }
    }
}

/// From now, if that is before the time, until the time.
fn ends(before: &str) -> Result<Range<u64>, Failure> {
    let (now, before) = (config::now(), instant(before)?);
    Ok(if now < before { now..before } else { 0..before })
}

fn asked_key_id(reserved: &Reserved) -> Option<Vec<u8>> {
    let certificate = RawCertificate::of_to_be_signed(&reserved.to_be_signed).ok()?;
    before_private_root(certificate.key_id()).map(<[u8]>::to_vec)
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger list --principal peter --since -1w
  punchmark ledger list -s users --state revoked
  punchmark ledger list --expires-before +7d
  punchmark ledger list --role engineer --limit 20 --json";
