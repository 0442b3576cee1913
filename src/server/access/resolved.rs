//! Groups and host sets, resolved for one query.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::header::Header;
use super::pattern::{self, Purpose};
use super::query::Query;

/// The definitions of a list for one query; each is looked through once.
///
/// The header was checked: its definitions hold no circle, and chains are short.
#[derive(Debug)]
pub struct Resolved<'h, 'q> {
    header: &'h Header,
    query: &'h Query<'q>,
    grants: RefCell<BTreeMap<&'h str, Option<&'q str>>>,
    denials: RefCell<BTreeMap<&'h str, Option<&'q str>>>,
    sets: RefCell<BTreeMap<&'h str, bool>>,
}

impl<'h, 'q> Resolved<'h, 'q> {
    /// Resolves when asked, and remembers.
    #[must_use]
    pub fn new(header: &'h Header, query: &'h Query<'q>) -> Self {
        Self {
            header,
            query,
            grants: RefCell::default(),
            denials: RefCell::default(),
            sets: RefCell::default(),
        }
    }

    /// The user who is asked for.
    #[must_use]
    pub fn user(&self) -> &'q str {
        self.query.user()
    }

    /// The first principal by its bytes that a name, pattern or `@group` is about.
    #[must_use]
    pub fn principal(&self, item: &str, purpose: Purpose) -> Option<&'q str> {
        let Some(group) = item.strip_prefix('@') else {
            let suffixes = self.header.suffixes();
            let fits = |name: &&str| pattern::principal_fits(item, name, purpose, suffixes);
            return self.query.principals().iter().copied().find(fits);
        };
        let (name, definition) = self.header.groups().get_key_value(group)?;
        let memory = match purpose {
            Purpose::Grant => &self.grants,
            Purpose::Denial => &self.denials,
        };
        if let Some(known) = memory.borrow().get(name.as_str()) {
            return *known;
        }
        let members = definition.members().named().iter();
        let first = members
            .filter_map(|member| self.principal(member, purpose))
            .min();
        memory.borrow_mut().insert(name, first);
        first
    }

    /// Whether a name, pattern, `+tag` or `@set` is about the host.
    #[must_use]
    pub fn host(&self, item: &str) -> bool {
        let Some(set) = item.strip_prefix('@') else {
            return self.query.host().fits(item);
        };
        let Some((name, definition)) = self.header.sets().get_key_value(set) else {
            return false;
        };
        if let Some(known) = self.sets.borrow().get(name.as_str()) {
            return *known;
        }
        let holds = self.set_holds(definition.members().named());
        self.sets.borrow_mut().insert(name, holds);
        holds
    }

    /// `!` takes out wherever it stands.
    fn set_holds(&self, members: &[Box<str>]) -> bool {
        let taken_out = members
            .iter()
            .filter_map(|member| member.strip_prefix('!'))
            .any(|member| self.host(member));
        let mut kept = members.iter().filter(|member| !member.starts_with('!'));
        !taken_out && kept.any(|member| self.host(member))
    }
}
