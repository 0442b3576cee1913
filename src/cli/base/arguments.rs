//! Arguments that several commands parse, and mistakes in them.

use ssh_key::Fingerprint;

use super::failure::{Advised, Failure, Kind};
use crate::certificate::{
    KeyIdError, OptionError, PrincipalError, SerialError, Validity, ValidityError,
};
use crate::config::{self, CaNameError};
use crate::request::ReasonError;

/// A point in time, in the grammar of `-V`.
pub(crate) fn instant(text: &str) -> Result<u64, Failure> {
    let spec = format!("always:{text}");
    let validity = Validity::parse(&spec, config::now(), &config::time_zone)?;
    Ok(validity.valid_before())
}

/// The SHA-256 of a key, as `ssh-keygen -l` prints it.
pub(crate) fn fingerprint(text: &str) -> Result<[u8; 32], String> {
    match text.parse() {
        Ok(Fingerprint::Sha256(hash)) => Ok(hash),
        _ => Err("a fingerprint begins with SHA256: and is what ssh-keygen -l prints".to_owned()),
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
    ValidityError,
    OptionError,
    SerialError,
    ReasonError,
    CaNameError,
);
