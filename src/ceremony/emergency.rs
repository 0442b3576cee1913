//! Whether a certificate is one that a plan has for an emergency.

use super::plan::Emergency;
use crate::wire::RawCertificate;

/// Whether a certificate, signed or about to be, is for this key, these names and this time.
///
/// A class of storage may have added its suffix, to each name the same.
pub(super) fn is_that_of(one: &Emergency, raw: &RawCertificate) -> bool {
    let validity = (one.validity.valid_after(), one.validity.valid_before());
    raw.subject_key().as_ref() == Some(&one.key)
        && (raw.valid_after(), raw.valid_before()) == validity
        && suffix(one, raw).is_some_and(|suffix| suffix.is_empty() || is_form_of_suffix(suffix))
}

/// What stands behind each of the planned names; none where the names are others.
pub(super) fn suffix<'r>(one: &Emergency, raw: &'r RawCertificate) -> Option<&'r [u8]> {
    let (names, has) = (one.principals.iter(), raw.principals().iter());
    if names.len() != has.len() {
        return None;
    }
    let behind = names.zip(has);
    let mut behind = behind.map(|(name, has)| has.strip_prefix(name.as_str().as_bytes()));
    let first = behind.next()??;
    behind.all(|other| other == Some(first)).then_some(first)
}

/// Names of people go on with letters; a suffix begins with a line below.
fn is_form_of_suffix(suffix: &[u8]) -> bool {
    suffix.first() == Some(&b'_')
}
