//! How often a key in a slot wants its PIN and a touch. Set when the key is made, for good.

use std::fmt;

use serde::{Deserialize, Serialize};

/// When the PIN is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinPolicy {
    /// Never.
    Never,
    /// Once, until the card is reset or another applet is selected.
    Once,
    /// Right before each signature.
    Always,
}

/// When a touch is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TouchPolicy {
    /// Never.
    Never,
    /// For each signature.
    Always,
    /// For a signature, if the last touch is more than 15 seconds ago.
    Cached,
}

impl fmt::Display for PinPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::Once => "once",
            Self::Always => "always",
        })
    }
}

impl fmt::Display for TouchPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Cached => "cached",
        })
    }
}
