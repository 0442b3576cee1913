//! A user's request: what it asks, for which key, and where it is written.

pub(crate) mod asked;
pub(crate) mod evidence;
pub(crate) mod key;
mod made_before;

use std::path::Path;

use super::failure::{Advised, At, Failure};
use super::terminal::product;
use crate::output;
use crate::request::{RequestFile, SignRequestError, SshKeygenError};

/// Writes a signed request, to stdout for `-`.
pub(crate) fn write(out: &Path, file: &RequestFile) -> Result<(), Failure> {
    let text = file.to_text().at("the request cannot be encoded")?;
    if out == Path::new("-") {
        return product(text.trim_end());
    }
    output::write(out, text.as_bytes(), MODE).at("cannot write")
}

impl Advised for SshKeygenError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Failed(_) => Some(
                "name the key with --key FILE; the private key lies beside the public one, or is in \
                 the ssh-agent (ssh-add)"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl Advised for SignRequestError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::SshKeygen(SshKeygenError::Failed(_)) => Some(
                "the private key must lie beside the public one, or be in the ssh-agent (ssh-add)"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// A request is no secret.
const MODE: u32 = 0o644;
