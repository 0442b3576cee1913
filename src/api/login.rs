//! A login, and the session that it opens.

use serde::{Deserialize, Serialize};

use super::Secret;

/// Asks to log in by a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NewLogin {
    /// The method's name in the server's config.
    pub method: String,
    /// For kind `oidc`: `browser` or `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// For the way `browser`: where it is sent back to, `http://127.0.0.1:PORT/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// For the way `browser`: what it comes back with, beside a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For the way `code`: what the client's machine is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// For kind `oidc`: the S256 of the client's verifier (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

impl NewLogin {
    /// Asks by a method, and for nothing else.
    #[must_use]
    pub fn by(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            way: None,
            redirect: None,
            state: None,
            host: None,
            challenge: None,
        }
    }
}

/// A login that began: what is to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct LoginBegun {
    /// Its id, which counts once.
    pub login: String,
    /// What kind of method it is: `key`, `password`, `oidc`, `jwt`, `ldap` or `tls`.
    pub kind: String,
    /// For kind `key`: 32 random bytes in unpadded URL-safe Base64, to be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// For kind `oidc`: the server's page that a browser opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// For the way `code`: what a person types there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When it is over, in Unix seconds by the server's clock.
    pub expires: u64,
}

/// The answer to a login of kind `oidc`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProviderShown {
    /// For the way `browser`: what it came back with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
    /// What the challenge is the S256 of.
    pub verifier: Secret,
}

/// The answer to a login of kind `key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyShown {
    /// An SSHSIG in its armour, as `login::key` says.
    pub signature: String,
}

/// The answer to a login of kind `password`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PasswordShown {
    /// The user's name.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// The answer to a login of kind `jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenShown {
    /// The token of the platform that the program runs on.
    pub token: Secret,
}

/// The answer to a login of kind `tls`: nothing, on a connection on which a client certificate was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CertificateShown {}

/// A session that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SessionOpened {
    /// What is shown from now on, with a proof of the session's key.
    pub token: Secret,
    /// The session.
    #[serde(flatten)]
    pub session: Session,
}

/// A session, as whoever has it may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "service", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// Who logged in.
    pub requester: String,
    /// By which method.
    pub method: String,
    /// The groups that the method says they are in, each as `method:name`.
    pub groups: Vec<String>,
    /// When it ends at the latest, in Unix seconds by the server's clock.
    pub until: u64,
    /// After how many seconds without a request it ends.
    pub idle: u64,
}
