//! Ranges of serials that take in most of a CA, or what it has yet to give out.

use std::ops::RangeInclusive;

use super::preview::certificates;
use crate::cli::base::failure::Failure;
use crate::ledger::{Ca, Ledger};
use crate::revocation::Caught;

/// A range of which a person is asked.
pub(super) struct Wide {
    /// What it takes in.
    pub(super) words: String,
    /// Whether it leaves the CA no serial to give out.
    pub(super) ends_ca: bool,
}

/// What each wide range means: one digit too many in it ends a CA.
pub(super) fn ranges(
    serials: &[RangeInclusive<u64>],
    ca: Option<&Ca>,
    ledger: &Ledger,
    caught: &Caught,
) -> Result<Vec<Wide>, Failure> {
    let ranges = serials.iter().filter(|range| range.start() < range.end());
    let ranges: Vec<_> = ranges.collect();
    let Some(ca) = ca.filter(|_| !ranges.is_empty()) else {
        return Ok(Vec::new());
    };
    let next = ledger.next_serial(ca)?.map(|serial| serial.number());
    let total = ledger.reserved_of(ca)?;
    let wide = ranges.into_iter().filter_map(|range| {
        let hits = caught.certificates.iter();
        let caught = hits.filter(|hit| range.contains(&hit.serial)).count();
        let ahead = next.filter(|next| range.end() >= next);
        let is_most = caught > 1 && caught.saturating_mul(2) > total;
        (ahead.is_some() || is_most).then(|| Wide {
            words: words(range, ca, caught, total, ahead),
            ends_ca: ahead.is_some_and(|next| range.contains(&next) && *range.end() == u64::MAX),
        })
    });
    Ok(wide.collect())
}

/// A script that names all that a CA has yet to give out has a digit too many, or wants its end, which is said
/// otherwise.
pub(super) fn refuse_unattended_end(wide: &[Wide]) -> Result<(), Failure> {
    match wide.iter().find(|wide| wide.ends_ca) {
        None => Ok(()),
        Some(wide) => Err(Failure::new(format!(
            "{}: no serial is left to the CA then, and nobody is there to be asked",
            wide.words
        ))
        .hint(END_IT_OTHERWISE)),
    }
}

const END_IT_OTHERWISE: &str = "end the range with a serial that was given out (`punchmark ledger list`); \
                                a CA that is to sign no more: `punchmark ca retire`";

fn words(
    range: &RangeInclusive<u64>,
    ca: &Ca,
    caught: usize,
    total: usize,
    ahead: Option<u64>,
) -> String {
    let (first, last, ca) = (range.start(), range.end(), ca.name());
    let caught = match caught {
        all if all == total => format!("all {}", certificates(total)),
        some => format!("{some} of {}", certificates(total)),
    };
    let to_come = ahead.map(|next| {
        let first = next.max(*first);
        format!(", and {first} to {last}, which it has yet to give out")
    });
    let to_come = to_come.unwrap_or_default();
    format!("serials {first} to {last} of {ca}: {caught} of it{to_come}")
}
