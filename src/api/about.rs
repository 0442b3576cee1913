//! What a server says of itself, without a login.

use serde::{Deserialize, Serialize};

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Server {
    /// Its name, for people.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// The URL that it was configured with, which proofs and challenges name.
    pub url: String,
    /// Its clock, in Unix seconds.
    pub time: u64,
    /// The CAs that it issues for.
    pub cas: Vec<Ca>,
    /// The ways to log in.
    pub logins: Vec<Method>,
    /// The line of the ledger key, where the server gives receipts: it signs them, or lets another key do so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_key: Option<String>,
}

/// A CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Ca {
    /// Its name in the server's config.
    pub name: String,
    /// `user` or `host`.
    pub certificates: String,
    /// Its key, as a line of OpenSSH.
    pub public_key: String,
    /// The key's fingerprint, `SHA256:…`.
    pub fingerprint: String,
}

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Method {
    /// Its name in the server's config.
    pub name: String,
    /// What kind it is: `key`, `password`, `oidc`, `jwt`, `ldap` or `tls`.
    pub kind: String,
}

/// The roles that somebody may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Roles {
    /// Each as `role show --json` prints it.
    pub roles: Vec<RoleShown>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RoleShown {
    /// Its name.
    pub role: String,
    /// Whether anybody may ask for it.
    pub on: bool,
    /// Its table, as the config has it.
    pub table: serde_json::Map<String, serde_json::Value>,
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Readiness {
    /// Each CA's key.
    pub cas: Vec<KeyReadiness>,
    /// Whether the clock can be believed; null while the ledger is away.
    pub clock: Option<bool>,
    /// `here`, `lent` or `missed`.
    pub ledger: String,
    /// Whether the server can do its work.
    pub ready: bool,
    /// `up`, `degraded` or `down`, by the worst of all parts.
    pub state: String,
}

/// How the key of a CA is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct KeyReadiness {
    /// The CA's name.
    pub name: String,
    /// Whether it can sign.
    pub ready: bool,
    /// How many seconds ago it signed; null where it isn't asked or never did.
    pub signed: Option<u64>,
    /// `up`, `degraded` or `down`.
    pub state: String,
    /// Whether it wants a finger.
    pub touch: bool,
}
