//! What a list allows or forbids, and hardly means.

use std::collections::BTreeSet;
use std::fmt;

use super::super::decide::{Outcome, Why};
use super::super::entry::Entry;
use super::super::freshness::Moment;
use super::super::header::KnownLine;
use super::super::join;
use super::super::pattern::{Purpose, ends_in, has_wildcard, matches};
use super::super::reference::Kind;
use super::book::{AskError, Book, sample};
use super::places::{CHAIN, hosts_of};

/// An oddity, and the line where it is; line 0 for the list as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line.
    pub line: u64,
    /// What is odd.
    pub oddity: Oddity,
}

/// What is hardly meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Oddity {
    /// No CA is named.
    NoCa,
    /// A group or host set without members.
    Empty(&'static str, String),
    /// A group or host set that nothing names.
    Unused(&'static str, String),
    /// An account of `@known` that no line lets anybody into.
    KnownUser(String),
    /// A grant that lets nobody in.
    NeverMatches,
    /// A grant that another one hides for somebody.
    Hidden {
        /// The line that counts in its place.
        by: u64,
        /// For whom, as whom and where.
        principal: String,
        /// The user.
        user: String,
        /// The host.
        host: String,
    },
    /// A grant that a denial takes back for somebody.
    Denied {
        /// The denial.
        by: u64,
        /// For whom.
        principal: String,
    },
    /// A grant that is over.
    Expired,
    /// A time in whatever zone the server has.
    ExpiryWithoutZone,
    /// Lines that look like one and aren't.
    NotJoined {
        /// The first of them.
        with: u64,
    },
    /// Root, or every account, for a key that may lie in a file.
    FileKey {
        /// The principal.
        principal: String,
        /// The user.
        user: String,
    },
    /// Names are those of keys' owners, not of accounts.
    LocalUser(String),
    /// A suffix that the CA writes and the list doesn't name.
    MissingSuffix(String),
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCa => f.write_str(
                "no `@ca`: every CA that a server trusts can make every principal of this list",
            ),
            Self::Empty(what, name) => write!(f, "{what} `@{name}` is empty"),
            Self::Unused(what, name) => write!(f, "{what} `@{name}` is used nowhere"),
            Self::KnownUser(user) => {
                write!(
                    f,
                    "`@known` names {user}, and no line lets anybody be that user"
                )
            }
            Self::NeverMatches => f.write_str("lets nobody in"),
            Self::Hidden {
                by,
                principal,
                user,
                host,
            } => {
                write!(f, "hidden by line {by} for {principal} as {user} on {host}")
            }
            Self::Denied { by, principal } => write!(f, "denied to {principal} by line {by}"),
            Self::Expired => f.write_str("has expired"),
            Self::ExpiryWithoutZone => f.write_str(
                "`expiry-time` without `Z` is another moment on servers of another zone",
            ),
            Self::NotJoined { with } => write!(
                f,
                "differs from line {with} in `from` alone, and is not joined with it: each of them needs a `from` without `!`, and no other line for the same user between them"
            ),
            Self::FileKey { principal, user } => {
                write!(
                    f,
                    "lets {principal}, whose key may lie in a file, be {user}"
                )
            }
            Self::LocalUser(name) => {
                write!(f, "principal {name} is also the name of an account here")
            }
            Self::MissingSuffix(suffix) => write!(
                f,
                "the CA writes `{suffix}`, and `@suffixes` doesn't name it"
            ),
        }
    }
}

/// What is odd in a list, by line. `users` are the accounts of this machine, `suffixes` those that
/// the CA of a config writes, as far as they are known.
///
/// # Errors
/// [`AskError`].
pub fn lint(
    book: &Book<'_>,
    users: &[String],
    suffixes: &[String],
    moment: &Moment<'_>,
) -> Result<Vec<Finding>, AskError> {
    let mut found = BTreeSet::new();
    of_header(book, suffixes, &mut found);
    for (line, entry) in book.list().entries() {
        if entry.purpose() == Purpose::Grant {
            let mut add = |oddity| {
                found.insert(Finding {
                    line: *line,
                    oddity,
                });
            };
            of_options(entry, moment, &mut add);
            of_names(book, entry, users, &mut add);
            of_effect(book, *line, entry, moment, &mut add)?;
        }
    }
    not_joined(book, moment, &mut found)?;
    Ok(found.into_iter().collect())
}

