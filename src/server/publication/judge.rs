//! Whether a list may take the place of another.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::loss::{Loss, losses};
use super::mark::ListMark;
use super::signatures::{Signatures, SignaturesError};
use super::signers::next_signers;
use crate::request::AllowedSigners;
use crate::server::access::{Fault, Header, Host, List, Moment, Refreshed};

/// What a list must be, to be taken.
pub struct Expected<'a> {
    /// Whose key is whose.
    pub signers: &'a AllowedSigners,
    /// How many persons must have signed.
    pub at_least: usize,
    /// What this server has seen of the list before; none on the first fetch.
    pub mark: Option<ListMark>,
    /// This server; none for one that no list names a canary.
    pub host: Option<&'a Host<'a>>,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// The zone of times without one.
    pub zone: &'a dyn Fn() -> TimeZone,
    /// Who resolves the groups that a directory service holds.
    pub resolves: Resolves,
    /// The version that root takes whatever was seen, whatever is gone, and without waiting.
    pub accept_version: Option<u64>,
}

/// Who resolves the groups that a directory service holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolves {
    /// Whoever publishes: a list with an unresolved group is refused.
    Publisher,
    /// This server, before the list is put in place.
    Server,
}

/// Why a list is not put in place. What is there stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// What lies beside it are no signatures.
    #[error("the signatures beside the list")]
    Signatures(#[from] SignaturesError),
    /// None of the signatures is of these bytes.
    #[error("no signature beside it is of this list")]
    OtherSignatures,
    /// Too few persons signed.
    #[error("signed by {}, and {wanted} of the allowed signers must have signed", names(.signed))]
    Persons {
        /// Who did.
        signed: Vec<String>,
        /// How many must.
        wanted: usize,
    },
    /// It is signed, and no list.
    #[error("signed, but no access list")]
    Invalid(#[from] Fault),
    /// Nobody published it.
    #[error("a list without `@version`: it was never published")]
    NoVersion,
    /// A group that whoever publishes has to resolve.
    #[error("group `@{0}` of a directory service is not resolved")]
    Unresolved(String),
    /// An older list than one that was seen here.
    #[error("version {fetched} is older than version {seen}, which was seen here")]
    Older {
        /// The highest version that was seen.
        seen: u64,
        /// That of the source.
        fetched: u64,
    },
    /// Another list of the version that was seen.
    #[error("another list than the one of the same version {0} that was seen here")]
    SameVersion(u64),
    /// A version that would shut out every right list behind it.
    #[error("version {version} is {days} days ahead of this machine's clock")]
    Ahead {
        /// The version.
        version: u64,
        /// By how many days.
        days: u64,
    },
    /// Much of it is gone, and whoever published it doesn't say that this is meant.
    #[error("{}", losses_in_words(.0))]
    Shrunk(Vec<Loss>),
    /// It names fewer signers than this server wants: no list behind it could be taken.
    #[error("persons who may sign the next list: {named}, and {wanted} must")]
    FewSigners {
        /// The persons of its `@signer` lines.
        named: usize,
        /// How many must sign.
        wanted: usize,
    },
    /// Others take it first.
    #[error("version {version} waits for its canaries for {seconds} s more")]
    Waits {
        /// Its version.
        version: u64,
        /// For how long.
        seconds: u64,
    },
}

/// A list that may be put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) header: Header,
    pub(super) lines: usize,
    pub(super) mark: ListMark,
    /// Who signed it; nobody is asked about a list that was believed before.
    pub(super) persons: Vec<String>,
}

