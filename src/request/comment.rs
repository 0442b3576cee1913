//! What stands behind a key in its file, and behind the certificate made for it.

use std::fmt;
use std::str::FromStr;

use crate::certificate::is_plain;

/// The comment of a key: at most 1024 bytes of printable text; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment(String);

/// A text that is no comment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommentError {
    /// More than fits.
    #[error("comment of {0} bytes is longer than {LONGEST}")]
    TooLong(usize),
    /// A character that a terminal or a log would not show.
    #[error("comment holds {0:?}, which is not printable")]
    Character(char),
}

impl Comment {
    /// What can be kept of a comment that stands in somebody's file.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        let mut kept = String::new();
        for c in text.chars() {
            let c = if is_plain(c) { c } else { '?' };
            if kept.len().saturating_add(c.len_utf8()) > LONGEST {
                break;
            }
            kept.push(c);
        }
        Self(kept)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Comment {
    type Err = CommentError;

    fn from_str(text: &str) -> Result<Self, CommentError> {
        if text.len() > LONGEST {
            return Err(CommentError::TooLong(text.len()));
        }
        match text.chars().find(|c| !is_plain(*c)) {
            Some(character) => Err(CommentError::Character(character)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LONGEST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_of_a_foreign_comment_what_can_be_printed() {
        assert_eq!(Comment::lossy("a\u{202e}b\n").as_str(), "a?b?");
        let long = Comment::lossy(&"é".repeat(1000));
        assert_eq!(long.as_str().len(), LONGEST);
        assert_eq!(long.as_str().parse(), Ok(long));
    }

    #[test]
    fn refuses_what_cannot_be_printed_and_what_is_too_long() {
        assert_eq!(
            "a\u{1b}".parse::<Comment>(),
            Err(CommentError::Character('\u{1b}'))
        );
        assert_eq!(
            "x".repeat(1025).parse::<Comment>(),
            Err(CommentError::TooLong(1025))
        );
    }
}
