//! Whose a name is among those whom identity providers know.

use std::collections::BTreeSet;

use super::Ledger;
use super::read::damaged;
use super::terms::Term;
use crate::ledger::entry::{Binding, Event, LoginBound};
use crate::ledger::rows::{binding_key, table};
use crate::ledger::{BindError, LedgerError, Record, State};
use crate::login::LoginSubject;
use crate::login::names::{BoundTo, HeldBy, Holder, Known};
use crate::request::{Requester, RequesterName};
use crate::wire::RawCertificate;

impl Ledger {
    /// Binds somebody whom an identity provider knows to a name, or ends that.
    ///
    /// # Errors
    /// [`BindError`], and then nothing changed.
    pub fn bind_login(&mut self, bound: LoginBound, time: u64) -> Result<(), BindError> {
        self.append(time, |draft| {
            draft.ledger.check_binding(&bound)?;
            draft.entry(Event::LoginBound(bound))?;
            Ok(())
        })
    }

    /// Whether [`Self::bind_login`] would take it.
    ///
    /// # Errors
    /// [`BindError`], as it would be met.
    pub fn check_binding(&self, asked: &LoginBound) -> Result<(), BindError> {
        let bound = self.binding(&asked.issuer, &asked.subject)?;
        if asked.became == Binding::Ended {
            let is_theirs = bound.is_some_and(|(_, has)| has.name == asked.name);
            let none = || BindError::NotBound(asked.name.clone());
            return is_theirs.then_some(()).ok_or_else(none);
        }
        if let Some(fault) = asked.unfit() {
            return Err(BindError::Unfit(fault));
        }
        if let Some((position, has)) = bound {
            // What a recovery left open, an admin alone confirms: what was lost may have ended it.
            let confirms = has.name == asked.name && asked.became == Binding::ByAdmin;
            if !confirms || self.serves(position)? {
                return Err(BindError::Bound(has.name));
            }
        }
        if self.requester_is_barred(&asked.name)? {
            return Err(BindError::Barred);
        }
        for (_, other) in self.bindings_under(&asked.name)? {
            if other.name != asked.name {
                return Err(BindError::OtherCase(other.name));
            }
            if other.issuer == asked.issuer && other.subject != asked.subject {
                return Err(BindError::Taken(other.name));
            }
        }
        match self
            .enrolled_like(&asked.name)?
            .into_iter()
            .find(|name| *name != asked.name)
        {
            Some(name) => Err(BindError::OtherCase(name)),
            None => Ok(()),
        }
    }

