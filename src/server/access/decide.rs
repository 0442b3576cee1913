//! Whether somebody gets in, by which line, and why.

use super::entry::Entry;
use super::freshness::{Moment, Staleness};
use super::header::Header;
use super::join;
use super::known::{KnownCertificates, Standing};
use super::pattern::Purpose;
use super::presented::Presented;
use super::query::Query;
use super::resolved::Resolved;

/// What a list says to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// Every line that fits, in the order of the list.
    pub fitting: Vec<Fitting>,
    /// Why the list counts for some alone, if it does.
    pub stale: Option<Staleness>,
    /// Where the certificate stands by its ledger, for an account of `@known`.
    pub standing: Option<Standing>,
}

/// The answer of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This line lets in, if sshd finds the certificate good, and the options allow it.
    Line {
        /// The number of the line.
        line: u64,
        /// The lines that were joined with it, by their `from`.
        joined: Vec<u64>,
        /// The principal of the certificate.
        principal: String,
        /// What is printed for sshd, without a newline.
        printed: String,
    },
    /// Nobody gets in.
    Nothing(Why),
}

/// Why nobody gets in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// It is a host's certificate.
    #[error("it is a host certificate")]
    HostCertificate,
    /// Its CA doesn't count here.
    #[error("its CA is none that the list names")]
    OtherCa,
    /// A line keeps one of its principals out.
    #[error("line {line} denies {principal}")]
    Denied {
        /// The line.
        line: u64,
        /// The principal.
        principal: String,
    },
    /// No line fits.
    #[error("no line lets it in")]
    NotListed,
    /// All lines that fit are over.
    #[error("line {line} has expired")]
    Expired {
        /// The first of them.
        line: u64,
    },
    /// The list is too old for this principal.
    #[error("{0}, and no exception")]
    Stale(Staleness),
    /// The ledger of its CA doesn't know it.
    #[error("the ledger of CA {ca} doesn't know it")]
    NotKnown {
        /// The CA, by its name in the list.
        ca: String,
    },
    /// What the ledger knows is too old or isn't there.
    #[error("what the ledger of CA {ca} knows is missing, broken or too old")]
    NotTold {
        /// The CA, by its name in the list.
        ca: String,
    },
}

/// A line that fits a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitting {
    /// Its number.
    pub line: u64,
    /// Whether it lets in or keeps out.
    pub purpose: Purpose,
    /// The principal that it fits.
    pub principal: String,
    /// Whether its `expiry-time` is over.
    pub expired: bool,
}

/// Why a list that is valid can't decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// Who is in a group isn't known.
    #[error("group `@{0}` of a directory service is not resolved")]
    Unresolved(String),
}

/// Who shows what, and what is known beside the list.
#[derive(Clone, Copy)]
pub struct Asking<'a, 'q> {
    /// The certificate; none where only principals are asked about.
    pub certificate: Option<&'a Presented>,
    /// Its principals, the user and the host.
    pub query: &'a Query<'q>,
    /// The time.
    pub moment: &'a Moment<'a>,
    /// What the ledgers of the CAs know.
    pub known: &'a dyn KnownCertificates,
}

/// Decides by the lines of a list, of which those that can't fit may be left out.
///
/// The first grant in the order of the list decides, since sshd looks at no second line that
/// fits; a denial that fits any principal keeps the whole certificate out, wherever it stands.
///
/// # Errors
/// [`Doubt`], where nobody may get in.
pub fn decide<'e>(
    header: &Header,
    entries: impl IntoIterator<Item = (u64, Entry<'e>)>,
    asking: &Asking<'_, '_>,
) -> Result<Decision, Doubt> {
    if let Some(group) = header.unresolved() {
        return Err(Doubt::Unresolved(group.to_owned()));
    }
    let stale = asking.moment.staleness(header);
    if let Some(why) = refused_at_sight(header, asking.certificate) {
        return Ok(nothing(why, Vec::new(), stale, None));
    }
    let wanted = Wanted::of(header, asking);
    let standing = wanted.as_ref().map(|wanted| wanted.standing);
    // A certificate for emergencies is for the day on which nothing new comes any more.
    let too_old = stale.filter(|_| standing != Some(Standing::Emergency));
    let lines = Lines::fitting(header, entries, asking, too_old);
    let refused = |why| Ok(nothing(why, lines.said(), stale, standing));
    if let Some(why) = lines.denied() {
        return refused(why);
    }
    let grants: Vec<_> = lines.all.iter().filter(|line| line.counts()).collect();
    let Some(first) = grants.first() else {
        return refused(lines.why_none(too_old));
    };
    if let Some(why) = wanted.as_ref().and_then(Wanted::why_not) {
        return refused(why);
    }
    let entries: Vec<_> = grants.iter().map(|line| line.entry).collect();
    let count = join::joined(&entries);
    let options = join::options(entries.get(..count).unwrap_or_default());
    let joined = grants.iter().take(count).skip(1);
    Ok(Decision {
        outcome: Outcome::Line {
            line: first.number,
            joined: joined.map(|line| line.number).collect(),
            principal: first.principal.to_owned(),
            printed: printed(&options, first.principal),
        },
        fitting: lines.said(),
        stale,
        standing,
    })
}

