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
    /// Nothing in it.
    #[error("the reason is empty")]
    Empty,
    /// A character that hides, rearranges or ends text.
    #[error("the reason holds {character:?} at character {position}, which is not printable")]
    Character {
        /// Which character, counted from 1.
        position: usize,
        /// The character.
        character: char,
    },
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
        match KeyId::parse(text) {
            Ok(_fits) => Ok(Self(text.to_owned())),
            Err(KeyIdError::Empty) => Err(ReasonError::Empty),
            Err(KeyIdError::TooLong { length }) => Err(ReasonError::TooLong(length)),
            Err(KeyIdError::Character {
                position,
                character,
            }) => Err(ReasonError::Character {
                position,
                character,
            }),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In bytes.
const LONGEST: usize = 120;
