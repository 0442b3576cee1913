//! A line that lets in or keeps out.

use super::fault::{Misread, Wrong};
use super::freshness::Moment;
use super::header::Header;
use super::line::Word;
use super::name;
use super::options::Options;
use super::pattern::{self, Purpose};
use super::query::Query;
use super::reference::{Kind, check_or_definition};
use super::resolved::Resolved;

/// A line of three columns and options, on the text of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    purpose: Purpose,
    principals: Word<'a>,
    users: Word<'a>,
    hosts: Word<'a>,
    options: Options<'a>,
}

impl<'a> Entry<'a> {
    /// Reads the words of a line, of which there are `count`, perhaps more than four.
    pub(super) fn parse(words: &[Word<'a>; 4], count: usize) -> Result<Self, Misread> {
        let [principals, users, hosts, options] = *words;
        refuse_options_elsewhere([principals, users, hosts], count)?;
        let (purpose, names) = purpose_of(principals);
        let entry = Self {
            purpose,
            principals: names,
            users,
            hosts,
            options: match count {
                3 => Options::default(),
                4 if purpose == Purpose::Grant => Options::parse(options)?,
                4 => return Err(Misread::new(options.column, Wrong::DenialOptions)),
                _ => return Err(Misread::new(options.column, Wrong::ManyColumns)),
            },
        };
        entry.check()?;
        Ok(entry)
    }

    /// Whether it lets in or keeps out.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// The principals, with commas between them, without the `!` of a denial.
    #[must_use]
    pub fn principals(&self) -> &'a str {
        self.principals.text
    }

