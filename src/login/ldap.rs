//! Who a directory service says that somebody is, whose password it took (LDAP, RFC 4511).
//!
//! Whoever asks it finds one entry and binds as it; what the entry says becomes a [`Person`] here. Names of
//! entries change and are given to somebody else later, so what somebody is known by is a value that
//! the directory gives once (`entryUUID`, RFC 4530). A group counts by its place: directly below one entry, so that whoever may
//! make groups elsewhere in the tree makes none of the same name.

mod dn;

pub use dn::{Dn, DnError};

use super::names::Allowed;
use super::{Login, LoginKind, LoginSubject, MethodName};
use crate::certificate::PrincipalError;
use crate::request::{Group, Requester, RequesterName};

/// Somebody whom a directory service knows, and who knew their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    subject: LoginSubject,
    name: RequesterName,
    groups: Vec<String>,
}

/// What an entry says that was found by a name.
#[derive(Clone, Copy, Debug)]
pub struct Said<'s> {
    /// The directory, by the name that its people are bound with.
    pub issuer: &'s str,
    /// The value that is theirs for good.
    pub subject: &'s [u8],
    /// The name, as the entry has it.
    pub name: &'s [u8],
    /// The names of the entries of their groups.
    pub groups: &'s [Vec<u8>],
    /// The entry that groups count directly below.
    pub group_base: Option<&'s Dn>,
}

/// Why an entry is nobody here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PersonError {
    /// The directory takes other names for the one that was typed.
    #[error("the directory has {found:?} for the name {typed:?}")]
    OtherName {
        /// What the entry has.
        found: String,
        /// What was typed.
        typed: String,
    },
    /// The name can't be a requester's.
    #[error("{found:?} is no name for a requester")]
    Name {
        /// What the entry has.
        found: String,
        /// Why.
        source: PrincipalError,
    },
    /// The name is nobody's.
    #[error("`operator` is whoever holds token and PIN, and nobody who logs in")]
    Operator,
    /// Nothing tells the person from whoever has the name later.
    #[error("what should be theirs for good is empty, or longer than 64 bytes")]
    Subject,
}

impl Person {
    /// Who it is whose entry was found by what somebody typed.
    ///
    /// # Errors
    /// [`PersonError`].
    pub fn of(typed: &str, said: &Said<'_>) -> Result<Self, PersonError> {
        let found = String::from_utf8_lossy(said.name);
        // A directory compares as it likes: without accents, or with blanks left out.
        if !found.eq_ignore_ascii_case(typed) {
            return Err(PersonError::OtherName {
                found: shown(&found),
                typed: shown(typed),
            });
        }
        let name: RequesterName = found.parse().map_err(|source| PersonError::Name {
            found: shown(&found),
            source,
        })?;
        let operator = Requester::operator();
        if found.eq_ignore_ascii_case(operator.name().as_str()) {
            return Err(PersonError::Operator);
        }
        Ok(Self {
            subject: LoginSubject {
                issuer: said.issuer.to_owned(),
                subject: subject(said.subject)?,
            },
            name,
            groups: groups(said),
        })
    }

    /// Who it is to the directory, for good.
    #[must_use]
    pub fn subject(&self) -> &LoginSubject {
        &self.subject
    }

    /// Who it is here.
    #[must_use]
    pub fn name(&self) -> &RequesterName {
        &self.name
    }

    /// The login of somebody who may have their name, at a time in Unix seconds.
    #[must_use]
    pub fn login(self, method: &MethodName, _may_have_it: Allowed, now: u64) -> Login {
        let groups = self.groups.iter();
        let groups = groups.filter_map(|name| Group::new(method.clone(), name).ok());
        Login {
            groups: groups.collect(),
            method: method.clone(),
            kind: LoginKind::Ldap,
            name: self.name,
            subject: Some(self.subject),
            authenticated_at: Some(now),
            amr: Vec::new(),
            acr: None,
        }
    }
}

/// A text as it is; 16 bytes of Active Directory (`objectGUID`) and whatever else is no text in hexadecimal, behind a
/// word that no text of a directory's has.
fn subject(value: &[u8]) -> Result<String, PersonError> {
    if value.is_empty() || value.len() > SUBJECT_MAX {
        return Err(PersonError::Subject);
    }
    let is_text = value.len() != GUID
        && !value.starts_with(HEX.as_bytes())
        && value.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(value).ok().filter(|_| is_text);
    Ok(text.map_or_else(
        || format!("{HEX}{}", crate::wire::hex(value)),
        str::to_owned,
    ))
}

/// The groups directly below their base, by name.
fn groups(said: &Said<'_>) -> Vec<String> {
    let Some(base) = said.group_base else {
        return Vec::new();
    };
    let names = said.groups.iter().filter_map(|name| {
        let name = Dn::parse(std::str::from_utf8(name).ok()?).ok()?;
        name.directly_below(base).map(str::to_owned)
    });
    names.collect()
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

/// In bytes.
const SUBJECT_MAX: usize = 64;
const GUID: usize = 16;
const HEX: &str = "hex:";

#[cfg(test)]
mod tests;
