//! Under which keys a line is found, and which keys a query looks up.
//!
//! A key has a part for the principal, the user and the host. A name stands for itself; a
//! pattern among principals for the letters before its first wildcard; a group for its name;
//! whatever else for anything. Each key of a line that fits a query is one that the query looks
//! up.

use sha2::{Digest, Sha256};

use super::super::entry::Entry;
use super::super::pattern::{Purpose, has_wildcard};
use super::super::query::Query;
use super::super::resolved::Resolved;

/// The lengths that the beginnings of patterns have, as bits.
pub(super) type Lengths = [u8; 32];

/// Gives the hash of every key of a line, and notes the lengths of its patterns' beginnings.
pub(super) fn of_entry(entry: &Entry<'_>, lengths: &mut Lengths, mut key: impl FnMut(u64)) {
    let principals: Vec<_> = entry.principals().split(',').map(principal_part).collect();
    for part in &principals {
        if let Part::Beginning(beginning) = part {
            note(lengths, beginning.len());
        }
    }
    let mut users = parts(entry.users(), "");
    let mut hosts = parts(entry.hosts(), "+@");
    // A line of many names each is found by fewer of them, and looked at more often.
    if principals
        .len()
        .saturating_mul(users.len())
        .saturating_mul(hosts.len())
        > KEYS_MAX
    {
        hosts = vec![Part::Any];
    }
    if principals.len().saturating_mul(users.len()) > KEYS_MAX {
        users = vec![Part::Any];
    }
    for principal in &principals {
        for user in &users {
            hosts
                .iter()
                .for_each(|host| key(hash(principal, user, host)));
        }
    }
}

/// The hashes of all keys under which a line may stand that fits a query.
pub(super) fn of_query(
    query: &Query<'_>,
    resolved: &Resolved<'_, '_>,
    groups: &[&str],
    lengths: &Lengths,
) -> Vec<u64> {
    let mut principals: Vec<Part<'_>> = Vec::new();
    for name in query.principals() {
        principals.push(Part::Name(name));
        let beginnings = (0..=name.len()).filter(|length| is_noted(lengths, *length));
        principals.extend(
            beginnings
                .filter_map(|length| name.get(..length))
                .map(Part::Beginning),
        );
    }
    let of_group = |group: &&&str| {
        let item = format!("@{group}");
        [Purpose::Grant, Purpose::Denial]
            .iter()
            .any(|purpose| resolved.principal(&item, *purpose).is_some())
    };
    principals.extend(
        groups
            .iter()
            .filter(of_group)
            .map(|group| Part::Group(group)),
    );
    principals.sort_unstable();
    principals.dedup();
    let mut keys = Vec::with_capacity(principals.len().saturating_mul(4));
    for principal in &principals {
        for user in [Part::Name(query.user()), Part::Any] {
            for host in [Part::Name(query.host().name()), Part::Any] {
                keys.push(hash(principal, &user, &host));
            }
        }
    }
    keys.sort_unstable();
    keys
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Name(&'a str),
    Beginning(&'a str),
    Group(&'a str),
    Any,
}

fn principal_part(item: &str) -> Part<'_> {
    if let Some(group) = item.strip_prefix('@') {
        return Part::Group(group);
    }
    match item.find(['*', '?']) {
        Some(wildcard) => Part::Beginning(item.get(..wildcard).unwrap_or_default()),
        None => Part::Name(item),
    }
}

/// Names of users or hosts; all that is no name is one part.
fn parts<'a>(column: &'a str, other: &str) -> Vec<Part<'a>> {
    let mut parts: Vec<_> = column
        .split(',')
        .map(|item| {
            if has_wildcard(item) || item.starts_with(|first| other.contains(first)) {
                return Part::Any;
            }
            Part::Name(item)
        })
        .collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

fn hash(principal: &Part<'_>, user: &Part<'_>, host: &Part<'_>) -> u64 {
    let mut hasher = Sha256::new();
    for part in [principal, user, host] {
        let (kind, text) = match part {
            Part::Name(text) => (b"n", *text),
            Part::Beginning(text) => (b"b", *text),
            Part::Group(text) => (b"g", *text),
            Part::Any => (b"a", ""),
        };
        hasher.update(kind);
        hasher.update(text);
        hasher.update([0]);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_be_bytes(*first))
}

fn note(lengths: &mut Lengths, length: usize) {
    if let Some(byte) = lengths.get_mut(length / 8) {
        *byte |= 1 << (length % 8);
    }
}

fn is_noted(lengths: &Lengths, length: usize) -> bool {
    let byte = lengths.get(length / 8).copied().unwrap_or_default();
    byte & (1 << (length % 8)) != 0
}

/// The most keys of one line, but for its principals.
const KEYS_MAX: usize = 64;
