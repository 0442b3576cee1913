//! A list as the files that sshd reads itself, for each account: an `AuthorizedPrincipalsFile`, or
//! `authorized_keys`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::entry::Entry;
use super::super::freshness::Moment;
use super::super::join;
use super::super::pattern::{Purpose, has_wildcard};
use super::super::query::{Host, Query, QueryError};
use super::super::resolved::Resolved;
use super::book::Book;
use super::keys::CaKey;

/// What a list says that no file can say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotRender {
    /// No host.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A directive that decides by more than names.
    #[error("`{0}` can't be said in a file; only the command can keep to it")]
    Directive(&'static str),
    /// A file can't keep anybody out.
    #[error("line {0}: a denial can't be said in a file")]
    Denial(u64),
    /// A file names principals.
    #[error(
        "line {line}: pattern `{pattern}` can't be said in a file without the names that there are"
    )]
    Pattern {
        /// The line.
        line: u64,
        /// The pattern.
        pattern: String,
    },
    /// Files are of accounts.
    #[error("line {line}: users `{users}` can't be said in files; name the accounts")]
    Users {
        /// The line.
        line: u64,
        /// The users.
        users: String,
    },
    /// sshd looks at the first line of a principal alone, also when it is over.
    #[error("line {line} stands behind line {first}, whose end no file can know")]
    BehindExpiry {
        /// The line.
        line: u64,
        /// The line that ends.
        first: u64,
    },
    /// Lines that are joined for some and not for others.
    #[error(
        "line {line} is joined with line {first} for some alone, which can't be said in a file"
    )]
    JoinedForSome {
        /// The line.
        line: u64,
        /// The first line.
        first: u64,
    },
    /// A CA that the list names, and whose key wasn't given.
    #[error("CA {0} of the list can't be said without its key")]
    MissingCa(String),
    /// A key that is none of the list's CAs.
    #[error("no `@ca` of the list names the key {0}")]
    OtherCa(String),
    /// A directory's group that isn't resolved.
    #[error("group `@{0}` of a directory service is not resolved")]
    Unresolved(String),
}

/// The text of each account's file on this host. `names` are all principals that there are, for
/// patterns to be written out.
///
/// # Errors
/// [`CannotRender`], for the first line that no file can say.
pub fn render(
    book: &Book<'_>,
    host: &str,
    names: Option<&[String]>,
    moment: &Moment<'_>,
) -> Result<BTreeMap<String, String>, CannotRender> {
    if !book.list().header().cas().is_empty() {
        return Err(CannotRender::Directive("@ca"));
    }
    let files = files(book, host, names, moment)?;
    let line = |line: &Line| match line.options.as_str() {
        "" => format!("{}\n", line.principal),
        options => format!("{options} {}\n", line.principal),
    };
    let text = |lines: Vec<Line>| lines.iter().map(line).collect();
    Ok(files
        .into_iter()
        .map(|(user, lines)| (user, text(lines)))
        .collect())
}

/// The text of each account's `authorized_keys` on this host: lines that trust these CAs for the
/// principals that the list lets in, for an account that isn't root's to look after.
///
/// sshd goes on behind a line whose options refuse, so a certificate of several principals gets in by
/// any of them, where the command takes the first line alone.
///
/// # Errors
/// [`CannotRender`], for the first line that no file can say.
pub fn render_authorized_keys(
    book: &Book<'_>,
    host: &str,
    names: Option<&[String]>,
    cas: &[CaKey],
    moment: &Moment<'_>,
) -> Result<BTreeMap<String, String>, CannotRender> {
    refuse_other_cas(book, cas)?;
    let files = files(book, host, names, moment)?;
    let text = |lines: Vec<Line>| {
        let lines = lines.iter();
        lines
            .flat_map(|line| cas.iter().map(move |ca| line.trusting(ca)))
            .collect()
    };
    Ok(files
        .into_iter()
        .map(|(user, lines)| (user, text(lines)))
        .collect())
}

/// A principal of an account's file, and the options by which it is let in.
struct Line {
    options: String,
    principal: String,
}

impl Line {
    fn trusting(&self, ca: &CaKey) -> String {
        let comma = if self.options.is_empty() { "" } else { "," };
        format!(
            "cert-authority,principals=\"{}\"{comma}{} {}\n",
            self.principal,
            self.options,
            ca.line()
        )
    }
}

fn refuse_other_cas(book: &Book<'_>, cas: &[CaKey]) -> Result<(), CannotRender> {
    let named = book.list().header().cas();
    if named.is_empty() {
        return Ok(());
    }
    let is_given = |fingerprint: &[u8; 32]| cas.iter().any(|ca| ca.sha256() == fingerprint);
    if let Some(ca) = named.iter().find(|ca| !is_given(ca.fingerprint())) {
        return Err(CannotRender::MissingCa(ca.name().to_owned()));
    }
    let is_other = |ca: &&CaKey| !named.iter().any(|named| named.fingerprint() == ca.sha256());
    match cas.iter().find(is_other) {
        Some(ca) => Err(CannotRender::OtherCa(ca.fingerprint())),
        None => Ok(()),
    }
}

