//! What a change of a list gives to whom, and takes from whom.

use std::collections::{BTreeMap, HashMap};

use super::super::decide::Outcome;
use super::super::freshness::Moment;
use super::super::pattern::{Purpose, has_wildcard, matches, principal_fits};
use super::book::{AskError, Book};
use super::meeting::{beginning, meeting};
use super::places::{Asked, Places, covers};
use super::reach::options_of;
use super::touched::touched;
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
/// Looked at is each principal that a line names which isn't the same in both lists; where such a line has a
/// pattern, everybody whom another line names and it matches, and where it meets each other pattern.
/// Each is looked at as each user and on each host of all lines that it may fit, and where two of those
/// meet. A pattern is looked at by one name that it matches.
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
    for (name, asked) in principals(old, new) {
        let mut places = Places::of(&[old, new], &asked.by);
        if let Some(host) = host {
            places = places.only_on(host);
        }
        for (user, as_user) in &places.users {
            for (host, on_host) in &places.hosts {
                let before = options(old, &asked.by, &as_user.by, &on_host.by, moment)?;
                let after = options(new, &asked.by, &as_user.by, &on_host.by, moment)?;
                if before != after {
                    let all = [&asked, as_user, on_host];
                    found.push(Row {
                        asked: all.map(|asked| asked.by.clone()),
                        is_met: all.iter().any(|asked| asked.is_met),
                        change: Change {
                            principal: name.clone(),
                            user: user.clone(),
                            host: host.clone(),
                            before,
                            after,
                        },
                    });
                }
            }
        }
    }
    let mut changes = without_covered(found, [old, new]);
    changes.sort_unstable();
    Ok(changes)
}

/// A change, and by which principal, user and host it was found.
struct Row {
    change: Change,
    asked: [String; 3],
    /// Whether no line says one of them.
    is_met: bool,
}

impl Row {
    /// Whether a row that lines say tells of this one too.
    fn covers(&self, other: &Self, books: [&Book<'_>; 2]) -> bool {
        let ([name, user, host], change) = (&other.asked, &self.change);
        let fits = |book: &Book<'_>| {
            let suffixes = book.list().header().suffixes();
            principal_fits(&change.principal, name, Purpose::Grant, suffixes)
        };
        change.before == other.change.before
            && change.after == other.change.after
            && books.iter().all(|book| fits(book))
            && covers((&change.user, user), (&change.host, host))
    }
}

/// The changes, of which those where lines meet are left out if a line tells them by itself.
fn without_covered(rows: Vec<Row>, books: [&Book<'_>; 2]) -> Vec<Change> {
    let (met, written): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.is_met);
    let mut by_name: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in &written {
        let name = &*row.change.principal;
        let key = if has_wildcard(name) { "*" } else { name };
        by_name.entry(key).or_default().push(row);
    }
    let told = |row: &Row| {
        let names = ["*", &*row.change.principal].into_iter();
        let mut wider = names.filter_map(|name| by_name.get(name)).flatten();
        wider.any(|wider| wider.covers(row, books))
    };
    let more: Vec<_> = met.into_iter().filter(|row| !told(row)).collect();
    let all = written.into_iter().chain(more);
    all.map(|row| row.change).collect()
}

/// Who may gain or lose, by name or pattern.
fn principals(old: &Book<'_>, new: &Book<'_>) -> BTreeMap<String, Asked> {
    let touched = touched(old, new);
    let written = touched.iter().map(|name| {
        let asked = Asked::written(name);
        ((*name).to_owned(), asked)
    });
    let mut all: BTreeMap<_, _> = written.collect();
    let patterns: Vec<&str> = touched
        .into_iter()
        .filter(|name| has_wildcard(name))
        .collect();
    let mut add = |met: String| {
        let asked = Asked::met(&met);
        all.entry(met).or_insert(asked);
    };
    let matching = Matching::new(&patterns);
    for book in [old, new] {
        let named = book.names_written_out().filter(|name| matching.any(name));
        named.for_each(|name| add(name.to_owned()));
        let others = book.patterns();
        for one in &patterns {
            others
                .iter()
                .filter_map(|other| meeting(one, other))
                .for_each(&mut add);
        }
    }
    for suffix in suffixes_of_one(old, new) {
        let ends = format!("*{suffix}");
        patterns
            .iter()
            .filter_map(|one| meeting(one, &ends))
            .for_each(&mut add);
    }
    all
}

/// The suffixes that one list reserves and the other doesn't: wildcards reach another set of names.
fn suffixes_of_one<'l>(old: &Book<'l>, new: &Book<'l>) -> Vec<&'l String> {
    let (old, new) = (
        old.list().header().suffixes(),
        new.list().header().suffixes(),
    );
    let gone = old.iter().filter(|suffix| !new.contains(suffix));
    gone.chain(new.iter().filter(|suffix| !old.contains(suffix)))
        .collect()
}

/// Patterns by what stands before their first wildcard, since a list may name a million others.
struct Matching<'p> {
    patterns: HashMap<&'p str, Vec<&'p str>>,
    longest: usize,
}

impl<'p> Matching<'p> {
    fn new(all: &[&'p str]) -> Self {
        let mut patterns: HashMap<_, Vec<_>> = HashMap::new();
        for pattern in all {
            patterns
                .entry(beginning(pattern))
                .or_default()
                .push(*pattern);
        }
        let longest = patterns.keys().map(|key| key.len()).max().unwrap_or(0);
        Self { patterns, longest }
    }

    fn any(&self, name: &str) -> bool {
        if self.patterns.is_empty() {
            return false;
        }
        let beginnings = (0..=self.longest).map_while(|length| name.get(..length));
        let mut patterns = beginnings
            .filter_map(|beginning| self.patterns.get(beginning))
            .flatten();
        patterns.any(|pattern| matches(pattern, name))
    }
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
