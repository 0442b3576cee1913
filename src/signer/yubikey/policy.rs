//! How often a key in a slot wants its PIN and a touch. Set when the key is made, for good.

use std::fmt;

use serde::{Deserialize, Serialize};

/// When the PIN is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PinPolicy {
    /// No PIN is wanted.
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
    /// No touch is wanted.
    Never,
    /// A touch is wanted for each signature.
    Always,
    /// A touch is wanted for a signature, if the last one is more than 15 seconds ago.
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

#[cfg(feature = "yubikey")]
impl super::NewSlotKey<'_> {
    /// Whether a signature of the new key will want the PIN.
    pub(super) fn wants_pin(&self) -> bool {
        self.pin != Some(PinPolicy::Never)
    }

    /// The policies as the card's commands have them; the strictest, unless told otherwise.
    pub(super) fn policies(&self) -> (::yubikey::PinPolicy, ::yubikey::TouchPolicy) {
        let pin = match self.pin.unwrap_or(PinPolicy::Always) {
            PinPolicy::Never => ::yubikey::PinPolicy::Never,
            PinPolicy::Once => ::yubikey::PinPolicy::Once,
            PinPolicy::Always => ::yubikey::PinPolicy::Always,
        };
        let touch = match self.touch.unwrap_or(TouchPolicy::Always) {
            TouchPolicy::Never => ::yubikey::TouchPolicy::Never,
            TouchPolicy::Always => ::yubikey::TouchPolicy::Always,
            TouchPolicy::Cached => ::yubikey::TouchPolicy::Cached,
        };
        (pin, touch)
    }
}
