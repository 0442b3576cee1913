//! Whether a certificate is one that a plan has for an emergency.

use super::plan::Emergency;
use crate::wire::RawCertificate;

/// Whether a certificate, signed or about to be, is for this key, these names and this time.
///
/// A class of storage may have added its suffix to each name.
pub(super) fn is_that_of(one: &Emergency, raw: &RawCertificate) -> bool {
    let names = one.principals.iter().map(|name| name.as_str().as_bytes());
    let is_named = raw.principals().len() == one.principals.iter().count()
        && raw
            .principals()
            .iter()
            .zip(names)
            .all(|(has, name)| has.starts_with(name));
    let validity = (one.validity.valid_after(), one.validity.valid_before());
    raw.subject_key().as_ref() == Some(&one.key)
        && (raw.valid_after(), raw.valid_before()) == validity
        && is_named
}
