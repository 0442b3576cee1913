//! The auditor's two questions: who gets in here, and where does somebody get in.

use std::collections::BTreeSet;

use super::super::decide::{Asking, Outcome, Why, decide};
use super::super::entry::Entry;
use super::super::freshness::Moment;
use super::super::header::Header;
use super::super::known::NoneKnown;
use super::super::list::List;
use super::super::pattern::{Purpose, has_wildcard, principal_fits};
use super::super::query::{Host, Query};
use super::super::resolved::Resolved;
use super::book::{AskError, Book, sample};
use super::places::{CHAIN, Places, hosts_of};

/// A way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The principal, or a pattern of some.
    pub principal: String,
    /// The users of the line, or the one who was asked about.
    pub users: String,
    /// The hosts of the line, or the one that was asked about.
    pub hosts: String,
    /// The options.
    pub options: String,
    /// The line.
    pub line: u64,
    /// How old what the ledgers know may be, in seconds, where one of the users lets in only what
    /// they know.
    pub known_within: Option<u64>,
    /// The first denial that takes back a part of it: some of its users, on some of its hosts.
    pub denied_in_part: Option<u64>,
    /// Why it is none, where it isn't: kept out, or over.
    pub barred: Option<Why>,
}

/// Who gets in as this user on this host, by name or pattern, in the order of the names.
///
/// # Errors
/// [`AskError`].
pub fn who(
    book: &Book<'_>,
    user: &str,
    host: &str,
    moment: &Moment<'_>,
) -> Result<Vec<Reach>, AskError> {
    let nobody = Query::new([], user, Host::parse(host)?)?;
    let resolved = Resolved::new(book.list().header(), &nobody);
    let mut names = BTreeSet::new();
    for (_, entry) in book.list().entries() {
        if entry.purpose() == Purpose::Grant && entry.fits_place(&resolved) {
            names.extend(book.names(entry));
        }
    }
    let mut found = Vec::new();
    for name in names {
        let asked = if has_wildcard(name) {
            sample(name)
        } else {
            name.to_owned()
        };
        let decision = book.ask(&asked, user, host, moment)?;
        let reach = |line, options: String, barred| Reach {
            principal: name.to_owned(),
            users: user.to_owned(),
            hosts: host.to_owned(),
            options,
            line,
            known_within: book.list().header().known_within(user),
            denied_in_part: None,
            barred,
        };
        match decision.outcome {
            Outcome::Line {
                line,
                printed,
                principal,
                ..
            } => {
                found.push(reach(line, options_of(&printed, &principal), None));
            }
            Outcome::Nothing(why) => {
                if let Some(fitting) = decision.fitting.first() {
                    found.push(reach(fitting.line, String::new(), Some(why)));
                }
            }
        }
    }
    Ok(found)
}

/// Whether anybody at all gets in as this user, on this host or, where none is named, on any; in a
/// group that a directory service has yet to resolve there is somebody.
///
/// Looked at is each name of a grant for this user, a pattern by one name that it matches.
#[must_use]
pub fn lets_anybody_in(
    list: &List<'_>,
    user: &str,
    host: Option<&Host<'_>>,
    moment: &Moment<'_>,
) -> bool {
    let list = list.clone().with_presumed_members();
    let book = Book::new(&list);
    let mut grants = list.entries().iter().filter(|(_, entry)| {
        entry.purpose() == Purpose::Grant && !entry.is_over(moment) && entry.is_for_user(user)
    });
    let lets_in = |name: &str, host: Host<'_>| {
        let name = sample(name);
        let Ok(query) = Query::new([name.as_str()], user, host) else {
            return false;
        };
        let asking = Asking {
            certificate: None,
            query: &query,
            moment,
            known: &NoneKnown,
        };
        let decision = decide(list.header(), book.lines(&name), &asking);
        decision.is_ok_and(|decision| matches!(decision.outcome, Outcome::Line { .. }))
    };
    grants.any(|(_, entry)| {
        let names = book.names(entry);
        let mut names = names.iter();
        if let Some(host) = host {
            return names.any(|name| lets_in(name, host.clone()));
        }
        let items = entry.hosts().split(',');
        let hosts: Vec<_> = items
            .flat_map(|item| hosts_of(list.header(), item, CHAIN))
            .collect();
        names.any(|name| {
            let mut hosts = hosts.iter().filter_map(|(_, host)| Host::parse(host).ok());
            hosts.any(|host| lets_in(name, host))
        })
    })
}

/// Where a principal gets in: its lines in their order, with the first denial that takes back all or a part of each.
#[must_use]
pub fn can(book: &Book<'_>, principal: &str, moment: &Moment<'_>) -> Vec<Reach> {
    let suffixes = book.list().header().suffixes();
    let fits = |entry: &Entry<'_>| {
        let names = book.names(entry);
        let mut names = names.iter();
        names.any(|name| principal_fits(name, principal, entry.purpose(), suffixes))
    };
    let lines: Vec<_> = book
        .lines(principal)
        .into_iter()
        .filter(|(_, entry)| fits(entry))
        .collect();
    let denials: Vec<_> = lines
        .iter()
        .filter(|(_, entry)| entry.purpose() == Purpose::Denial)
        .collect();
    let grants = lines
        .iter()
        .filter(|(_, entry)| entry.purpose() == Purpose::Grant);
    let places = Places::of(&[book, book], principal);
    let reach = |(line, entry): &(u64, Entry<'_>)| {
        let denial = denials.iter().find(|(_, denial)| {
            let all = |column: &str| column.split(',').any(|item| item == "*");
            (all(denial.users()) || denial.users() == entry.users())
                && (all(denial.hosts()) || denial.hosts() == entry.hosts())
        });
        let denied = denial.map(|(line, _)| Why::Denied {
            line: *line,
            principal: principal.to_owned(),
        });
        let over = || {
            entry
                .is_over(moment)
                .then_some(Why::Expired { line: *line })
        };
        let barred = denied.or_else(over);
        let in_part = || {
            let meets = |denial: &Entry<'_>| places.both_fit(book, entry, denial);
            let mut lines = denials.iter();
            lines
                .find(|(_, denial)| meets(denial))
                .map(|(line, _)| *line)
        };
        Reach {
            principal: principal.to_owned(),
            users: entry.users().to_owned(),
            hosts: entry.hosts().to_owned(),
            options: entry.options().as_str().to_owned(),
            line: *line,
            known_within: known_within(book.list().header(), entry.users()),
            denied_in_part: barred.is_none().then(in_part).flatten(),
            barred,
        }
    };
    grants.map(reach).collect()
}

/// The strictest that `@known` says about a user of this column.
fn known_within(header: &Header, users: &str) -> Option<u64> {
    let users = users.split(',');
    users.filter_map(|user| header.known_within(user)).min()
}

/// The options of a printed line, which ends in its principal.
pub(super) fn options_of(printed: &str, principal: &str) -> String {
    let options = printed.strip_suffix(principal).unwrap_or(printed);
    options.trim_end().to_owned()
}
