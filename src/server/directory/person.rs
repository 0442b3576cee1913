//! Somebody who logs in: one entry, searched for by a name, and bound to by a password.
//!
//! A name that nobody has costs the same questions as a wrong password: a bind is tried then too, by a name
//! that no entry has. What an entry says is looked at when its password was right, so that no answer
//! before that tells who is there.

use super::ask::{AskError, Directory};
use super::entry::{Entry, EntryFault};
use super::filter;

/// Where somebody is searched for, and what is asked of their entry.
#[derive(Clone, Copy, Debug)]
pub struct WantedPerson<'a> {
    /// Below which entry.
    pub base: &'a str,
    /// The attribute that has the name.
    pub requester: &'a str,
    /// What else their entry must be (RFC 4515).
    pub filter: Option<&'a str>,
    /// The attribute whose value is theirs for good.
    pub subject: &'a str,
    /// How their groups are found.
    pub groups: Option<GroupsOf<'a>>,
}

/// How the groups of somebody are found.
#[derive(Clone, Copy, Debug)]
pub enum GroupsOf<'a> {
    /// Their own entry names them in this attribute.
    Own(&'a str),
    /// Entries below this base name them in an attribute, by the name of their entry.
    Member(&'a str, &'a str),
    /// Entries below this base name them in `memberUid`, by the name that they log in with (RFC 2307).
    MemberUid(&'a str),
}

/// An entry whose password was right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPerson {
    /// The name, as the entry has it.
    pub name: Vec<u8>,
    /// What is theirs for good.
    pub subject: Vec<u8>,
    /// The names of the entries of their groups.
    pub groups: Vec<Vec<u8>>,
}

/// Why nobody is found, although somebody might be there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// The directory service gave no answer, or a part of one.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Nobody knows whose password it is.
    #[error("{0} entries have that name: name a narrower `base`, or a `filter`")]
    Several(usize),
    /// What the entry says can't be.
    #[error("entry {dn:?}")]
    Entry {
        /// The entry.
        dn: String,
        /// What is wrong with it.
        source: EntryFault,
    },
    /// More groups than one answer holds.
    #[error("entry {0:?} has more groups than are read")]
    Groups(String),
}

/// Finds the entry of a name, and has its password tried; none where the name or the password is wrong.
///
/// # Errors
/// [`FindError`].
pub fn person(
    directory: &mut dyn Directory,
    wanted: &WantedPerson<'_>,
    name: &str,
    takes_password: &mut dyn FnMut(&str) -> Result<bool, AskError>,
) -> Result<Option<FoundPerson>, FindError> {
    let asked = filter::equals(wanted.requester, name);
    let asked = filter::all_of(&asked, wanted.filter);
    let mut attributes = vec![wanted.requester, wanted.subject, "userAccountControl"];
    if let Some(GroupsOf::Own(attribute)) = wanted.groups {
        attributes.push(attribute);
    }
    let mut entries = directory.search(wanted.base, &asked, &attributes)?;
    // An empty name would be a bind as nobody, which servers take (RFC 4513, 5.1.1).
    entries.retain(|entry| !entry.dn.is_empty());
    let (Some(entry), true) = (entries.first(), entries.len() == 1) else {
        takes_password(&nobody(wanted))?;
        return match entries.len() {
            0 => Ok(None),
            several => Err(FindError::Several(several)),
        };
    };
    if !takes_password(&entry.dn)? {
        return Ok(None);
    }
    let fault = |source| FindError::Entry {
        dn: entry.dn.clone(),
        source,
    };
    if entry.is_disabled().map_err(fault)? {
        return Ok(None);
    }
    Ok(Some(FoundPerson {
        name: entry.name(wanted.requester).map_err(fault)?.to_vec(),
        subject: entry.name(wanted.subject).map_err(fault)?.to_vec(),
        groups: groups(directory, wanted, entry, name)?,
    }))
}

fn groups(
    directory: &mut dyn Directory,
    wanted: &WantedPerson<'_>,
    entry: &Entry,
    name: &str,
) -> Result<Vec<Vec<u8>>, FindError> {
    let (base, asked) = match wanted.groups {
        None => return Ok(Vec::new()),
        Some(GroupsOf::Own(attribute)) => return own(entry, attribute),
        Some(GroupsOf::Member(base, attribute)) => (base, filter::equals(attribute, &entry.dn)),
        Some(GroupsOf::MemberUid(base)) => (base, filter::equals("memberUid", name)),
    };
    let found = directory.search(base, &asked, &["objectClass"])?;
    if found.len() > GROUPS_MAX {
        return Err(FindError::Groups(entry.dn.clone()));
    }
    let groups = found.into_iter().filter(Entry::is_group);
    Ok(groups.map(|group| group.dn.into_bytes()).collect())
}

fn own(entry: &Entry, attribute: &str) -> Result<Vec<Vec<u8>>, FindError> {
    let part = entry.part(attribute, 0);
    let part = part.map_err(|source| FindError::Entry {
        dn: entry.dn.clone(),
        source,
    })?;
    if part.next.is_some() || part.values.len() > GROUPS_MAX {
        return Err(FindError::Groups(entry.dn.clone()));
    }
    Ok(part.values)
}

/// The name of an entry that isn't there.
fn nobody(wanted: &WantedPerson<'_>) -> String {
    format!("cn=nobody-has-this-name,{}", wanted.base)
}

/// A list that leaves some out would be none.
const GROUPS_MAX: usize = 1000;

#[cfg(test)]
mod tests;
