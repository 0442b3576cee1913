//! The key ID: free text that servers write to their logs with each use.

use std::fmt;

use serde::Serialize;

use super::text::is_plain;

/// A key ID: 1 to 255 bytes of printable text.
///
/// No control, bidi, zero-width, line-separating, private or unassigned character, so that a
/// log line shows it as it was written.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// Takes a key ID as the operator wrote it.
    ///
    /// # Errors
    /// If it is empty, too long, or holds a character that does not show as itself.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        if text.is_empty() {
            return Err(KeyIdError::Empty);
        }
        if text.len() > MAX_LEN {
            return Err(KeyIdError::TooLong { length: text.len() });
        }
        match text.chars().enumerate().find(|(_, c)| !is_plain(*c)) {
            Some((index, character)) => Err(KeyIdError::Character {
                position: index.saturating_add(1),
                character,
            }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no key ID.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyIdError {
    /// Nothing in it.
    #[error("key ID is empty")]
    Empty,
    /// More bytes than a log line should carry.
    #[error("key ID of {length} bytes is longer than {MAX_LEN}")]
    TooLong {
        /// How many bytes the key ID has.
        length: usize,
    },
    /// A character that hides, rearranges or ends text.
    #[error("key ID holds {character:?} at character {position}, which is not printable")]
    Character {
        /// Which character, counted from 1.
        position: usize,
        /// The character.
        character: char,
    },
}

/// The longest key ID, in bytes.
const MAX_LEN: usize = 255;

#[cfg(test)]
mod tests {
    use super::{KeyId, KeyIdError};

    #[test]
    fn keeps_the_text_as_it_was_written() {
        for text in ["peter, laptop", "x", "Zoë's \"key\" #1", &"a".repeat(255)] {
            assert_eq!(KeyId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_an_empty_and_a_too_long_one() {
        assert_eq!(KeyId::parse(""), Err(KeyIdError::Empty));
        assert_eq!(
            KeyId::parse(&"é".repeat(128)),
            Err(KeyIdError::TooLong { length: 256 })
        );
    }

    #[test]
    fn names_the_character_that_a_log_would_not_show() {
        assert_eq!(
            KeyId::parse("pé\nx"),
            Err(KeyIdError::Character {
                position: 3,
                character: '\n'
            })
        );
        assert_eq!(
            KeyId::parse("a\u{202e}b").unwrap_err().to_string(),
            "key ID holds '\\u{202e}' at character 2, which is not printable"
        );
    }
}
