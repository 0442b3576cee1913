//! How long certificates of a role may last.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::certificate::{length, length_in_seconds};

/// A length of time, written as `-V` writes one: `8h`, `1d12h`; at most 2^31 - 1 seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    seconds: u64,
    text: String,
}

/// How long certificates last, and how far back they may begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lifetime {
    /// Where nothing is asked for; absent, a length must be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Span>,
    /// How far ahead the end may lie; absent, as far as the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Span>,
    /// How far back the begin may lie, for servers whose clocks are behind; absent, not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_date: Option<Span>,
}

/// A text that is no length of time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no length of time such as 8h, of at most 2147483647 seconds")]
pub struct SpanError(String);

impl Span {
    /// In seconds.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }
}

impl Lifetime {
    /// How far ahead the end may lie, in seconds; 0 allows nothing.
    pub fn longest(&self) -> u64 {
        let longest = self.maximum.as_ref().or(self.default.as_ref());
        longest.map_or(0, Span::seconds)
    }

    /// How far back the begin may lie, in seconds.
    pub fn back(&self) -> u64 {
        self.back_date.as_ref().map_or(0, Span::seconds)
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        match length_in_seconds(&text) {
            Some(seconds) => Ok(Self { seconds, text }),
            None => Err(SpanError(text.chars().take(64).collect())),
        }
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.text
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&length(self.seconds))
    }
}