fn of_header(book: &Book<'_>, suffixes: &[String], found: &mut BTreeSet<Finding>) {
    let header = book.list().header();
    if header.cas().is_empty() {
        found.insert(Finding {
            line: 0,
            oddity: Oddity::NoCa,
        });
    }
    for suffix in suffixes
        .iter()
        .filter(|suffix| !header.suffixes().contains(suffix))
    {
        let oddity = Oddity::MissingSuffix(suffix.clone());
        found.insert(Finding { line: 0, oddity });
    }
    for user in unreached(book) {
        let oddity = Oddity::KnownUser(user);
        found.insert(Finding { line: 0, oddity });
    }
    let used = used(book);
    for (kind, definitions) in [(Kind::Group, header.groups()), (Kind::Hosts, header.sets())] {
        for (name, definition) in definitions {
            let what = kind.words();
            let line = definition.line();
            if definition.members().named().is_empty() {
                let oddity = Oddity::Empty(what, name.clone());
                found.insert(Finding { line, oddity });
            }
            if !used.contains(&(what, name.clone())) {
                let oddity = Oddity::Unused(what, name.clone());
                found.insert(Finding { line, oddity });
            }
        }
    }
}

/// The users of `@known` lines that no grant's user column has or matches.
fn unreached(book: &Book<'_>) -> Vec<String> {
    let grants = book.list().entries().iter().map(|(_, entry)| entry);
    let grants = grants.filter(|entry| entry.purpose() == Purpose::Grant);
    let columns: BTreeSet<&str> = grants.flat_map(|entry| entry.users().split(',')).collect();
    let meet = |known: &str, user: &str| matches(known, user) || matches(user, known);
    let named = book.list().header().known().iter();
    let named = named.flat_map(KnownLine::users);
    let lost = named.filter(|known| !columns.iter().any(|user| meet(known, user)));
    lost.cloned().collect()
}

/// Every group and set that a line, a definition or `@stale` names.
fn used(book: &Book<'_>) -> BTreeSet<(&'static str, String)> {
    let header = book.list().header();
    let mut used = BTreeSet::new();
    for (_, entry) in book.list().entries() {
        used.extend(
            entry
                .references()
                .map(|(kind, name)| (kind.words(), name.text.to_owned())),
        );
    }
    for (kind, definitions) in [(Kind::Group, header.groups()), (Kind::Hosts, header.sets())] {
        let members = definitions.values().flat_map(|of| of.members().named());
        let names = members.filter_map(|member| member.trim_start_matches('!').strip_prefix('@'));
        used.extend(names.map(|name| (kind.words(), name.to_owned())));
    }
    let except = header
        .stale()
        .map(|stale| stale.except())
        .unwrap_or_default();
    let groups = except.iter().filter_map(|item| item.strip_prefix('@'));
    used.extend(groups.map(|name| (Kind::Group.words(), name.to_owned())));
    used
}

fn of_options(entry: &Entry<'_>, moment: &Moment<'_>, add: &mut impl FnMut(Oddity)) {
    let expiries = entry.options().expiries();
    if expiries.iter().any(|expiry| !expiry.is_utc()) {
        add(Oddity::ExpiryWithoutZone);
    }
    if entry.is_over(moment) {
        add(Oddity::Expired);
    }
}

