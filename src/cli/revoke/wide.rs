//! Ranges of serials that take in most of a CA, or what it has yet to give out.

use std::ops::RangeInclusive;

use super::preview::certificates;
use crate::cli::base::failure::Failure;
use crate::ledger::{Ca, Ledger};
use crate::revocation::Caught;

/// What each wide range means, in words: one digit too many in it ends a CA.
pub(super) fn ranges(
    serials: &[RangeInclusive<u64>],
    ca: Option<&Ca>,
    ledger: &Ledger,
    caught: &Caught,
) -> Result<Vec<String>, Failure> {
    let ranges = serials.iter().filter(|range| range.start() < range.end());
    let ranges: Vec<_> = ranges.collect();
    let Some(ca) = ca.filter(|_| !ranges.is_empty()) else {
        return Ok(Vec::new());
    };
    let next = ledger.next_serial(ca)?.map(|serial| serial.number());
    let total = ledger.reserved_of(ca)?;
    let words = ranges.into_iter().filter_map(|range| {
        let hits = caught.certificates.iter();
        let caught = hits.filter(|hit| range.contains(&hit.serial)).count();
        let ahead = next.filter(|next| range.end() >= next);
        let is_most = caught > 1 && caught.saturating_mul(2) > total;
        (ahead.is_some() || is_most).then(|| words(range, ca, caught, total, ahead))
    });
    Ok(words.collect())
}

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