/// The lines of each account's file on this host.
fn files(
    book: &Book<'_>,
    host: &str,
    names: Option<&[String]>,
    moment: &Moment<'_>,
) -> Result<BTreeMap<String, Vec<Line>>, CannotRender> {
    refuse_directives(book)?;
    let place = Query::new([], "root", Host::parse(host)?)?;
    let resolved = Resolved::new(book.list().header(), &place);
    let mut files: BTreeMap<String, Vec<(u64, Entry<'_>)>> = BTreeMap::new();
    for (line, entry) in book.list().entries() {
        if !entry.fits_host(&resolved) {
            continue;
        }
        if entry.purpose() == Purpose::Denial {
            return Err(CannotRender::Denial(*line));
        }
        if has_wildcard(entry.users()) {
            return Err(CannotRender::Users {
                line: *line,
                users: entry.users().to_owned(),
            });
        }
        if !entry.is_over(moment) {
            for user in entry.users().split(',').collect::<BTreeSet<_>>() {
                files
                    .entry(user.to_owned())
                    .or_default()
                    .push((*line, *entry));
            }
        }
    }
    let mut of_users = BTreeMap::new();
    for (user, lines) in files {
        of_users.insert(user, file(book, &lines, names)?);
    }
    Ok(of_users)
}

fn refuse_directives(book: &Book<'_>) -> Result<(), CannotRender> {
    let header = book.list().header();
    if let Some(group) = header.unresolved() {
        return Err(CannotRender::Unresolved(group.to_owned()));
    }
    for (there, directive) in [
        (header.stale().is_some(), "@stale"),
        (!header.known().is_empty(), "@known"),
    ] {
        if there {
            return Err(CannotRender::Directive(directive));
        }
    }
    Ok(())
}

fn file(
    book: &Book<'_>,
    lines: &[(u64, Entry<'_>)],
    names: Option<&[String]>,
) -> Result<Vec<Line>, CannotRender> {
    let mut file = Vec::new();
    // For each principal, the first line, and whether that one ends some day.
    let mut first: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    let mut joined = BTreeSet::new();
    for (at, (line, entry)) in lines.iter().enumerate() {
        if joined.contains(line) {
            continue;
        }
        let (options, with) = options(lines.get(at..).unwrap_or_default())?;
        joined.extend(with);
        for principal in principals(book, *line, entry, names)? {
            match first.get(&principal) {
                Some((earlier, true)) => {
                    return Err(CannotRender::BehindExpiry {
                        line: *line,
                        first: *earlier,
                    });
                }
                Some(_) => continue,
                None => {}
            }
            let ends = !entry.options().expiries().is_empty();
            first.insert(principal.clone(), (*line, ends));
            file.push(Line {
                options: options.clone(),
                principal,
            });
        }
    }
    Ok(file)
}

/// The options of the first of these lines, with those that are joined with it for everybody.
fn options(lines: &[(u64, Entry<'_>)]) -> Result<(String, Vec<u64>), CannotRender> {
    let Some(((first, entry), rest)) = lines.split_first() else {
        return Ok((String::new(), Vec::new()));
    };
    let same: Vec<_> = rest
        .iter()
        .filter(|(_, other)| join::is_same(entry, other))
        .collect();
    let all: Vec<_> = std::iter::once(*entry)
        .chain(same.iter().map(|(_, entry)| *entry))
        .collect();
    let count = join::joined(&all);
    if count > 1 && entry.options().from().is_some() {
        let side_by_side = rest
            .iter()
            .zip(&same)
            .all(|((one, _), (other, _))| one == other);
        if let Some((line, _)) = same.first().filter(|_| !side_by_side) {
            return Err(CannotRender::JoinedForSome {
                line: *line,
                first: *first,
            });
        }
    }
    let taken = all.get(..count).unwrap_or_default();
    let with = same
        .iter()
        .take(count.saturating_sub(1))
        .map(|(line, _)| *line);
    Ok((join::options(taken), with.collect()))
}

/// The principals of a line in the order in which the command would choose them.
fn principals(
    book: &Book<'_>,
    line: u64,
    entry: &Entry<'_>,
    names: Option<&[String]>,
) -> Result<Vec<String>, CannotRender> {
    let mut all: Vec<String> = Vec::new();
    for item in entry.principals().split(',') {
        let own = BTreeSet::from([item]);
        let members = item
            .strip_prefix('@')
            .and_then(|group| book.members(group))
            .unwrap_or(&own);
        let mut of_item = BTreeSet::new();
        for name in members {
            if !has_wildcard(name) {
                of_item.insert((*name).to_owned());
                continue;
            }
            let names = names.ok_or_else(|| CannotRender::Pattern {
                line,
                pattern: (*name).to_owned(),
            })?;
            let suffixes = book.list().header().suffixes();
            let fits = |principal: &&String| {
                super::super::pattern::principal_fits(name, principal, Purpose::Grant, suffixes)
            };
            of_item.extend(names.iter().filter(fits).cloned());
        }
        all.extend(of_item);
    }
    let mut seen = BTreeSet::new();
    all.retain(|name| seen.insert(name.clone()));
    Ok(all)
}
