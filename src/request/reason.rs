//! Why somebody asks.

use std::fmt;
use std::str::FromStr;

use crate::certificate::{KeyId, KeyIdError};

/// A reason in a person's words: 1 to 120 bytes of printable text, so that it fits into a
/// key ID beside the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// A text that is no reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// More than fits.
    #[error("reason of {0} bytes is longer than {LONGEST}")]
    TooLong(usize),
    /// Empty, or with a character that a log would not show.
    #[error("the reason cannot stand in a key ID")]
    Text(#[source] KeyIdError),
}

impl Reason {
    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        if text.len() > LONGEST {
            return Err(ReasonError::TooLong(text.len()));
        }
        KeyId::parse(text).map_err(ReasonError::Text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In bytes.
const LONGEST: usize = 120;
