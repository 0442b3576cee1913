//! How a CA is called in the config.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::parsed;

/// The name of a CA: 1 to 64 of `a-z A-Z 0-9 _ -`, not beginning with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaName(String);

/// A name that no CA can have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name for a CA; 1 to 64 letters, digits, `_` or `-`, not beginning with `-`")]
pub struct CaNameError(String);

impl CaName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaName {
    type Err = CaNameError;

    fn from_str(name: &str) -> Result<Self, CaNameError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let fits = (1..=64).contains(&name.len()) && !name.starts_with('-');
        if fits && name.chars().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(CaNameError(name.to_owned()))
        }
    }
}

impl Display for CaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CaName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_name_is_plain() {
        assert!("users-2_a".parse::<CaName>().is_ok());
        for bad in ["", "-a", "a b", "a.b", "ä", &"a".repeat(65)] {
            assert_eq!(bad.parse::<CaName>(), Err(CaNameError(bad.to_owned())));
        }
    }
}
