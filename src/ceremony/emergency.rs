//! Whether a certificate is one that a plan has for an emergency.

use super::plan::Emergency;
use crate::certificate::{Body, Options};
use crate::wire::RawCertificate;

/// What a role would have signed otherwise than the plan says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmergencyError {
    /// Its key ID is made by the role.
    #[error(
        "the certificate of {name} would have the key ID {made:?} by its role, and the plan has {planned:?}"
    )]
    KeyId {
        /// Whose it is.
        name: String,
        /// What the role makes.
        made: String,
        /// What the plan says.
        planned: String,
    },
    /// A role may add options that nobody asked for.
    #[error("the certificate of {name} would have {made} by its role, and the plan has {planned}")]
    Options {
        /// Whose it is.
        name: String,
        /// What the role comes to.
        made: String,
        /// What the plan says.
        planned: String,
    },
}

/// Holds what a role decided against what the plan says of it.
///
/// # Errors
/// [`EmergencyError`].
pub(super) fn is_as_planned(one: &Emergency, decided: &Body) -> Result<(), EmergencyError> {
    let name = one.name.to_string();
    if decided.key_id != one.key_id {
        let (made, planned) = (decided.key_id.to_string(), one.key_id.to_string());
        return Err(EmergencyError::KeyId {
            name,
            made,
            planned,
        });
    }
    if decided.options != one.options {
        let (made, planned) = (
            options_in_words(&decided.options),
            options_in_words(&one.options),
        );
        return Err(EmergencyError::Options {
            name,
            made,
            planned,
        });
    }
    Ok(())
}

/// The options of a certificate in words: `permit-pty, force-command=/bin/true`.
pub(super) fn options_in_words(options: &Options) -> String {
    let both = options.extensions().iter().chain(options.critical());
    let words = both.map(|(name, value)| match value.as_str() {
        "" => name.clone(),
        value => format!("{name}={value}"),
    });
    let words: Vec<_> = words.collect();
    match words.as_slice() {
        [] => "no options".to_owned(),
        words => words.join(", "),
    }
}

/// Whether a certificate, signed or about to be, is the one of the plan.
pub(super) fn is_that_of(one: &Emergency, raw: &RawCertificate) -> bool {
    other_field(one, raw).is_none()
}

/// The first field in which it is another one: key, names, time, key ID and options are the plan's.
///
/// A class of storage may have added its suffix, to each name the same.
pub(super) fn other_field(one: &Emergency, raw: &RawCertificate) -> Option<&'static str> {
    let validity = (one.validity.valid_after(), one.validity.valid_before());
    let suffix = suffix(one, raw);
    let fields = [
        ("public key", raw.subject_key().as_ref() == Some(&one.key)),
        (
            "validity",
            (raw.valid_after(), raw.valid_before()) == validity,
        ),
        (
            "principals",
            suffix.is_some_and(|suffix| suffix.is_empty() || is_form_of_suffix(suffix)),
        ),
        ("key ID", raw.key_id() == one.key_id.as_str().as_bytes()),
        ("options", one.options.are_those_of(raw)),
    ];
    let other = fields.into_iter().find(|(_, is_same)| !is_same);
    other.map(|(field, _)| field)
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
