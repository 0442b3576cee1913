//! What a server says of itself, without a login.

use serde::{Deserialize, Serialize};

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(rename_all = "kebab-case")]
pub struct Method {
    /// Its name in the server's config.
    pub name: String,
    /// What kind it is: `key` or `password`.
    pub kind: String,
}

/// The roles that somebody may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Roles {
    /// Each as `role show --json` prints it.
    pub roles: Vec<serde_json::Value>,
}