/// The lines that fit a query.
struct Lines<'e, 'q> {
    all: Vec<Line<'e, 'q>>,
    /// The first grant that only a list of less age would let in.
    too_old: Option<u64>,
}

struct Line<'e, 'q> {
    number: u64,
    entry: Entry<'e>,
    principal: &'q str,
    expired: bool,
}

impl<'e, 'q> Lines<'e, 'q> {
    fn fitting(
        header: &Header,
        entries: impl IntoIterator<Item = (u64, Entry<'e>)>,
        asking: &Asking<'_, 'q>,
        stale: Option<Staleness>,
    ) -> Self {
        let excepted = match stale {
            Some(_) => excepted(header, asking.query),
            None => asking.query.clone(),
        };
        let (all, some) = (
            Resolved::new(header, asking.query),
            Resolved::new(header, &excepted),
        );
        let mut lines = Self {
            all: Vec::new(),
            too_old: None,
        };
        for (number, entry) in entries {
            let Some(any) = entry.fits(&all) else {
                continue;
            };
            let principal = match entry.purpose() {
                Purpose::Denial => Some(any),
                Purpose::Grant => entry.fits(&some),
            };
            let Some(principal) = principal else {
                lines.too_old.get_or_insert(number);
                continue;
            };
            let expired = entry.is_over(asking.moment);
            lines.all.push(Line {
                number,
                entry,
                principal,
                expired,
            });
        }
        lines
    }

    fn denied(&self) -> Option<Why> {
        let mut lines = self.all.iter();
        let denial = lines.find(|line| line.entry.purpose() == Purpose::Denial)?;
        Some(Why::Denied {
            line: denial.number,
            principal: denial.principal.to_owned(),
        })
    }

    /// Why no grant is left.
    fn why_none(&self, stale: Option<Staleness>) -> Why {
        match (self.all.first(), stale) {
            (Some(expired), _) => Why::Expired {
                line: expired.number,
            },
            (None, Some(stale)) if self.too_old.is_some() => Why::Stale(stale),
            (None, _) => Why::NotListed,
        }
    }

    fn said(&self) -> Vec<Fitting> {
        let said = |line: &Line<'_, '_>| Fitting {
            line: line.number,
            purpose: line.entry.purpose(),
            principal: line.principal.to_owned(),
            expired: line.expired,
        };
        self.all.iter().map(said).collect()
    }
}

impl Line<'_, '_> {
    fn counts(&self) -> bool {
        self.entry.purpose() == Purpose::Grant && !self.expired
    }
}

fn nothing(
    why: Why,
    fitting: Vec<Fitting>,
    stale: Option<Staleness>,
    standing: Option<Standing>,
) -> Decision {
    Decision {
        outcome: Outcome::Nothing(why),
        fitting,
        stale,
        standing,
    }
}

/// What the certificate alone says against it.
fn refused_at_sight(header: &Header, certificate: Option<&Presented>) -> Option<Why> {
    let certificate = certificate?;
    if certificate.is_host() {
        return Some(Why::HostCertificate);
    }
    let counts = |ca: &super::header::Ca| ca.fingerprint() == certificate.ca();
    let any = header.cas().is_empty() || header.cas().iter().any(counts);
    (!any).then_some(Why::OtherCa)
}

/// The query for the principals alone that a list of any age lets in.
fn excepted<'q>(header: &Header, query: &Query<'q>) -> Query<'q> {
    let except = header
        .stale()
        .map(|stale| stale.except())
        .unwrap_or_default();
    query.only(|principal| {
        let alone = query.only(|other| other == principal);
        let resolved = Resolved::new(header, &alone);
        let mut items = except.iter();
        items.any(|item| resolved.principal(item, Purpose::Grant).is_some())
    })
}

/// What an account of `@known` wants of a certificate: that its CA's ledger knows it.
struct Wanted<'l> {
    ca: &'l str,
    standing: Standing,
}

impl<'l> Wanted<'l> {
    /// None where the account wants nothing, or no certificate is asked about.
    fn of(header: &'l Header, asking: &Asking<'_, '_>) -> Option<Self> {
        let seconds_max = header.known_within(asking.query.user())?;
        let certificate = asking.certificate?;
        let mut cas = header.cas().iter();
        let ca = cas.find(|ca| ca.fingerprint() == certificate.ca())?.name();
        Some(Self {
            ca,
            standing: asking.known.standing(ca, certificate, seconds_max),
        })
    }

    fn why_not(&self) -> Option<Why> {
        let ca = self.ca.to_owned();
        match self.standing {
            Standing::Known | Standing::Emergency => None,
            Standing::Unknown => Some(Why::NotKnown { ca }),
            Standing::NotTold => Some(Why::NotTold { ca }),
        }
    }
}

/// A line as `auth_check_principals_line` of OpenSSH reads it: the last word is the principal.
fn printed(options: &str, principal: &str) -> String {
    match options {
        "" => principal.to_owned(),
        _ => format!("{options} {principal}"),
    }
}
