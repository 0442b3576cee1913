//! As whom and where a list is asked about a principal, so that whatever two lines say together is
//! met.

use std::collections::BTreeMap;

use super::super::entry::Entry;
use super::super::header::{Header, KnownLine};
use super::super::pattern::{Purpose, has_wildcard, user_fits};
use super::super::query::{Host, Query};
use super::super::resolved::Resolved;
use super::book::{Book, sample};
use super::meeting::meeting;

/// A name or pattern that lists are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// A name that it stands for.
    pub(super) by: String,
    /// Whether no line says it: it is where two of them meet.
    pub(super) is_met: bool,
}

impl Asked {
    /// What a line says.
    pub(super) fn written(item: &str) -> Self {
        Self {
            by: sample(item),
            is_met: false,
        }
    }

    /// What two of them say together.
    pub(super) fn met(item: &str) -> Self {
        Self {
            by: sample(item),
            is_met: true,
        }
    }
}

/// The users and hosts of all lines that a principal may fit, and where two of them meet.
pub(super) struct Places {
    pub(super) users: BTreeMap<String, Asked>,
    /// By `NAME+TAG...`, as hosts are asked about; without a name where only tags are said.
    pub(super) hosts: BTreeMap<String, Asked>,
}

impl Places {
    pub(super) fn of(books: &[&Book<'_>; 2], name: &str) -> Self {
        let mut places = Self {
            users: BTreeMap::new(),
            hosts: BTreeMap::new(),
        };
        for book in books {
            for (_, entry) in book.lines(name) {
                places.add(book.list().header(), &entry);
            }
        }
        places.add_users_met(books);
        places.add_hosts_met();
        places
    }

    /// The same on one host alone.
    pub(super) fn only_on(mut self, host: &str) -> Self {
        let asked = Asked {
            by: host.to_owned(),
            is_met: false,
        };
        self.hosts = BTreeMap::from([(host.to_owned(), asked)]);
        self
    }

    /// Whether two lines are about one place of these.
    pub(super) fn both_fit(&self, book: &Book<'_>, one: &Entry<'_>, other: &Entry<'_>) -> bool {
        let fit = |user: &Asked, host: &Asked| {
            let Ok(query) = Host::parse(&host.by).and_then(|host| Query::new([], &user.by, host))
            else {
                return false;
            };
            let resolved = Resolved::new(book.list().header(), &query);
            one.fits_place(&resolved) && other.fits_place(&resolved)
        };
        let mut users = self.users.values();
        users.any(|user| self.hosts.values().any(|host| fit(user, host)))
    }

    fn add(&mut self, header: &Header, entry: &Entry<'_>) {
        let users = entry.users().split(',');
        self.users
            .extend(users.map(|user| (user.to_owned(), Asked::written(user))));
        let hosts = entry.hosts().split(',');
        let hosts = hosts.flat_map(|host| hosts_of(header, host, CHAIN));
        self.hosts.extend(hosts.map(|(host, by)| {
            let asked = Asked { by, is_met: false };
            (host, asked)
        }));
    }

    /// `@known` too says something of users, without being a line.
    fn add_users_met(&mut self, books: &[&Book<'_>; 2]) {
        let patterns: Vec<String> = self
            .users
            .keys()
            .filter(|user| has_wildcard(user))
            .cloned()
            .collect();
        let known = books.iter().flat_map(|book| book.list().header().known());
        let known = known.flat_map(KnownLine::users).map(String::as_str);
        let others: Vec<&str> = patterns.iter().map(String::as_str).chain(known).collect();
        for one in &patterns {
            for met in others.iter().filter_map(|other| meeting(one, other)) {
                let asked = Asked::met(&met);
                self.users.entry(met).or_insert(asked);
            }
        }
    }

    fn add_hosts_met(&mut self) {
        let written: Vec<String> = self.hosts.keys().cloned().collect();
        // Two names of servers never meet.
        let several = |host: &&String| has_wildcard(host) || host.starts_with('+');
        for one in written.iter().filter(several) {
            for met in written.iter().filter_map(|other| host_meeting(one, other)) {
                let asked = Asked {
                    by: host_sample(&met),
                    is_met: true,
                };
                self.hosts.entry(met).or_insert(asked);
            }
        }
    }
}

/// A server that two items of hosts are both about; none for two names.
fn host_meeting(one: &str, other: &str) -> Option<String> {
    match (one.strip_prefix('+'), other.strip_prefix('+')) {
        (Some(tag), Some(other)) => (tag < other).then(|| format!("+{tag}+{other}")),
        (Some(tag), None) => Some(format!("{other}+{tag}")),
        (None, Some(tag)) => Some(format!("{one}+{tag}")),
        (None, None) if has_wildcard(one) && has_wildcard(other) => meeting(one, other),
        (None, None) => None,
    }
}

/// One server that `NAME+TAG...` stands for.
fn host_sample(host: &str) -> String {
    match host.strip_prefix('+') {
        Some(tags) => format!("{NOBODYS}+{tags}"),
        None => sample(host),
    }
}

/// Whether what was told of one place is told of another as well.
pub(super) fn covers(users: (&str, &str), hosts: (&str, &str)) -> bool {
    let ((user, asked_user), (host, asked_host)) = (users, hosts);
    let Ok(server) = Host::parse(asked_host) else {
        return false;
    };
    let mut parts = host.split('+');
    let name = parts.next().unwrap_or_default();
    let has_tag = |tag: &str| server.fits(&format!("+{tag}"));
    user_fits(user, asked_user, Purpose::Grant)
        && (name.is_empty() || server.fits(name))
        && parts.all(has_tag)
}

/// The hosts that an item stands for, as it is written and as it can be asked about.
pub(super) fn hosts_of(header: &Header, item: &str, depth: usize) -> Vec<(String, String)> {
    let bare = item.strip_prefix('!').unwrap_or(item);
    if bare.starts_with('+') {
        return vec![(bare.to_owned(), host_sample(bare))];
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

/// The longest chain of host sets.
pub(super) const CHAIN: usize = 16;
/// The name of a server of which only tags are said.
const NOBODYS: &str = "zzz";
