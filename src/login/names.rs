//! Whether somebody whom an identity provider knows may have the name that it gives them.
//!
//! A provider may let people change that name, and two providers may give it to two people. So the
//! name is bound to whom the provider means, once: whoever comes by it later as somebody else is
//! refused, until an admin ends that.

use super::LoginSubject;
use crate::request::{MethodName, Requester, RequesterName};

/// Somebody who shows a name, by a provider's word.
#[derive(Clone, Copy, Debug)]
pub struct Named<'n> {
    /// Who it is to the provider, for good.
    pub subject: &'n LoginSubject,
    /// Who it would be here.
    pub name: &'n RequesterName,
}

/// What the ledger knows of a name, and of whom a provider gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The name that the provider's person is bound to.
    pub bound: Option<BoundTo>,
    /// By what else the name, or one that differs in case only, is somebody's. Names that another
    /// login method has are added by who knows them.
    pub holders: Vec<Holder>,
}

/// A binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundTo {
    /// The name.
    pub name: String,
    /// Whether it still counts; not so where the ledger lost entries since.
    pub counts: bool,
}

/// Somebody who has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name, in their case.
    pub name: String,
    /// By what it is theirs.
    pub by: HeldBy,
}

/// By what a name is somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// A key or a card is enrolled for it.
    Enrolment,
    /// Another login method knows it: one of passwords.
    Method(MethodName),
    /// Somebody else is bound to it, whom this issuer knows.
    Subject(String),
    /// A certificate of that name is neither over nor revoked.
    Certificate,
    /// Another was bound to it, and a certificate of theirs is neither over nor revoked.
    Removed,
}

/// What the config says of a name and a method.
#[derive(Clone, Debug, Default)]
pub struct Said<'s> {
    /// The ending of the name that the CA alone writes, if it has one.
    pub reserved_end: Option<&'s str>,
    /// Whether `admins`, `auditors` or the `requesters` of a role spell the name out.
    pub is_spelled_out: bool,
    /// Whether names of enrolled keys and cards are the same people's: `same-as` names a method of
    /// kind `key`.
    pub same_as_keys: bool,
    /// The methods whose names are the same people's.
    pub same_as: &'s [MethodName],
    /// The issuers of those of them that are identity providers.
    pub same_as_issuers: &'s [&'s str],
}

/// What is to be recorded of somebody who may have their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// They come for the first time, and are bound to the name.
    FirstLogin,
    /// They are bound to it already.
    Bound,
}

/// Why somebody may not have a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameRefusal {
    /// The name of whoever holds token and PIN, and nobody's.
    #[error("`operator` is nobody's name")]
    Operator,
    /// Such a name could become a proved principal.
    #[error("the name `{name}` ends in `{suffix}`, which the CA alone adds")]
    Suffix {
        /// The name.
        name: String,
        /// The suffix.
        suffix: String,
    },
    /// The provider calls them otherwise than it did.
    #[error(
        "the provider now says `{name}` of whom it called `{bound}` before: an admin can end that"
    )]
    Renamed {
        /// What it says now.
        name: String,
        /// What they are bound to.
        bound: String,
    },
    /// The ledger lost entries, and perhaps the end of it.
    #[error("the ledger lost entries since `{0}` was bound: an admin must confirm it")]
    Open(String),
    /// Names that differ in case only are one.
    #[error("the name `{name}` differs from `{other}`, which is somebody's, in case only")]
    OtherCase {
        /// The name.
        name: String,
        /// The other.
        other: String,
    },
    /// Another than the provider means has it.
    #[error("the name `{name}` is {}: an admin can say that both are the same person", words(.by))]
    Held {
        /// The name.
        name: String,
        /// By what.
        by: HeldBy,
    },
    /// More than a login hangs on it.
    #[error(
        "the config spells out the name `{0}`: an admin must bind it to whom the provider means"
    )]
    SpelledOut(String),
}

/// Decides whether somebody may have a name, at a login. Pure: what is known comes from outside.
///
/// # Errors
/// [`NameRefusal`].
pub fn may_have(named: Named<'_>, known: &Known, said: &Said<'_>) -> Result<Allowed, NameRefusal> {
    let name = named.name.as_str();
    if name.eq_ignore_ascii_case(Requester::operator().name().as_str()) {
        return Err(NameRefusal::Operator);
    }
    if let Some(suffix) = said.reserved_end {
        return Err(NameRefusal::Suffix {
            name: name.to_owned(),
            suffix: suffix.to_owned(),
        });
    }
    if let Some(bound) = &known.bound {
        return still_has(name, bound);
    }
    let other_case = known.holders.iter().find(|holder| holder.name != name);
    if let Some(other) = other_case {
        return Err(NameRefusal::OtherCase {
            name: name.to_owned(),
            other: other.name.clone(),
        });
    }
    if let Some(by) = held_by_another(named, known, said) {
        return Err(NameRefusal::Held {
            name: name.to_owned(),
            by: by.clone(),
        });
    }
    if said.is_spelled_out {
        return Err(NameRefusal::SpelledOut(name.to_owned()));
    }
    Ok(Allowed::FirstLogin)
}

fn still_has(name: &str, bound: &BoundTo) -> Result<Allowed, NameRefusal> {
    if bound.name != name {
        return Err(NameRefusal::Renamed {
            name: name.to_owned(),
            bound: bound.name.clone(),
        });
    }
    let open = || NameRefusal::Open(name.to_owned());
    bound.counts.then_some(Allowed::Bound).ok_or_else(open)
}

/// Who has the name and isn't the same person, as far as the config says. A certificate alone is of
/// somebody who is gone, or whom nobody enrolled; beside somebody who is the same, it is theirs.
fn held_by_another<'k>(named: Named<'_>, known: &'k Known, said: &Said<'_>) -> Option<&'k HeldBy> {
    let is_same = |by: &HeldBy| match by {
        HeldBy::Enrolment => said.same_as_keys,
        HeldBy::Method(method) => said.same_as.contains(method),
        HeldBy::Subject(issuer) => {
            *issuer != named.subject.issuer && said.same_as_issuers.contains(&issuer.as_str())
        }
        HeldBy::Certificate | HeldBy::Removed => false,
    };
    let mut holders = known.holders.iter().map(|holder| &holder.by);
    let has_same = known.holders.iter().any(|holder| is_same(&holder.by));
    holders.find(|by| !(is_same(by) || has_same && **by == HeldBy::Certificate))
}

fn words(by: &HeldBy) -> String {
    match by {
        HeldBy::Enrolment => "that of an enrolled key or card".to_owned(),
        HeldBy::Method(method) => format!("known to login method `{method}`"),
        HeldBy::Subject(issuer) => format!("bound to somebody else, of {issuer}"),
        HeldBy::Removed => "still in certificates of who had it before".to_owned(),
        HeldBy::Certificate => "in a certificate that is neither over nor revoked".to_owned(),
    }
}

#[cfg(test)]
mod tests;
