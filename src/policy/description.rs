//! What a role or a CA is for, in the admin's words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::certificate::is_plain;

/// One line for people: 1 to 200 characters, without those that steer a terminal or hide in text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

/// A text that is no description.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a description is one line of 1 to {LONGEST} printable characters")]
pub struct DescriptionError;

impl TryFrom<String> for Description {
    type Error = DescriptionError;

    fn try_from(text: String) -> Result<Self, DescriptionError> {
        let length = text.chars().count();
        if (1..=LONGEST).contains(&length) && text.chars().all(is_plain) && text.trim() == text {
            Ok(Self(text))
        } else {
            Err(DescriptionError)
        }
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_line_of_printable_text() {
        let is_one = |text: &str| Description::try_from(text.to_owned()).is_ok();
        assert!(is_one("Engineers, by day") && is_one("Größe 42") && is_one(&"a".repeat(200)));
        for text in [
            "",
            " ",
            "a ",
            "a\nb",
            "a\u{1b}[31m",
            "a\u{202e}b",
            "a\u{200b}b",
        ] {
            assert!(!is_one(text), "{text:?}");
        }
        assert!(!is_one(&"a".repeat(201)));
    }
}