    /// Whom somebody is bound to whom an identity provider knows, if that counts.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bound_to(&self, subject: &LoginSubject) -> Result<Option<String>, LedgerError> {
        let Some((position, bound)) = self.binding(&subject.issuer, &subject.subject)? else {
            return Ok(None);
        };
        Ok(self.serves(position)?.then_some(bound.name))
    }

    /// Everybody who is bound, with the time since when.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn bound_logins(&self) -> Result<Vec<(u64, LoginBound)>, LedgerError> {
        let mut positions = self.newest_of_each(table::BOUND_SUBJECT)?;
        positions.sort_unstable();
        let mut found = Vec::new();
        for position in positions {
            let time = self.entry(position)?.time;
            let bound = self.bound_at(position)?;
            found.extend((bound.became != Binding::Ended).then_some((time, bound)));
        }
        Ok(found)
    }

    /// What the ledger knows of a name and of whom a provider calls so, to be held against the config
    /// by [`crate::login::names::may_have`]. `now` is in Unix seconds.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn known_of_name(
        &self,
        subject: &LoginSubject,
        name: &RequesterName,
        now: u64,
    ) -> Result<Known, LedgerError> {
        let bound = match self.binding(&subject.issuer, &subject.subject)? {
            Some((position, bound)) => Some(BoundTo {
                name: bound.name,
                counts: self.serves(position)?,
            }),
            None => None,
        };
        let name = name.as_str();
        let is_other = |bound: &LoginBound| {
            (&bound.issuer, &bound.subject) != (&subject.issuer, &subject.subject)
        };
        let others = self.bindings_under(name)?.into_iter();
        let others = others.filter(|(_, bound)| is_other(bound));
        let mut holders: Vec<_> = others
            .map(|(_, bound)| Holder {
                name: bound.name,
                by: HeldBy::Subject(bound.issuer),
            })
            .collect();
        let enrolled = self.enrolled_like(name)?.into_iter();
        holders.extend(enrolled.map(|name| Holder {
            name,
            by: HeldBy::Enrolment,
        }));
        if self.has_live_certificate(name, now)? {
            holders.push(Holder {
                name: name.to_owned(),
                by: if self.was_anothers(subject, name)? {
                    HeldBy::Removed
                } else {
                    HeldBy::Certificate
                },
            });
        }
        Ok(Known { bound, holders })
    }

    /// Somebody who is enrolled or bound under this name in another case, where nobody is under this very one: names
    /// that differ in case only are one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn in_other_case(&self, name: &str) -> Result<Option<String>, LedgerError> {
        let mut alike = self.enrolled_like(name)?;
        let bound = self.bindings_under(name)?.into_iter();
        alike.extend(bound.map(|(_, bound)| bound.name));
        let is_there = alike.contains(name);
        Ok(alike.into_iter().next().filter(|_| !is_there))
    }

    /// The names like this one, whatever their case, that a key or card is enrolled for.
    fn enrolled_like(&self, name: &str) -> Result<BTreeSet<String>, LedgerError> {
        let enrolled = self.requesters()?.into_iter().map(|(_, added)| added.name);
        Ok(enrolled
            .filter(|other| other.eq_ignore_ascii_case(name))
            .collect())
    }

    /// Who is bound to a name, or to one that differs from it in case only.
    fn bindings_under(&self, name: &str) -> Result<Vec<(u64, LoginBound)>, LedgerError> {
        let key = name.to_ascii_lowercase();
        let positions = self.index.positions(table::BOUND_NAME, key.as_bytes())?;
        let mut found = Vec::new();
        for position in positions {
            let bound = self.bound_at(position)?;
            // Of each subject, its newest entry counts.
            if let Some((newest, bound)) = self.binding(&bound.issuer, &bound.subject)?
                && newest == position
            {
                found.push((position, bound));
            }
        }
        Ok(found)
    }

    /// Whether somebody else was bound to the name, and isn't any more.
    fn was_anothers(&self, subject: &LoginSubject, name: &str) -> Result<bool, LedgerError> {
        let key = name.to_ascii_lowercase();
        for position in self.index.positions(table::BOUND_NAME, key.as_bytes())? {
            let bound = self.bound_at(position)?;
            let is_other = (&bound.issuer, &bound.subject) != (&subject.issuer, &subject.subject);
            if is_other && bound.became == Binding::Ended {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where a subject was bound last, and to what; none if that ended.
    fn binding(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(u64, LoginBound)>, LedgerError> {
        let key = binding_key(issuer, subject);
        let positions = self.index.positions(table::BOUND_SUBJECT, &key)?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        let bound = self.bound_at(*newest)?;
        Ok((bound.became != Binding::Ended).then_some((*newest, bound)))
    }

    fn bound_at(&self, position: u64) -> Result<LoginBound, LedgerError> {
        match self.entry(position)?.event {
            Event::LoginBound(bound) => Ok(bound),
            _ => Err(damaged(position)),
        }
    }

    /// Whether a certificate of this requester is neither over nor revoked.
    fn has_live_certificate(&self, name: &str, now: u64) -> Result<bool, LedgerError> {
        let mut alive = Vec::new();
        self.each_record_of(&[Term::Requester(name)], &mut |record| {
            if is_alive(&record, name, now) {
                alive.push(record);
            }
        })?;
        for record in &alive {
            if self.revocation_of(record)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What can't be read may be good for ever.
fn is_alive(record: &Record, name: &str, now: u64) -> bool {
    let content = RawCertificate::of_to_be_signed(&record.reserved.to_be_signed);
    record.reserved.requester == name
        && !matches!(record.state, State::Failed(_))
        && content.map_or(true, |content| content.valid_before() > now)
}

impl LoginBound {
    /// Why nobody can be bound so, whatever else the ledger holds.
    pub(in crate::ledger) fn unfit(&self) -> Option<&'static str> {
        let operator = Requester::operator();
        let text = |text: &str, most| {
            (1..=most).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        if self.name.eq_ignore_ascii_case(operator.name().as_str())
            || self.name.parse::<RequesterName>().is_err()
        {
            return Some("name");
        }
        if !text(&self.issuer, ISSUER_MAX) {
            return Some("issuer");
        }
        (!text(&self.subject, SUBJECT_MAX)).then_some("subject")
    }
}

/// In bytes; a URL.
const ISSUER_MAX: usize = 2048;
/// In bytes (OpenID Connect Core, section 2).
const SUBJECT_MAX: usize = 255;
