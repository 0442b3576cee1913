//! Who is in a group: near, and in groups within groups.
//!
//! Each group is looked through once, whichever way leads to it, so that groups that hold one another
//! are no circle. Whatever isn't whole is an error: a member that isn't there, a group that is empty,
//! a name that is no principal. An account that was switched off is left out, and counted.

use std::collections::{BTreeSet, VecDeque};

use super::ask::{AskError, Directory};
use super::entry::{Entry, EntryFault};
use super::filter;
use super::name::{NameFault, principal};
use super::settings::How;

/// Which group is meant, and how its members are found and named.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The distinguished name of the group.
    pub dn: &'a str,
    /// How members are found.
    pub how: How,
    /// Below which entry members are searched for.
    pub base: Option<&'a str>,
    /// The attribute that names a member.
    pub attribute: &'a str,
    /// What is put behind every name.
    pub suffix: &'a str,
    /// The suffixes that no name may end in by itself.
    pub reserved: &'a [String],
}

/// The members of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Their principals, in the order of their bytes.
    pub principals: BTreeSet<String>,
    /// How many accounts were left out, since they are switched off.
    pub disabled: usize,
    /// How many groups were looked through.
    pub groups: usize,
}

/// Why nobody knows who is in a group.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The directory service gave no answer, or a part of one.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// There is no such group, or this program may not see it.
    #[error("no entry {0:?}")]
    Missing(String),
    /// The entry is somebody.
    #[error("{0:?} is no group")]
    NoGroup(String),
    /// Nobody is in a group.
    #[error("{0:?} is empty")]
    Empty(String),
    /// All of its members are switched off.
    #[error("all {disabled} accounts of {dn:?} are switched off")]
    AllDisabled {
        /// The group.
        dn: String,
        /// How many they are.
        disabled: usize,
    },
    /// A group names somebody who isn't there, or whom this program may not see.
    #[error("{group:?} has the member {member:?}, and there is no such entry")]
    MissingMember {
        /// The group.
        group: String,
        /// What it says.
        member: String,
    },
    /// A login name that several entries have.
    #[error("{group:?} has the member {member:?}, and {count} entries have that uid")]
    Ambiguous {
        /// The group.
        group: String,
        /// The login name.
        member: String,
        /// How many.
        count: usize,
    },
    /// Nothing says where members are to be searched for.
    #[error("{0:?} names its members by uid, and nothing says below which entry they are")]
    NoBase(String),
    /// What an entry says can't be.
    #[error("entry {dn:?}")]
    Entry {
        /// The entry.
        dn: String,
        /// What is wrong with it.
        source: EntryFault,
    },
    /// An entry has no name that a list can hold.
    #[error("entry {dn:?}")]
    Name {
        /// The entry.
        dn: String,
        /// What is wrong with the name.
        source: NameFault,
    },
    /// More than anybody would review.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Groups or members.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Finds all members of a group; `told` hears how many principals there are so far.
///
/// # Errors
/// [`GroupError`]: all of them or none.
pub fn members(
    directory: &mut dyn Directory,
    wanted: &Wanted<'_>,
    told: &mut dyn FnMut(usize),
) -> Result<Found, GroupError> {
    let mut search = Search {
        directory,
        wanted,
        attributes: attributes(wanted),
        found: Found::default(),
        groups: BTreeSet::new(),
        disabled: BTreeSet::new(),
        asked: BTreeSet::new(),
        waiting: VecDeque::new(),
    };
    search.start()?;
    while let Some(batch) = search.next_batch() {
        search.look_at(&batch)?;
        told(search.found.principals.len());
    }
    search.end()
}

struct Search<'a> {
    directory: &'a mut dyn Directory,
    wanted: &'a Wanted<'a>,
    /// All that is asked of any entry, since nothing but the answer says what it is.
    attributes: Vec<&'a str>,
    found: Found,
    /// The groups that were looked into, by the names that they give themselves: a group may name
    /// another in many spellings.
    groups: BTreeSet<String>,
    disabled: BTreeSet<String>,
    /// The names that were asked for, as they were written.
    asked: BTreeSet<String>,
    waiting: VecDeque<Member>,
}