    /// The users, with commas between them.
    #[must_use]
    pub fn users(&self) -> &'a str {
        self.users.text
    }

    /// The hosts, with commas between them.
    #[must_use]
    pub fn hosts(&self) -> &'a str {
        self.hosts.text
    }

    /// The options; none for a denial.
    #[must_use]
    pub fn options(&self) -> Options<'a> {
        self.options
    }

    /// The principal of the certificate that this line fits, if user and host fit too.
    ///
    /// Of several, that of the first name of the line; of those that one name matches, the first
    /// by its bytes, whatever the order in the certificate.
    #[must_use]
    pub fn fits<'q>(&self, resolved: &Resolved<'_, 'q>) -> Option<&'q str> {
        if !self.fits_place(resolved) {
            return None;
        }
        let mut names = self.principals.text.split(',');
        names.find_map(|item| resolved.principal(item, self.purpose))
    }

    /// Whether it is about the user and the host.
    pub(super) fn fits_place(&self, resolved: &Resolved<'_, '_>) -> bool {
        self.fits_user(resolved.user()) && self.fits_host(resolved)
    }

    /// Whether it is about the host.
    #[must_use]
    pub fn fits_host(&self, resolved: &Resolved<'_, '_>) -> bool {
        let mut hosts = self.hosts.text.split(',');
        hosts.any(|item| resolved.host(item))
    }

    /// Whether a user of a host is one that it is about.
    #[must_use]
    pub fn is_for_user(&self, user: &str) -> bool {
        self.fits_user(user)
    }

    /// Whether it is about the host of a query, by the sets that the list defines.
    #[must_use]
    pub fn is_for_host(&self, header: &Header, query: &Query<'_>) -> bool {
        self.fits_host(&Resolved::new(header, query))
    }

    /// Whether its `expiry-time` is over. sshd takes the earliest of several, and still takes
    /// the second itself.
    #[must_use]
    pub fn is_over(&self, moment: &Moment<'_>) -> bool {
        let now = i64::try_from(moment.now).unwrap_or(i64::MAX);
        let expiries = self.options.expiries();
        expiries
            .iter()
            .any(|expiry| expiry.seconds(moment.zone) < now)
    }

    /// Whether two lines say the same, wherever they stand.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.purpose == other.purpose
            && self.principals() == other.principals()
            && self.users() == other.users()
            && self.hosts() == other.hosts()
            && self.options == other.options
    }

    /// Whether it may fit, told without the definitions of the list: never no where it does.
    pub(super) fn may_fit(&self, query: &Query<'_>) -> bool {
        // One name, as in most lines of a long list.
        if self.principals.plain && !query.principals().contains(&self.principals.text) {
            return false;
        }
        let defined = |item: &str| item.starts_with('@');
        self.fits_user(query.user())
            && self
                .hosts
                .text
                .split(',')
                .any(|item| defined(item) || query.host().fits(item))
            && self.principals.text.split(',').any(|item| {
                let matches = |principal: &&str| pattern::matches(item, principal);
                defined(item) || query.principals().iter().any(matches)
            })
    }

    /// Whether it is about this user of a host.
    #[must_use]
    pub fn fits_user(&self, user: &str) -> bool {
        if self.users.plain {
            return self.users.text == user;
        }
        let mut users = self.users.text.split(',');
        users.any(|item| pattern::user_fits(item, user, self.purpose))
    }

    /// The definitions that its principals and hosts name, with the columns where they do.
    pub(super) fn references(&self) -> impl Iterator<Item = (Kind, Word<'a>)> + use<'a> {
        // Most lines of a long list name nothing but names.
        let column = |word: Word<'a>| {
            (!word.plain)
                .then(|| name::items(word))
                .into_iter()
                .flatten()
        };
        let groups = column(self.principals).map(|item| (Kind::Group, item));
        let sets = column(self.hosts).map(|item| (Kind::Hosts, item));
        groups.chain(sets).filter_map(|(kind, item)| {
            let item = item.ok()?;
            let name = item.text.strip_prefix('@')?;
            let column = item.column.saturating_add(1);
            Some((kind, Word::part(column, name)))
        })
    }

    /// The first of its principals that has a wildcard itself.
    pub(super) fn wildcard(&self) -> Option<Word<'a>> {
        if self.principals.plain || !pattern::has_wildcard(self.principals.text) {
            return None;
        }
        let mut items = name::items(self.principals).filter_map(Result::ok);
        items.find(|item| pattern::has_wildcard(item.text))
    }

    fn check(&self) -> Result<(), Misread> {
        let all = [self.principals, self.users, self.hosts];
        if all
            .iter()
            .all(|word| word.plain && word.text.len() <= name::NAME_BYTES_MAX)
        {
            return Ok(());
        }
        for item in name::items(self.principals) {
            check_or_definition(item?, "group", name::check_principal)?;
        }
        for item in name::items(self.users) {
            name::check_user(item?)?;
        }
        for item in name::items(self.hosts) {
            let item = item?;
            if item.text.starts_with('!') {
                return Err(Misread::new(item.column, Wrong::DenialInColumn("hosts")));
            }
            check_or_definition(item, "host set", name::check_host)?;
        }
        Ok(())
    }
}

fn purpose_of(principals: Word<'_>) -> (Purpose, Word<'_>) {
    match principals.text.strip_prefix('!') {
        Some(text) => {
            let column = principals.column.saturating_add(1);
            (Purpose::Denial, Word::part(column, text))
        }
        None => (Purpose::Grant, principals),
    }
}

/// Names the form of a line to whoever writes options behind the principals, as files of
/// principals never had them.
fn refuse_options_elsewhere(columns: [Word<'_>; 3], count: usize) -> Result<(), Misread> {
    for (word, column) in columns
        .iter()
        .zip(["principal", "user", "host"])
        .take(count)
    {
        if !word.plain && word.text.bytes().any(|byte| matches!(byte, b'=' | b'"')) {
            return Err(Misread::new(word.column, Wrong::OptionInColumn { column }));
        }
    }
    if count < 3 {
        let column = columns.first().map_or(1, |first| first.column);
        return Err(Misread::new(column, Wrong::Columns { found: count }));
    }
    Ok(())
}