fn of_names(book: &Book<'_>, entry: &Entry<'_>, users: &[String], add: &mut impl FnMut(Oddity)) {
    let suffixes = book.list().header().suffixes();
    let in_file = |name: &str| {
        let suffix = suffixes.iter().find(|suffix| ends_in(name, suffix));
        !suffixes.is_empty() && suffix.is_none_or(|suffix| suffix == "_file")
    };
    for name in book.names(entry) {
        if users.iter().any(|user| user == name) {
            add(Oddity::LocalUser(name.to_owned()));
        }
        let wide = entry
            .users()
            .split(',')
            .find(|user| matches!(*user, "root" | "*"));
        if let Some(user) = wide.filter(|_| in_file(name)) {
            add(Oddity::FileKey {
                principal: name.to_owned(),
                user: user.to_owned(),
            });
        }
    }
}

/// Whom the line lets in, and who counts in its place; once for each other line.
fn of_effect(
    book: &Book<'_>,
    line: u64,
    entry: &Entry<'_>,
    moment: &Moment<'_>,
    add: &mut impl FnMut(Oddity),
) -> Result<(), AskError> {
    if entry.is_over(moment) {
        return Ok(());
    }
    let mut told = BTreeSet::new();
    let mut lets_in = false;
    for (principal, user, host) in samples(book, entry) {
        let asked = [sample(principal), sample(user), host.1];
        let [name, user_name, host_name] = &asked;
        let decision = book.ask(name, user_name, host_name, moment)?;
        let this_fits = decision.fitting.iter().any(|fitting| fitting.line == line);
        match decision.outcome {
            Outcome::Line {
                line: by, joined, ..
            } => {
                let counts = by == line || joined.contains(&line);
                lets_in |= counts;
                if !counts && this_fits && told.insert(by) {
                    add(Oddity::Hidden {
                        by,
                        principal: principal.to_owned(),
                        user: user.to_owned(),
                        host: host.0,
                    });
                }
            }
            Outcome::Nothing(Why::Denied { line: by, .. }) if this_fits && told.insert(by) => {
                add(Oddity::Denied {
                    by,
                    principal: principal.to_owned(),
                });
            }
            Outcome::Nothing(_) => {}
        }
    }
    if !lets_in && told.is_empty() {
        add(Oddity::NeverMatches);
    }
    Ok(())
}

/// Those whom a line names, as whom and where; a pattern by one name that it matches.
fn samples<'l>(book: &Book<'l>, entry: &Entry<'l>) -> Vec<(&'l str, &'l str, (String, String))> {
    let header = book.list().header();
    let hosts: Vec<_> = entry
        .hosts()
        .split(',')
        .flat_map(|host| hosts_of(header, host, CHAIN))
        .collect();
    let mut samples = Vec::new();
    for principal in book.names(entry) {
        for user in entry.users().split(',') {
            let all = hosts.iter().map(|host| (principal, user, host.clone()));
            samples.extend(all.take(SAMPLES_MAX.saturating_sub(samples.len())));
        }
    }
    samples
}

/// Pairs of lines that differ in `from` alone and are not joined for one whom both let in.
fn not_joined(
    book: &Book<'_>,
    moment: &Moment<'_>,
    found: &mut BTreeSet<Finding>,
) -> Result<(), AskError> {
    for (line, entry) in book.list().entries() {
        if entry.purpose() == Purpose::Denial
            || entry.options().from().is_none()
            || entry.is_over(moment)
        {
            continue;
        }
        let Some((principal, user, host)) = samples(book, entry).into_iter().next() else {
            continue;
        };
        let name = if has_wildcard(principal) {
            sample(principal)
        } else {
            principal.to_owned()
        };
        let lines = book.lines(&name);
        let earlier = lines.iter().find(|(other, one)| {
            other < line && one.options().from().is_some() && join::is_same(one, entry)
        });
        let Some((first, _)) = earlier else { continue };
        if let Outcome::Line {
            line: by, joined, ..
        } = book.ask(&name, &sample(user), &host.1, moment)?.outcome
            && by == *first
            && !joined.contains(line)
        {
            let oddity = Oddity::NotJoined { with: *first };
            found.insert(Finding {
                line: *line,
                oddity,
            });
        }
    }
    Ok(())
}

/// The most that is tried of one line.
const SAMPLES_MAX: usize = 4_096;