/// An entry that a group names, and has to be read.
#[derive(Clone, Debug)]
struct Member {
    dn: String,
    group: String,
}

impl Search<'_> {
    fn start(&mut self) -> Result<(), GroupError> {
        let dn = self.wanted.dn;
        self.asked.insert(dn.to_owned());
        let mut entries = self.directory.read(&[dn], &self.attributes)?;
        let entry = entries.pop().flatten();
        let entry = entry.ok_or_else(|| GroupError::Missing(dn.to_owned()))?;
        if !entry.is_group() {
            return Err(GroupError::NoGroup(dn.to_owned()));
        }
        self.look_into(&entry)
    }

    fn end(mut self) -> Result<Found, GroupError> {
        let dn = || self.wanted.dn.to_owned();
        self.found.groups = self.groups.len();
        self.found.disabled = self.disabled.len();
        match (self.found.principals.is_empty(), self.found.disabled) {
            (false, _) => Ok(self.found),
            (true, 0) => Err(GroupError::Empty(dn())),
            (true, disabled) => Err(GroupError::AllDisabled { dn: dn(), disabled }),
        }
    }

    fn next_batch(&mut self) -> Option<Vec<Member>> {
        let count = self.waiting.len().min(BATCH);
        let batch: Vec<_> = self.waiting.drain(..count).collect();
        (!batch.is_empty()).then_some(batch)
    }

    fn look_at(&mut self, batch: &[Member]) -> Result<(), GroupError> {
        let names: Vec<_> = batch.iter().map(|member| member.dn.as_str()).collect();
        let entries = self.directory.read(&names, &self.attributes)?;
        // One answer for each question, whoever answers.
        let answers = entries.into_iter().chain(std::iter::repeat_with(|| None));
        for (member, entry) in batch.iter().zip(answers) {
            let entry = entry.ok_or_else(|| GroupError::MissingMember {
                group: member.group.clone(),
                member: member.dn.clone(),
            })?;
            self.take(&entry)?;
        }
        Ok(())
    }

    /// Takes in somebody, or what a group holds.
    fn take(&mut self, entry: &Entry) -> Result<(), GroupError> {
        if entry.is_group() {
            return self.look_into(entry);
        }
        let fault = |source| GroupError::Entry {
            dn: entry.dn.clone(),
            source,
        };
        if entry.is_disabled().map_err(fault)? {
            self.disabled.insert(entry.dn.clone());
            return Ok(());
        }
        let name = entry.name(self.wanted.attribute).map_err(fault)?;
        let name = principal(name, self.wanted.suffix, self.wanted.reserved);
        let name = name.map_err(|source| GroupError::Name {
            dn: entry.dn.clone(),
            source,
        })?;
        self.found.principals.insert(name);
        limit("members", self.found.principals.len(), MEMBERS_MAX)
    }

    /// Finds who is in a group, and takes them in or has them read.
    fn look_into(&mut self, group: &Entry) -> Result<(), GroupError> {
        if !self.groups.insert(group.dn.clone()) {
            return Ok(());
        }
        limit("groups", self.groups.len(), GROUPS_MAX)?;
        match self.wanted.how {
            How::Walk => self.walk(group),
            How::MemberOf => self.search_members(group, &filter::equals("memberOf", &group.dn)),
            How::InChain => self.search_members(group, &filter::in_chain(&group.dn)),
        }
    }

    /// By the attributes of the group itself.
    fn walk(&mut self, group: &Entry) -> Result<(), GroupError> {
        let mut any = false;
        for attribute in ["member", "uniqueMember"] {
            for value in self.all_values(group, attribute)? {
                any = true;
                let dn = text(value, group, attribute)?;
                if self.asked.insert(dn.clone()) {
                    let group = group.dn.clone();
                    self.waiting.push_back(Member { dn, group });
                }
            }
            limit("members", self.asked.len(), MEMBERS_MAX)?;
        }
        let logins = self.all_values(group, "memberUid")?;
        any |= !logins.is_empty();
        let logins = logins
            .into_iter()
            .map(|login| text(login, group, "memberUid"));
        let logins: Vec<_> = logins.collect::<Result<_, _>>()?;
        for some in logins.chunks(LOGINS_AT_ONCE) {
            self.take_logins(group, some)?;
        }
        if any {
            return Ok(());
        }
        Err(GroupError::Empty(group.dn.clone()))
    }

    /// All values, a range after the other.
    fn all_values(
        &mut self,
        group: &Entry,
        attribute: &'static str,
    ) -> Result<Vec<Vec<u8>>, GroupError> {
        let fault = |source| GroupError::Entry {
            dn: group.dn.clone(),
            source,
        };
        let mut part = group.part(attribute, 0).map_err(fault)?;
        let mut values = std::mem::take(&mut part.values);
        while let Some(next) = part.next {
            limit("members", values.len(), MEMBERS_MAX)?;
            let rest = format!("{attribute};range={next}-*");
            let mut entries = self.directory.read(&[&group.dn], &[&rest])?;
            let entry = entries.pop().flatten();
            let entry = entry.ok_or_else(|| GroupError::Missing(group.dn.clone()))?;
            part = entry.part(attribute, next).map_err(fault)?;
            values.append(&mut part.values);
        }
        Ok(values)
    }

    /// Those whom a group names by their login names (RFC 2307).
    fn take_logins(&mut self, group: &Entry, logins: &[String]) -> Result<(), GroupError> {
        let base = self.wanted.base;
        let base = base.ok_or_else(|| GroupError::NoBase(group.dn.clone()))?;
        let filters: Vec<_> = logins
            .iter()
            .map(|login| filter::equals("uid", login))
            .collect();
        let filter = filter::any_of(&filters);
        let entries = self.directory.search(base, &filter, &self.attributes)?;
        let entries: Vec<_> = entries
            .into_iter()
            .filter(|entry| !entry.is_group())
            .collect();
        for login in logins {
            let has = |entry: &&Entry| {
                let mut names = entry.whole("uid");
                names.any(|name| name.eq_ignore_ascii_case(login.as_bytes()))
            };
            let mut named = entries.iter().filter(has);
            let (group, member) = (group.dn.clone(), login.clone());
            let Some(entry) = named.next() else {
                return Err(GroupError::MissingMember { group, member });
            };
            match named.count() {
                0 => self.take(entry)?,
                more => {
                    let count = more.saturating_add(1);
                    return Err(GroupError::Ambiguous {
                        group,
                        member,
                        count,
                    });
                }
            }
        }
        Ok(())
    }

    /// By what entries say of the groups that they are in.
    fn search_members(&mut self, group: &Entry, filter: &str) -> Result<(), GroupError> {
        let base = self.wanted.base;
        let base = base.ok_or_else(|| GroupError::NoBase(group.dn.clone()))?;
        let entries = self.directory.search(base, filter, &self.attributes)?;
        if entries.is_empty() {
            return Err(GroupError::Empty(group.dn.clone()));
        }
        for entry in entries {
            // In a chain, those of a group within are there by themselves.
            if !(entry.is_group() && self.wanted.how == How::InChain) {
                self.take(&entry)?;
            }
        }
        Ok(())
    }
}

/// Who names an entry is asked of every entry, and what a group holds only where that is looked at.
fn attributes<'a>(wanted: &Wanted<'a>) -> Vec<&'a str> {
    let mut attributes = vec![wanted.attribute, "uid", "objectClass", "userAccountControl"];
    if wanted.how == How::Walk {
        attributes.extend(["member", "uniqueMember", "memberUid"]);
    }
    attributes
}

fn text(value: Vec<u8>, group: &Entry, attribute: &'static str) -> Result<String, GroupError> {
    String::from_utf8(value).map_err(|_no_text| GroupError::Entry {
        dn: group.dn.clone(),
        source: EntryFault::Text(attribute),
    })
}

fn limit(what: &'static str, count: usize, limit: usize) -> Result<(), GroupError> {
    if count > limit {
        return Err(GroupError::TooMany { what, limit });
    }
    Ok(())
}

/// Entries that are asked for at once.
const BATCH: usize = 64;
/// Login names that are searched for at once: the filter stays short.
const LOGINS_AT_ONCE: usize = 50;
const MEMBERS_MAX: usize = 1_000_000;
const GROUPS_MAX: usize = 10_000;
#[cfg(test)]
mod tests;
