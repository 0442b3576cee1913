//! What a list says beside its lines: suffixes, CAs, groups, host sets, and how fresh it must be.

mod definition;
mod directive;
mod parts;
mod words;

use std::collections::BTreeMap;

pub use self::definition::{Definition, Members, PART_OF_GROUP};
pub(super) use self::directive::is_directive;
pub use self::parts::{Ca, Canary, KnownLine, NextSigner, Stale};
use super::fault::{Fault, Misread, Wrong};
use super::reference::Kind;

/// All directives of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    suffixes: Vec<String>,
    cas: Vec<Ca>,
    groups: BTreeMap<String, Definition>,
    sets: BTreeMap<String, Definition>,
    stale: Option<Stale>,
    known: Vec<KnownLine>,
    fresh: Option<[u8; 32]>,
    version: Option<u64>,
    shrinks: Option<u64>,
    canary: Option<Canary>,
    signers: Vec<NextSigner>,
    /// The lines of what may stand once.
    once: BTreeMap<&'static str, u64>,
}

impl Header {
    /// The ends of principals that the CA alone writes.
    #[must_use]
    pub fn suffixes(&self) -> &[String] {
        &self.suffixes
    }

    /// The CAs whose certificates count; none for every CA that sshd trusts.
    #[must_use]
    pub fn cas(&self) -> &[Ca] {
        &self.cas
    }

    /// The groups of principals by name.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<String, Definition> {
        &self.groups
    }

    /// The sets of hosts by name.
    #[must_use]
    pub fn sets(&self) -> &BTreeMap<String, Definition> {
        &self.sets
    }

    /// From which age on the list counts for some alone.
    #[must_use]
    pub fn stale(&self) -> Option<&Stale> {
        self.stale.as_ref()
    }

    /// For which accounts only certificates count that a ledger knows.
    #[must_use]
    pub fn known(&self) -> &[KnownLine] {
        &self.known
    }

    /// How old in seconds what the ledgers know may be for this account; none where the account asks
    /// for no such thing.
    #[must_use]
    pub fn known_within(&self, user: &str) -> Option<u64> {
        let covering = self.known.iter().filter(|line| line.covers(user));
        covering.map(KnownLine::seconds).min()
    }

    /// The SHA-256 fingerprint of the key that may say that nothing newer is there.
    #[must_use]
    pub fn fresh(&self) -> Option<&[u8; 32]> {
        self.fresh.as_ref()
    }

    /// When the list was published, in Unix seconds; it never goes back.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// Up to which version a list may have held much that this one doesn't.
    #[must_use]
    pub fn shrinks(&self) -> Option<u64> {
        self.shrinks
    }

    /// The hosts that take the list first.
    #[must_use]
    pub fn canary(&self) -> Option<&Canary> {
        self.canary.as_ref()
    }

    /// Who may sign the next lists; nobody if that doesn't change.
    #[must_use]
    pub fn signers(&self) -> &[NextSigner] {
        &self.signers
    }

    /// The first group that a directory service has yet to resolve.
    #[must_use]
    pub fn unresolved(&self) -> Option<&str> {
        let mut groups = self.groups.iter();
        let found = groups.find(|(_, group)| matches!(group.members(), Members::Directory { .. }));
        found.map(|(name, _)| name.as_str())
    }

    /// Puts one principal, `someone-in-GROUP` with the group's suffix, into each group that a directory
    /// service has yet to resolve.
    pub(super) fn presume_members(&mut self) {
        for (name, group) in &mut self.groups {
            if let Members::Directory { suffix, .. } = &group.members {
                let someone = format!("someone-in-{name}{suffix}");
                group.members = Members::Named(vec![someone.into()]);
            }
        }
    }

    pub(super) fn definitions(&self, kind: Kind) -> &BTreeMap<String, Definition> {
        match kind {
            Kind::Group => &self.groups,
            Kind::Hosts => &self.sets,
        }
    }

    /// Holds what only the whole can tell: every name is defined, nothing holds itself, chains
    /// are short, and times and CAs are there for what needs them.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.check_needs()?;
        for kind in [Kind::Group, Kind::Hosts] {
            definition::check(self.definitions(kind), kind)?;
        }
        Ok(())
    }

    /// Whether a group holds a wildcard, itself or in a group that it holds; the group is
    /// known to hold no circle.
    pub(super) fn has_wildcard(&self, group: &str) -> bool {
        definition::reachable(&self.groups, group)
            .iter()
            .any(|group| group.members().any_wildcard())
    }

    fn check_needs(&self) -> Result<(), Fault> {
        let at = |directive: &str, wrong| {
            let line = self.once.get(directive).copied().unwrap_or(1);
            Err(Misread::new(1, wrong).on(line))
        };
        if self.stale.is_some() && self.version.is_none() && self.fresh.is_none() {
            return at("@stale", Wrong::StaleWithoutTime);
        }
        if self.canary.is_some() && self.version.is_none() {
            return at("@canary", Wrong::CanaryWithoutVersion);
        }
        if !self.known.is_empty() && self.cas.is_empty() {
            return at("@known", Wrong::KnownWithoutCa);
        }
        Ok(())
    }
}
