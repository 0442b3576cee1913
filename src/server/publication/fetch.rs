//! The next list of a server: taken from a source, and judged beside the one that is there.
//!
//! Who can answer in the source's place can withhold a new list, and nothing else: that shows when
//! the list that is there grows old.

use super::judge::{Expected, Judged, Refusal, judge};
use super::mark::ListMark;
use super::refresh::{SignedRefresh, SignedRefreshError};
use super::signatures::{SIGNATURES_BYTES_MAX, Signatures};
use crate::server::access::{Header, LIST_BYTES_MAX};
use crate::server::fetch::{FetchError, once_more, refused};
use crate::server::source::{Source, SourceError};

/// A list that may be put in place, and what is to be kept beside it.
#[derive(Debug)]
pub struct Fetched {
    /// What it says beside its lines.
    pub header: Header,
    /// How many lines let in or keep out.
    pub lines: usize,
    /// The bytes; none if they are those that are there.
    pub bytes: Option<Vec<u8>>,
    /// What was seen now.
    pub mark: ListMark,
    /// Who signed it.
    pub persons: Vec<String>,
    /// The word that it is fresh, where the source has a good one of this very list; or why
    /// the source's is not believed.
    pub refresh: Option<Result<SignedRefresh, SignedRefreshError>>,
}

/// Takes the signatures, and the list only if they are not those of `installed`.
///
/// A list and signatures that don't match are asked for once more: somebody may have put new
/// ones there in between.
///
/// # Errors
/// [`FetchError`].
pub fn fetch(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected<'_>,
) -> Result<Fetched, FetchError<Refusal>> {
    let torn = |refusal: &Refusal| matches!(refusal, Refusal::OtherSignatures);
    once_more(torn, || try_fetch(source, installed, expected))
}

fn try_fetch(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected<'_>,
) -> Result<Fetched, FetchError<Refusal>> {
    let refused = refused(source);
    let signatures = source.signature().read(SIGNATURES_BYTES_MAX)?;
    let signatures = Signatures::read(&signatures).map_err(|error| refused(error.into()))?;
    let judge = |bytes: &[u8]| judge(bytes, &signatures, installed, expected).map_err(&refused);
    let (judged, bytes) = match installed.filter(|bytes| signatures.any_of(bytes)) {
        Some(bytes) => (judge(bytes)?, None),
        None => {
            let limit = usize::try_from(LIST_BYTES_MAX).unwrap_or(usize::MAX);
            let bytes = source.read(limit)?;
            (judge(&bytes)?, Some(bytes))
        }
    };
    let refresh = refresh(source, &judged, expected.now)?;
    let Judged {
        header,
        lines,
        mark,
        persons,
    } = judged;
    Ok(Fetched {
        header,
        lines,
        bytes: bytes.filter(|bytes| installed != Some(bytes)),
        mark,
        persons,
        refresh,
    })
}

/// What the key of `@fresh` said of this very list. A word of another list is none: one that was
/// published just now has no word of its own yet.
fn refresh(
    source: &Source,
    judged: &Judged,
    now: u64,
) -> Result<Option<Result<SignedRefresh, SignedRefreshError>>, SourceError> {
    if judged.header.fresh().is_none() {
        return Ok(None);
    }
    let bytes = match source.fresh().read(REFRESH_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = match SignedRefresh::read(&bytes) {
        Ok(read) => read,
        Err(error) => return Ok(Some(Err(error))),
    };
    let ListMark { version, sha256 } = judged.mark;
    if (read.refresh().version, read.refresh().sha256) != (version, sha256) {
        return Ok(None);
    }
    Ok(Some(read.check(&judged.header, now).map(|()| read)))
}

const REFRESH_BYTES_MAX: usize = 64 * 1024;
