//! A group that somebody is in, by the word of a login method.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::method::{MethodName, MethodNameError};
use crate::certificate::is_plain;

/// A group, with the method that says who is in it: it counts with that method alone. It is
/// written `work:engineers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group {
    method: MethodName,
    name: String,
}

/// A text that names no group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// Two methods may have a group of that name, with others in it.
    #[error("{0:?} says no login method: a group is written METHOD:NAME, as work:engineers")]
    NoMethod(String),
    /// What stands before the colon is no method's name.
    #[error("{text:?}")]
    Method {
        /// The whole text.
        text: String,
        /// What is wrong with the method.
        source: MethodNameError,
    },
    /// The method can't call a group so.
    #[error("a group's name is 1 to {LENGTH_MAX} bytes of printable text, with no space around it")]
    Name,
}

impl Group {
    /// A group of a method, by its name there.
    ///
    /// # Errors
    /// [`GroupError::Name`].
    pub fn new(method: MethodName, name: &str) -> Result<Self, GroupError> {
        let is_meant = (1..=LENGTH_MAX).contains(&name.len())
            && name.chars().all(is_plain)
            && name.trim() == name;
        let name = name.to_owned();
        is_meant
            .then_some(Self { method, name })
            .ok_or(GroupError::Name)
    }

    /// The method that says who is in it.
    #[must_use]
    pub fn method(&self) -> &MethodName {
        &self.method
    }

    /// The name that the method has for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Group {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, GroupError> {
        let shown = || text.chars().take(SHOWN_MAX).collect();
        let (method, name) = text
            .split_once(':')
            .ok_or_else(|| GroupError::NoMethod(shown()))?;
        let method = method.parse().map_err(|source| GroupError::Method {
            text: shown(),
            source,
        })?;
        Self::new(method, name)
    }
}

impl TryFrom<String> for Group {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(
            |error: GroupError| match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            },
        )
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.to_string()
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.method, self.name)
    }
}

/// In bytes.
const LENGTH_MAX: usize = 256;
/// Of a text that is none, in a message.
const SHOWN_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_written_with_its_method_and_read_back() {
        for text in [
            "work:engineers",
            "work:/staff/engineers",
            "work:CN=Web, OU=Staff",
            "w:a:b",
        ] {
            assert_eq!(text.parse::<Group>().unwrap().to_string(), text);
        }
        let group: Group = "w:a:b".parse().unwrap();
        assert_eq!((group.method().as_str(), group.name()), ("w", "a:b"));
    }

    #[test]
    fn a_group_without_a_method_or_with_hidden_text_is_none() {
        for text in [
            "",
            "engineers",
            ":engineers",
            "Work:engineers",
            "work:",
            "work: a",
            "work:a\n",
            "work:a\u{202e}b",
            &format!("work:{}", "a".repeat(257)),
        ] {
            assert!(text.parse::<Group>().is_err(), "{text:?}");
        }
    }
}
