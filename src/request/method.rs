//! What a login method is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a login method, as in `[login.keys]`: a letter, then letters, digits and hyphens,
/// all in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MethodName(String);

/// A text that names no login method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a login method's name is at most {LENGTH_MAX} lower-case letters, digits and hyphens, \
     a letter first"
)]
pub struct MethodNameError;

impl MethodName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MethodName {
    type Err = MethodNameError;

    fn from_str(text: &str) -> Result<Self, MethodNameError> {
        let is_meant = text.len() <= LENGTH_MAX
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        is_meant
            .then(|| Self(text.to_owned()))
            .ok_or(MethodNameError)
    }
}

impl TryFrom<String> for MethodName {
    type Error = MethodNameError;

    fn try_from(text: String) -> Result<Self, MethodNameError> {
        text.parse()
    }
}

impl From<MethodName> for String {
    fn from(name: MethodName) -> Self {
        name.0
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LENGTH_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        for name in ["keys", "a", "work-2", &"a".repeat(32)] {
            assert_eq!(name.parse::<MethodName>().unwrap().as_str(), name);
        }
        for name in [
            "",
            "2a",
            "-a",
            "Work",
            "a:b",
            "a b",
            "a\n",
            "ä",
            &"a".repeat(33),
        ] {
            assert_eq!(name.parse::<MethodName>(), Err(MethodNameError), "{name:?}");
        }
    }
}
