//! How much of a list is no longer in the next one.

use std::collections::HashMap;
use std::fmt;

use crate::krl::{Authority, Krl};

/// Much that was revoked no longer is: right after a `--prune`, else a reason to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// How many revocations are gone; a run of serials is one.
    pub gone: usize,
    /// How many there were.
    pub before: usize,
}

impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} revocations are gone", self.gone, self.before)
    }
}

/// Something, if at least half of the list is gone, and more than a handful.
pub(super) fn shrunk(before: &Krl, now: &Krl) -> Option<Shrunk> {
    let shrunk = Shrunk {
        gone: gone(before, now),
        before: count(before),
    };
    (shrunk.gone >= HANDFUL && shrunk.gone >= shrunk.before.div_ceil(2)).then_some(shrunk)
}

fn gone(before: &Krl, now: &Krl) -> usize {
    let authorities: HashMap<_, _> = now.authorities().map(|now| (now.ca(), now)).collect();
    let of_ca = |before: &Authority| gone_of_ca(before, authorities.get(&before.ca()).copied());
    let of_cas: usize = before.authorities().map(of_ca).sum();
    of_cas
        + missing(before.keys().iter(), |key| now.keys().contains(key))
        + missing(before.sha1s(), |hash| {
            now.sha1s().binary_search(hash).is_ok()
        })
        + missing(before.sha256s(), |hash| {
            now.sha256s().binary_search(hash).is_ok()
        })
}

/// A run of serials is gone if its first one is.
fn gone_of_ca(before: &Authority, now: Option<&Authority>) -> usize {
    let Some(now) = now else {
        return count_of_ca(before);
    };
    missing(before.serials().ranges(), |range| {
        now.serials().contains(range.first())
    }) + missing(before.key_ids().iter(), |id| now.key_ids().contains(id))
}

fn missing<T>(items: impl IntoIterator<Item = T>, is_there: impl Fn(&T) -> bool) -> usize {
    items.into_iter().filter(|item| !is_there(item)).count()
}

/// How much a list revokes; a run of serials is one.
pub fn count(krl: &Krl) -> usize {
    let of_cas: usize = krl.authorities().map(count_of_ca).sum();
    of_cas + krl.keys().len() + krl.sha1s().len() + krl.sha256s().len()
}

fn count_of_ca(authority: &Authority) -> usize {
    authority.serials().len() + authority.key_ids().len()
}

const HANDFUL: usize = 4;