/// Judges the bytes of a list by their signatures, by what was seen, and by the list that is
/// there. A file that is there and is no list says nothing: nobody gets in by it.
pub(super) fn judge(
    bytes: &[u8],
    signatures: &Signatures,
    installed: Option<&[u8]>,
    expected: &Expected<'_>,
) -> Result<Judged, Refusal> {
    if !signatures.any_of(bytes) {
        return Err(Refusal::OtherSignatures);
    }
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let believed = expected.mark.is_some_and(|mark| mark.sha256 == sha256);
    let persons = signatures.persons(bytes, expected.signers, expected.now);
    let persons: Vec<_> = persons.into_iter().collect();
    // What was believed stays so: a list may name others than its signers for the next one.
    if !believed && persons.len() < expected.at_least.max(1) {
        return Err(Refusal::Persons {
            signed: persons,
            wanted: expected.at_least.max(1),
        });
    }
    let list = List::parse(bytes)?;
    let version = list.header().version().ok_or(Refusal::NoVersion)?;
    refuse_what_locks_out(list.header(), expected)?;
    let mark = ListMark { version, sha256 };
    let before = installed.and_then(|bytes| List::parse(bytes).ok());
    if expected.accept_version != Some(version) {
        refuse_going_back(&mark, before.as_ref(), expected)?;
        if !believed {
            refuse_shrunk(&list, before.as_ref(), expected)?;
            refuse_to_go_first(list.header(), version, expected)?;
        }
    }
    Ok(Judged {
        lines: list.entries().len(),
        header: list.header().clone(),
        mark,
        persons,
    })
}

fn refuse_what_locks_out(header: &Header, expected: &Expected<'_>) -> Result<(), Refusal> {
    if let (Some(group), Resolves::Publisher) = (header.unresolved(), expected.resolves) {
        return Err(Refusal::Unresolved(group.to_owned()));
    }
    match next_signers(header) {
        Some((_, named)) if named < expected.at_least => Err(Refusal::FewSigners {
            named,
            wanted: expected.at_least,
        }),
        _ => Ok(()),
    }
}

fn refuse_going_back(
    mark: &ListMark,
    before: Option<&List<'_>>,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let fetched = mark.version;
    let marked = expected.mark.map(|mark| mark.version);
    let seen = before.and_then(|list| list.header().version()).max(marked);
    if let Some(seen) = seen.filter(|seen| fetched < *seen) {
        return Err(Refusal::Older { seen, fetched });
    }
    match expected.mark {
        Some(seen) if seen.version == fetched && seen.sha256 != mark.sha256 => {
            return Err(Refusal::SameVersion(fetched));
        }
        _ => {}
    }
    let ahead = fetched.saturating_sub(expected.now);
    if ahead > A_DAY {
        return Err(Refusal::Ahead {
            version: fetched,
            days: ahead / A_DAY,
        });
    }
    Ok(())
}

/// A list says up to which version others may have held more than it does.
fn refuse_shrunk(
    list: &List<'_>,
    before: Option<&List<'_>>,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let Some(before) = before else { return Ok(()) };
    let stamped = list.header().shrinks();
    if stamped.is_some() && before.header().version() <= stamped {
        return Ok(());
    }
    let moment = Moment {
        now: expected.now,
        refreshed: Refreshed::AsPublished,
        zone: expected.zone,
    };
    let lost = losses(before, list, expected.host, &moment);
    if lost.is_empty() {
        return Ok(());
    }
    Err(Refusal::Shrunk(lost))
}

fn refuse_to_go_first(
    header: &Header,
    version: u64,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    let Some(canary) = header.canary() else {
        return Ok(());
    };
    let until = version.saturating_add(canary.seconds());
    let seconds = until.saturating_sub(expected.now);
    if seconds == 0 || expected.host.is_some_and(|host| canary.is(host)) {
        return Ok(());
    }
    Err(Refusal::Waits { version, seconds })
}

fn names(signed: &[String]) -> String {
    match signed {
        [] => "nobody".to_owned(),
        names => names.join(", "),
    }
}

fn losses_in_words(losses: &[Loss]) -> String {
    let words: Vec<_> = losses.iter().map(Loss::to_string).collect();
    format!("{}, and nobody said that this is meant", words.join("; "))
}

/// How far a version may be ahead, in seconds; clocks differ by less.
const A_DAY: u64 = 86_400;
