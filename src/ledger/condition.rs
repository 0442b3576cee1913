//! Which reservations somebody looks for, and what is to be said of one in a word.

use std::ops::Range;

use ssh_key::Fingerprint;

use super::{Record, Reserved, Revocation, RevokedSet, State, Term, before_private_root};
use crate::certificate::explain::Fields;
use crate::wire::RawCertificate;

/// What became of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its serial is taken, and nothing was released yet.
    Reserved,
    /// It was issued, and counts.
    Issued,
    /// It was given up.
    Failed,
    /// It was revoked.
    Revoked,
}

/// What is looked for: every part that is there must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The CA, by its name.
    pub ca: Option<String>,
    /// Names of which the certificate has one; without any, every name will do.
    pub principals: Vec<String>,
    /// The key ID.
    pub key_id: Option<String>,
    /// Takes the key ID to the letter.
    pub exact: bool,
    /// The serial.
    pub serial: Option<u64>,
    /// The SHA-256 of the certified key.
    pub key: Option<[u8; 32]>,
    /// The serial of the card that the key is in.
    pub card: Option<u64>,
    /// Who asked.
    pub requester: Option<String>,
    /// The role that allowed it.
    pub role: Option<String>,
    /// What became of it.
    pub standing: Option<Standing>,
    /// When it was reserved, in Unix seconds.
    pub reserved: Range<u64>,
    /// Within which it is over; none where its end doesn't matter.
    pub ends: Option<Range<u64>>,
}

impl Default for Condition {
    /// Everything.
    fn default() -> Self {
        Self {
            ca: None,
            principals: Vec::new(),
            key_id: None,
            exact: false,
            serial: None,
            key: None,
            card: None,
            requester: None,
            role: None,
            standing: None,
            reserved: 0..u64::MAX,
            ends: None,
        }
    }
}

impl Condition {
    /// What the records are to be looked up by: the rarest that was given; nothing where all
    /// have to be looked at.
    #[must_use]
    pub fn terms<'a>(&'a self, revoked: &'a RevokedSet) -> Vec<Term<'a>> {
        let key = self.key.map(Term::Key);
        let one = key
            .or(self.key_id.as_deref().map(Term::KeyId))
            .or(self.card.map(Term::Card));
        if let Some(term) = one {
            return vec![term];
        }
        if !self.principals.is_empty() {
            let names = self.principals.iter();
            return names.map(|name| Term::Principal(name)).collect();
        }
        let requester = self.requester.as_deref().map(Term::Requester);
        let is_revoked = self.standing == Some(Standing::Revoked);
        let one = requester.or(is_revoked.then_some(Term::Revoked(revoked)));
        one.or(self.role.as_deref().map(Term::Role))
            .into_iter()
            .collect()
    }

    /// Whether a reservation with these fields, which stands so, is meant.
    #[must_use]
    pub fn holds(&self, record: &Record, fields: &Fields, is: Standing) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|w| w == is);
        let reserved = &record.reserved;
        let grounds = reserved.grounds.as_ref();
        let card = grounds.and_then(|grounds| grounds.card);
        let names = &self.principals;
        let key = self.key.map(Fingerprint::Sha256).map(|key| key.to_string());
        let key_id = self.key_id.as_deref();
        same(&self.ca, &record.ca)
            && key_id.is_none_or(|id| self.is_key_id(id, record, fields))
            && same(&key, &fields.key)
            && same(&self.requester, &reserved.requester)
            && self.card.is_none_or(|wanted| card == Some(wanted))
            && same(&self.role, &reserved.role)
            && (names.is_empty() || names.iter().any(|name| fields.has_principal(name)))
            && self.serial.is_none_or(|serial| serial == reserved.serial)
            && self.standing.is_none_or(|wanted| wanted == is)
            && self.ends_then(fields, is)
            && self.reserved.contains(&record.time)
    }

    /// Whether it is over when it is asked for. What can't be used anyway is not asked for, but by
    /// its state.
    fn ends_then(&self, fields: &Fields, is: Standing) -> bool {
        let Some(ends) = &self.ends else {
            return true;
        };
        let can_be_used = matches!(is, Standing::Issued | Standing::Reserved);
        (can_be_used || self.standing.is_some()) && ends.contains(&fields.valid_before)
    }

    /// Whether this is its key ID, or was, before a version before 0.2.0 wrote a private root
    /// behind it.
    fn is_key_id(&self, wanted: &str, record: &Record, fields: &Fields) -> bool {
        fields.has_key_id(wanted)
            || (!self.exact
                && asked_key_id(&record.reserved).is_some_and(|id| id == wanted.as_bytes()))
    }
}

impl Standing {
    /// What became of it. What was given up and never handed out stays failed, whatever was
    /// revoked since.
    #[must_use]
    pub fn of(state: &State, revocation: Option<&Revocation>) -> Self {
        match state {
            State::Failed(_) => Self::Failed,
            State::Reserved | State::Issued(_) if revocation.is_some() => Self::Revoked,
            State::Reserved => Self::Reserved,
            State::Issued(_) => Self::Issued,
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Issued => "issued",
            Self::Failed => "failed",
            Self::Revoked => "revoked",
        }
    }

    /// The standing of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Reserved, Self::Issued, Self::Failed, Self::Revoked];
        all.into_iter().find(|standing| standing.as_str() == word)
    }
}

/// Within which certificates end that can be used now and are over before a time; of a time that is past, those
/// that were over by then.
#[must_use]
pub fn ends_before(before: u64, now: u64) -> Range<u64> {
    if now < before { now..before } else { 0..before }
}

fn asked_key_id(reserved: &Reserved) -> Option<Vec<u8>> {
    let certificate = RawCertificate::of_to_be_signed(&reserved.to_be_signed).ok()?;
    before_private_root(certificate.key_id()).map(<[u8]>::to_vec)
}
