//! The lines of a list by the principals that they name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::decide::{Asking, Decision, Doubt, decide};
use super::super::entry::Entry;
use super::super::freshness::Moment;
use super::super::known::NoneKnown;
use super::super::list::List;
use super::super::query::{Host, Query, QueryError};

/// A list, with its lines found by a principal; each knows the names of its groups.
#[derive(Debug)]
pub struct Book<'l> {
    list: &'l List<'l>,
    named: HashMap<&'l str, Vec<usize>>,
    /// Lines of patterns, by the letters before the first wildcard.
    patterns: HashMap<&'l str, Vec<usize>>,
    /// All patterns of principals.
    wild: BTreeSet<&'l str>,
    groups: BTreeMap<&'l str, BTreeSet<&'l str>>,
}

impl<'l> Book<'l> {
    /// Opens a list.
    #[must_use]
    pub fn new(list: &'l List<'l>) -> Self {
        let mut book = Self {
            list,
            named: HashMap::new(),
            patterns: HashMap::new(),
            wild: BTreeSet::new(),
            groups: BTreeMap::new(),
        };
        for group in list.header().groups().keys() {
            book.resolve(group);
        }
        for (at, (_, entry)) in list.entries().iter().enumerate() {
            for name in book.names(entry) {
                let (lines, key) = match name.find(['*', '?']) {
                    Some(wildcard) => {
                        book.wild.insert(name);
                        (&mut book.patterns, name.get(..wildcard).unwrap_or_default())
                    }
                    None => (&mut book.named, name),
                };
                lines.entry(key).or_default().push(at);
            }
        }
        book
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &'l List<'l> {
        self.list
    }

    /// The names and patterns of a line, those of its groups in their place, none twice.
    #[must_use]
    pub fn names(&self, entry: &Entry<'l>) -> Vec<&'l str> {
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        for item in entry.principals().split(',') {
            let group = item
                .strip_prefix('@')
                .and_then(|group| self.groups.get(group));
            match group {
                Some(members) => names.extend(members.iter().filter(|name| seen.insert(**name))),
                None if seen.insert(item) => names.push(item),
                None => {}
            }
        }
        names
    }

    /// All principals that lines name without a wildcard, in no order.
    pub(super) fn names_written_out(&self) -> impl Iterator<Item = &'l str> {
        self.named.keys().copied()
    }

    /// All patterns of principals.
    pub(super) fn patterns(&self) -> &BTreeSet<&'l str> {
        &self.wild
    }

    /// The names and patterns of a group, and of the groups that it holds.
    #[must_use]
    pub fn members(&self, group: &str) -> Option<&BTreeSet<&'l str>> {
        self.groups.get(group)
    }

    /// The lines that a principal may fit, in their order.
    #[must_use]
    pub fn lines(&self, principal: &str) -> Vec<(u64, Entry<'l>)> {
        let named = self.named.get(principal).map(Vec::as_slice);
        let mut lines: Vec<_> = named.unwrap_or_default().to_vec();
        let beginnings = (0..=principal.len()).filter_map(|length| principal.get(..length));
        lines.extend(
            beginnings
                .filter_map(|beginning| self.patterns.get(beginning))
                .flatten(),
        );
        lines.sort_unstable();
        lines.dedup();
        let entries = self.list.entries();
        lines
            .iter()
            .filter_map(|at| entries.get(*at).copied())
            .collect()
    }

    /// What the list says to one principal, as this user, on this host.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(
        &self,
        principal: &str,
        user: &str,
        host: &str,
        moment: &Moment<'_>,
    ) -> Result<Decision, AskError> {
        let query = Query::new([principal], user, Host::parse(host)?)?;
        let asking = Asking {
            certificate: None,
            query: &query,
            moment,
            known: &NoneKnown,
        };
        Ok(decide(self.list.header(), self.lines(principal), &asking)?)
    }

    fn resolve(&mut self, group: &'l str) -> BTreeSet<&'l str> {
        if let Some(known) = self.groups.get(group) {
            return known.clone();
        }
        let Some(definition) = self.list.header().groups().get(group) else {
            return BTreeSet::new();
        };
        let mut members = BTreeSet::new();
        for member in definition.members().named() {
            match member.strip_prefix('@') {
                Some(inner) => members.extend(self.resolve(inner)),
                None => {
                    members.insert(&**member);
                }
            }
        }
        self.groups.insert(group, members.clone());
        members
    }
}

/// Why a list can't be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// No user, or no host.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The list can't decide.
    #[error(transparent)]
    Doubt(#[from] Doubt),
}

/// A name that stands for all that a pattern matches: longer than anybody writes by chance.
#[must_use]
pub fn sample(pattern: &str) -> String {
    pattern.replace('*', "zzz").replace('?', "z")
}
