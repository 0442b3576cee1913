//! Arguments that several commands parse, and mistakes in them.

use std::path::Path;

use ssh_key::{Fingerprint, HashAlg};

use super::failure::{Advised, Failure, Kind};
use super::words::chain;
use crate::certificate::{
    KeyIdError, OptionError, PrincipalError, SerialError, Validity, ValidityError,
    length_in_seconds,
};
use crate::config::{self, CaNameError, SubjectFile};
use crate::request::{ReasonError, ValidityAsked};

/// A point in time, in the grammar of an end of `-V`.
pub(crate) fn instant(text: &str) -> Result<u64, Failure> {
    let spec = format!("always:{text}");
    match Validity::parse(&spec, config::now(), &config::time_zone) {
        Ok(validity) => Ok(validity.valid_before()),
        Err(ValidityError::Form(_)) => {
            Err(Failure::usage(format!("{text:?} is no point in time")).hint(INSTANTS))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the last `-V` of a command line asks for. Those before it count for nothing, as with
/// ssh-keygen, and must be right all the same.
pub(crate) fn last_validity(texts: &[String]) -> Result<Option<ValidityAsked>, Failure> {
    let mut last = None;
    for text in texts {
        let asked = ValidityAsked::parse(text, config::now(), &config::time_zone)?;
        last = Some(asked);
    }
    Ok(last)
}

/// A length of time that is not zero, in seconds.
pub(crate) fn span(text: &str) -> Result<u64, String> {
    let seconds = length_in_seconds(text).filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| "a time is as in 90s, 8h, 2d or 1w".to_owned())
}

/// The SHA-256 of a key, as `ssh-keygen -l` prints it.
pub(crate) fn fingerprint(text: &str) -> Result<[u8; 32], String> {
    match text.parse() {
        Ok(Fingerprint::Sha256(hash)) => Ok(hash),
        _ => Err("a fingerprint begins with SHA256: and is what ssh-keygen -l prints".to_owned()),
    }
}

/// The fingerprint of a key, which is named by it or by its file.
pub(crate) fn key(text: &str) -> Result<[u8; 32], String> {
    if text.starts_with("SHA256:") {
        return fingerprint(text);
    }
    let path = Path::new(text);
    let file = SubjectFile::read(path).map_err(|error| chain(&error))?;
    match file.key.fingerprint(HashAlg::Sha256) {
        Fingerprint::Sha256(hash) => Ok(hash),
        _ => Err("it has no SHA-256 fingerprint".to_owned()),
    }
}

impl Advised for PrincipalError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Empty { .. } => Some(
                "an empty principal can match any user on old servers; write -n peter,erik"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Advised for ValidityError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Form(text) if is_length(text) => {
                return Some(format!("did you mean +{text}?"));
            }
            Self::Form(_) => INTERVALS,
            Self::Relative(_) => {
                "units are s m h d w, as in +1w2d; a year is +52w, half an hour +30m"
            }
            Self::Date(_) | Self::NoSuchTime(_) => INSTANTS,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Whether a text is a length with its unit: a date has digits alone.
fn is_length(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_alphabetic()) && length_in_seconds(text).is_some()
}

/// Errors that nothing but an argument makes.
macro_rules! usage {
    ($($error:ty),* $(,)?) => {$(
        impl Advised for $error {
            fn kind(&self) -> Kind {
                Kind::Usage
            }
        }
    )*};
}

usage!(
    KeyIdError,
    OptionError,
    SerialError,
    ReasonError,
    CaNameError,
);

const INTERVALS: &str = "write +8h (from now on), 2026-12-01 (until then), -5m:+1w, \
    '2026-12-01 09:55:2026-12-31' (UTC), 20261201:20261231 (local time) or always:forever";
const INSTANTS: &str = "write 2026-12-01 or '2026-12-01 09:55' (UTC), 20261201 or 202612010955 \
    (local time, UTC with a Z), -1w or +8h";
