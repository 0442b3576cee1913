//! How often somebody may ask a server.

use serde::Deserialize;

/// The value of `limits` in `[serve]`: requests a minute, each at least 1. So many may come at once, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeLimits {
    /// Of one address (an IPv6 network of 64 bits is one), without a session.
    #[serde(deserialize_with = "at_least_one")]
    pub address: u32,
    /// Of one session.
    #[serde(deserialize_with = "at_least_one")]
    pub session: u32,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            address: 3_000,
            session: 6_000,
        }
    }
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(input)?;
    let none = || serde::de::Error::custom("0 a minute would let nobody in; write 1 or more");
    Some(number).filter(|number| *number > 0).ok_or_else(none)
}
