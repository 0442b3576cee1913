//! All groups of a list that a directory service holds, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::super::access::{Fault, List, Members};
use super::ask::Directory;
use super::members::{Found, GroupError, Wanted, members};
use super::settings::Settings;
use super::text::with_members;

/// A list in which all members stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its text.
    pub text: String,
    /// What was found, by the groups' names.
    pub groups: Vec<ResolvedGroup>,
}

/// A group that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedGroup {
    /// Its name in the list.
    pub name: String,
    /// Its distinguished name.
    pub dn: String,
    /// Who is in it.
    pub found: Found,
}

/// Why a list has no members.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// A group, for which the directory service gives no members.
    #[error("group `@{group}`")]
    Group {
        /// Its name in the list.
        group: String,
        /// Why.
        #[source]
        error: GroupError,
    },
    /// Principals that the CA doesn't write would be let in.
    #[error("group `@{group}` puts `{suffix}` behind its members, and `@suffixes` doesn't name it")]
    Suffix {
        /// Its name in the list.
        group: String,
        /// The suffix.
        suffix: String,
    },
    /// The members make no list.
    #[error("the list with its members")]
    Invalid(#[from] Fault),
}

/// Asks for every directory group of a list; `told` hears a group's name, and how many members are
/// known so far.
///
/// # Errors
/// [`ResolveError`]: all groups or none.
pub fn resolve(
    text: &str,
    list: &List<'_>,
    directory: &mut dyn Directory,
    settings: &Settings,
    told: &mut dyn FnMut(&str, usize),
) -> Result<Resolution, ResolveError> {
    let reserved = list.header().suffixes();
    let mut groups = Vec::new();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, group) in list.header().groups() {
        let Members::Directory {
            dn,
            attribute,
            suffix,
        } = group.members()
        else {
            continue;
        };
        if !reserved.is_empty() && !reserved.contains(suffix) {
            return Err(ResolveError::Suffix {
                group: name.clone(),
                suffix: suffix.clone(),
            });
        }
        let wanted = Wanted {
            dn,
            how: settings.how,
            base: settings.base.as_deref(),
            attribute: attribute.as_deref().unwrap_or(&settings.attribute),
            suffix,
            reserved,
        };
        let found = members(directory, &wanted, &mut |count| told(name, count));
        let found = found.map_err(|error| ResolveError::Group {
            group: name.clone(),
            error,
        })?;
        all.insert(name.clone(), found.principals.clone());
        let (name, dn) = (name.clone(), dn.clone());
        groups.push(ResolvedGroup { name, dn, found });
    }
    let text = with_members(text, list, &all, &settings.server.to_string());
    List::parse(text.as_bytes())?;
    Ok(Resolution { text, groups })
}
