//! Groups and host sets: names that stand for others, without circles.

use std::collections::{BTreeMap, BTreeSet};

use super::super::fault::{Fault, Misread, Wrong};
use super::super::pattern;
use super::super::reference::Kind;

/// A group of principals, or a set of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub(super) line: u64,
    pub(super) members: Members,
}

/// What a definition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// Names, patterns, `@` before other definitions; `!` before what a host set takes out.
    Named(Vec<Box<str>>),
    /// A group of a directory service, which is resolved before a list is put in place.
    Directory {
        /// The distinguished name, as it stands in the list.
        dn: String,
        /// The attribute that names a member; none for the default.
        attribute: Option<String>,
        /// What is put behind every name.
        suffix: String,
    },
}

impl Definition {
    /// The line that defines it.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// What it holds.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.members
    }
}

impl Members {
    /// The names, patterns and references; none for a group that isn't resolved.
    #[must_use]
    pub fn named(&self) -> &[Box<str>] {
        match self {
            Self::Named(names) => names,
            Self::Directory { .. } => &[],
        }
    }

    pub(super) fn any_wildcard(&self) -> bool {
        self.named().iter().any(|name| pattern::has_wildcard(name))
    }

    /// The definitions that it holds.
    fn references(&self) -> impl Iterator<Item = &str> {
        self.named().iter().filter_map(|name| {
            let bare = name.strip_prefix('!').unwrap_or(name);
            bare.strip_prefix('@')
        })
    }
}

/// Holds that each reference leads somewhere, none back, and none too far.
pub(super) fn check(definitions: &BTreeMap<String, Definition>, kind: Kind) -> Result<(), Fault> {
    let mut depths = BTreeMap::new();
    for name in definitions.keys() {
        depth(definitions, kind, name, 1, &mut depths)?;
    }
    Ok(())
}

/// A definition and all that it holds, near and far.
pub(super) fn reachable<'a>(
    definitions: &'a BTreeMap<String, Definition>,
    name: &str,
) -> Vec<&'a Definition> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut next: Vec<&str> = definitions
        .get_key_value(name)
        .map(|(name, _)| name.as_str())
        .into_iter()
        .collect();
    while let Some(name) = next.pop() {
        let Some(definition) = definitions.get(name).filter(|_| seen.insert(name)) else {
            continue;
        };
        found.push(definition);
        next.extend(definition.members.references());
    }
    found
}

/// How long the longest chain is that begins with `name`. `above` counts those that led here: a
/// chain that leads back grows until it is too long, and then it is looked at more closely.
fn depth<'a>(
    definitions: &'a BTreeMap<String, Definition>,
    kind: Kind,
    name: &'a str,
    above: usize,
    depths: &mut BTreeMap<&'a str, usize>,
) -> Result<usize, Fault> {
    if let Some(known) = depths.get(name) {
        return Ok(*known);
    }
    let Some(definition) = definitions.get(name) else {
        return Ok(0);
    };
    let fault = |wrong| Err(Misread::new(1, wrong).on(definition.line));
    let mut longest = 0;
    for inner in definition.members.references() {
        if !definitions.contains_key(inner) {
            return fault(Wrong::Undefined {
                what: kind.words(),
                name: inner.to_owned(),
            });
        }
        if above > CHAIN_MAX {
            return fault(chain(definitions, kind, name));
        }
        let below = depth(definitions, kind, inner, above.saturating_add(1), depths)?;
        longest = longest.max(below);
    }
    let whole = longest.saturating_add(1);
    if whole > CHAIN_MAX {
        return fault(chain(definitions, kind, name));
    }
    depths.insert(name, whole);
    Ok(whole)
}

/// Whether a chain is too long because it leads back to itself.
fn chain(definitions: &BTreeMap<String, Definition>, kind: Kind, name: &str) -> Wrong {
    let (what, name) = (kind.words(), name.to_owned());
    let holds_itself = definitions.get(&name).is_some_and(|definition| {
        let mut inner = definition.members.references();
        inner.any(|inner| {
            let mut all = reachable(definitions, inner).into_iter();
            all.any(|reached| std::ptr::eq(reached, definition))
        })
    });
    if holds_itself {
        return Wrong::Cycle { what, name };
    }
    Wrong::Deep {
        what,
        name,
        max: CHAIN_MAX,
    }
}

/// What stands between the name of a large group of a directory service and the number of a part of it.
/// Parts come and go with the members, and no person writes one.
pub const PART_OF_GROUP: &str = "..";
/// The longest chain of definitions that hold one another.
const CHAIN_MAX: usize = 16;
