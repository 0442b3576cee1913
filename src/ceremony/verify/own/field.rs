//! One field of an entry, and what it should say.

use crate::signer::Locator;

/// A field that says something else than it should.
pub(super) struct Other {
    pub(super) field: &'static str,
    pub(super) found: String,
    pub(super) wanted: String,
}

pub(super) fn is(field: &'static str, found: &str, wanted: &str) -> Result<(), Other> {
    if found == wanted {
        return Ok(());
    }
    Err(other(field, found.to_owned(), wanted.to_owned()))
}

/// The entry may say more of the device than the place, and nothing else.
pub(super) fn is_place(field: &'static str, found: &str, wanted: &[Locator]) -> Result<(), Other> {
    let there = found.parse::<Locator>().ok();
    let is_it = |place: &Locator| there.as_ref().is_some_and(|there| place.covers(there));
    if wanted.iter().any(is_it) {
        return Ok(());
    }
    let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
    Err(other(field, found.to_owned(), wanted.join(" or ")))
}

pub(super) fn other(field: &'static str, found: String, wanted: String) -> Other {
    Other {
        field,
        found,
        wanted,
    }
}
