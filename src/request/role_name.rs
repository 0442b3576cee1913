//! What a role is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a role: 1 to 64 of `a-z A-Z 0-9 _ -`, not beginning with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleName(String);

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name for a role; 1 to 64 letters, digits, `_` or `-`, not beginning with `-`")]
pub struct RoleNameError(String);

impl RoleName {
    /// The built-in role of whoever holds token and PIN.
    pub fn operator() -> Self {
        Self(OPERATOR.to_owned())
    }

    /// Whether it is the built-in role.
    pub fn is_operator(&self) -> bool {
        self.0 == OPERATOR
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = RoleNameError;

    fn from_str(name: &str) -> Result<Self, RoleNameError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let fits = (1..=64).contains(&name.len()) && !name.starts_with('-');
        if fits && name.chars().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(RoleNameError(name.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for RoleName {
    type Error = RoleNameError;

    fn try_from(name: String) -> Result<Self, RoleNameError> {
        name.parse()
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> Self {
        name.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const OPERATOR: &str = "operator";
