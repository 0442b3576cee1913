//! What a change of a list gives to whom, and takes from whom.

use std::collections::{BTreeMap, BTreeSet};

use super::super::decide::Outcome;
use super::super::entry::Entry;
use super::super::freshness::Moment;
use super::super::header::Header;
use super::super::list::List;
use super::super::pattern::has_wildcard;
use super::book::{AskError, Book, sample};
use super::reach::options_of;
use crate::certificate::length;

/// What becomes different for a principal, as a user, on a host; names or patterns of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The principal.
    pub principal: String,
    /// The user.
    pub user: String,
    /// The host.
    pub host: String,
    /// The options of before, where it was let in.
    pub before: Option<String>,
    /// The options of after, where it is let in.
    pub after: Option<String>,
}

impl Change {
    /// Whether somebody gets in who didn't, or by fewer or other restrictions.
    #[must_use]
    pub fn gains(&self) -> bool {
        self.after.is_some()
    }
}

/// Everybody for whom something becomes different, by name, user and host.
///
/// Looked at is each principal that a line names which isn't the same in both lists, as each user
/// and on each host of its lines; a pattern is looked at by one name that it matches.
///
/// # Errors
/// [`AskError`].
pub fn changes(
    old: &Book<'_>,
    new: &Book<'_>,
    moment: &Moment<'_>,
) -> Result<Vec<Change>, AskError> {
    compare(old, new, None, moment)
}

/// The same on one host alone, `web1+production`.
///
/// # Errors
/// [`AskError`].
pub fn changes_on(
    old: &Book<'_>,
    new: &Book<'_>,
    host: &str,
    moment: &Moment<'_>,
) -> Result<Vec<Change>, AskError> {
    compare(old, new, Some(host), moment)
}

fn compare(
    old: &Book<'_>,
    new: &Book<'_>,
    host: Option<&str>,
    moment: &Moment<'_>,
) -> Result<Vec<Change>, AskError> {
    let mut found = Vec::new();
    for name in touched(old, new) {
        let asked = if has_wildcard(name) {
            sample(name)
        } else {
            name.to_owned()
        };
        let mut places = Places::of(&[old, new], &asked);
        if let Some(host) = host {
            places.hosts = BTreeMap::from([(host.to_owned(), host.to_owned())]);
        }
        for (user, asked_user) in &places.users {
            for (host, asked_host) in &places.hosts {
                let before = options(old, &asked, asked_user, asked_host, moment)?;
                let after = options(new, &asked, asked_user, asked_host, moment)?;
                if before != after {
                    found.push(Change {
                        principal: name.to_owned(),
                        user: (*user).to_owned(),
                        host: host.clone(),
                        before,
                        after,
                    });
                }
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn options(
    book: &Book<'_>,
    name: &str,
    user: &str,
    host: &str,
    moment: &Moment<'_>,
) -> Result<Option<String>, AskError> {
    match book.ask(name, user, host, moment)?.outcome {
        Outcome::Line {
            printed, principal, ..
        } => {
            let options = options_of(&printed, &principal);
            // Who has to be known gets in by less than who hasn't.
            let within = book.list().header().known_within(user);
            Ok(Some(match within {
                Some(seconds) => format!("{options} (known, {})", length(seconds))
                    .trim_start()
                    .to_owned(),
                None => options,
            }))
        }
        Outcome::Nothing(_) => Ok(None),
    }
}

/// The users and hosts of all lines of a principal, each with one that it stands for.
struct Places<'l> {
    users: BTreeMap<&'l str, String>,
    hosts: BTreeMap<String, String>,
}

impl<'l> Places<'l> {
    fn of(books: &[&Book<'l>; 2], name: &str) -> Self {
        let mut places = Self {
            users: BTreeMap::new(),
            hosts: BTreeMap::new(),
        };
        for book in books {
            for (_, entry) in book.lines(name) {
                let users = entry.users().split(',');
                places.users.extend(users.map(|user| (user, sample(user))));
                let hosts = entry.hosts().split(',');
                let hosts = hosts.flat_map(|host| hosts_of(book.list().header(), host, CHAIN));
                places.hosts.extend(hosts);
            }
        }
        places
    }
}

/// The hosts that an item stands for, as it is written and as it can be asked about.
pub(super) fn hosts_of(header: &Header, item: &str, depth: usize) -> Vec<(String, String)> {
    let bare = item.strip_prefix('!').unwrap_or(item);
    if let Some(tag) = bare.strip_prefix('+') {
        return vec![(bare.to_owned(), format!("zzz+{tag}"))];
    }
    let Some(set) = bare
        .strip_prefix('@')
        .and_then(|name| header.sets().get(name))
    else {
        return vec![(bare.to_owned(), sample(bare))];
    };
    let members = set.members().named().iter();
    match depth.checked_sub(1) {
        Some(depth) => members
            .flat_map(|member| hosts_of(header, member, depth))
            .collect(),
        None => Vec::new(),
    }
}

/// The names and patterns of all lines that the other list doesn't have in the same words, with the
/// same definitions, or in the same order.
fn touched<'l>(old: &Book<'l>, new: &Book<'l>) -> BTreeSet<&'l str> {
    if !same_definitions(old.list().header(), new.list().header()) {
        let all =
            |book: &Book<'l>| names(book, book.list().entries().iter().map(|(_, entry)| *entry));
        return all(old).into_iter().chain(all(new)).collect();
    }
    let (before, after) = (old.list(), new.list());
    let start = same(before.entries().iter(), after.entries().iter());
    let rest = |list: &'l List<'l>| list.entries().get(start..).unwrap_or_default();
    let (before, after) = (rest(before), rest(after));
    let end = same(before.iter().rev(), after.iter().rev());
    let middle = |entries: &'l [(u64, Entry<'l>)]| {
        let length = entries.len().saturating_sub(end);
        entries.iter().take(length).map(|(_, entry)| *entry)
    };
    // A line that only moved may hide another now.
    names(old, middle(before))
        .into_iter()
        .chain(names(new, middle(after)))
        .collect()
}

fn same<'l, 'a: 'l>(
    one: impl Iterator<Item = &'l (u64, Entry<'a>)>,
    other: impl Iterator<Item = &'l (u64, Entry<'a>)>,
) -> usize {
    let both = one.zip(other);
    both.take_while(|((_, one), (_, other))| one.is_same_as(other))
        .count()
}

fn names<'l>(book: &Book<'l>, entries: impl Iterator<Item = Entry<'l>>) -> BTreeSet<&'l str> {
    entries.flat_map(|entry| book.names(&entry)).collect()
}

fn same_definitions(one: &Header, other: &Header) -> bool {
    let members = |header: &Header| {
        let all = [header.groups(), header.sets()].map(|definitions| {
            let members = definitions
                .iter()
                .map(|(name, of)| (name.clone(), of.members().clone()));
            members.collect::<Vec<_>>()
        });
        let known = header.known().to_vec();
        (
            all,
            header.suffixes().to_vec(),
            header.stale().cloned(),
            known,
        )
    };
    members(one) == members(other)
}

const CHAIN: usize = 16;
