//! Who asks, and how that is known.

use std::fmt;
use std::str::FromStr;

use super::login_facts::LoginFacts;
use crate::certificate::{Kind, Principal, PrincipalError};

/// The name of somebody who asks: what a [`Principal`] of a user certificate may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequesterName(String);

/// Somebody whose name is known, and not only claimed.
///
/// A front makes one. Evidence says what a key is made of, never whose it is, so a name
/// that stands in a request is no requester yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    name: RequesterName,
    known_by: KnownBy,
    names: Vec<Principal>,
    login: Option<LoginFacts>,
}

/// How it is known who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// Whoever holds token and PIN asks; nobody was named.
    Token,
    /// The operator was shown name and fingerprint, and vouched.
    Vouch,
    /// The registrar of the bundle that the key came in says so.
    Registrar,
    /// The key that signed the request is enrolled for that name.
    Key,
    /// A line of the allowed signers says that the key is theirs.
    AllowedSigners,
    /// The card that made the evidence is enrolled for that name.
    Card,
    /// They logged in to a server, and ask in that session.
    Login,
}

impl Requester {
    /// Whoever holds token and PIN, called `operator`.
    pub fn operator() -> Self {
        Self {
            name: RequesterName("operator".to_owned()),
            known_by: KnownBy::Token,
            names: Vec::new(),
            login: None,
        }
    }

    /// Somebody whom a front knows.
    pub fn known(name: RequesterName, known_by: KnownBy) -> Self {
        Self {
            name,
            known_by,
            names: Vec::new(),
            login: None,
        }
    }

    /// Somebody who logged in to a server, and asks in that session.
    pub fn logged_in(name: RequesterName, by: LoginFacts) -> Self {
        Self {
            login: Some(by),
            ..Self::known(name, KnownBy::Login)
        }
    }

    /// The same, whose certificates may be valid for these names.
    #[must_use]
    pub fn with_names(mut self, names: Vec<Principal>) -> Self {
        self.names = names;
        self
    }

    /// The names that the ledger has for them; a role gives them by `{requester-names}`.
    pub fn names(&self) -> &[Principal] {
        &self.names
    }

    /// The name.
    pub fn name(&self) -> &RequesterName {
        &self.name
    }

    /// What their login says of them; none where they are known otherwise.
    pub fn login(&self) -> Option<&LoginFacts> {
        self.login.as_ref()
    }

    /// How it is known.
    pub fn known_by(&self) -> KnownBy {
        self.known_by
    }
}

impl RequesterName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequesterName {
    type Err = PrincipalError;

    fn from_str(name: &str) -> Result<Self, PrincipalError> {
        Principal::parse(name, Kind::User).map(|name| Self(name.as_str().to_owned()))
    }
}

impl fmt::Display for RequesterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "operator",
            Self::Vouch => "vouch",
            Self::Registrar => "registrar",
            Self::Key => "key",
            Self::AllowedSigners => "allowed-signers",
            Self::Card => "card",
            Self::Login => "login",
        })
    }
}
