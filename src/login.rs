//! Who somebody is who logs in: what they showed, checked, and so became a [`Login`].
//!
//! Beside `attestation`, which says what a key is made of, and as pure: no file, no clock, no
//! network. What was shown comes from outside together with what was expected of it, and nothing
//! else makes a [`Login`]. Fetching and keeping is the business of whoever calls.
//!
//! - [`key`]: an enrolled key signs our challenge;
//! - `password`: a password, of which a file keeps a hash; a part of the feature `service`;
//! - [`oidc`]: what an identity provider says in an ID token (OpenID Connect);
//! - [`jwt`]: which program shows a token of the platform that it runs on;
//! - [`ldap`]: what a directory service says of whoever knew their password (LDAP);
//! - [`tls`]: what a certificate says that somebody showed in TLS;
//! - [`names`]: whether somebody whom a provider knows may have the name that it gives them;
//! - [`dpop`]: the proof that a request comes from whoever has the session's key (RFC 9449);
//! - [`jws`]: JSON Web Signatures, which such proofs are (RFC 7515).

pub mod dpop;
pub mod jws;
pub mod jwt;
pub mod key;
pub mod ldap;
pub mod names;
pub mod oidc;
#[cfg(feature = "service")]
pub mod password;
pub mod tls;

pub use crate::request::{Group, MethodName, MethodNameError};

use crate::request::RequesterName;

/// What is known of somebody by a login that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    method: MethodName,
    kind: LoginKind,
    name: RequesterName,
    subject: Option<LoginSubject>,
    groups: Vec<Group>,
    authenticated_at: Option<u64>,
    amr: Vec<String>,
    acr: Option<String>,
}

/// By what somebody logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginKind {
    /// A key that is enrolled for the name signs a challenge.
    Key,
    /// A password, of which the server keeps a hash.
    Password,
    /// An identity provider says who it is (OpenID Connect).
    Oidc,
    /// The platform that a program runs on says in a token which one it is.
    Jwt,
    /// A directory service takes their password (LDAP).
    Ldap,
    /// They show a client certificate in TLS.
    Tls,
}

/// Somebody as an identity provider, a directory or a client CA has them: what never changes, whatever they are called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoginSubject {
    /// Who says so, by URL.
    pub issuer: String,
    /// Whom it is said of.
    pub subject: String,
}

impl Login {
    /// The login method, by its name in the config.
    #[must_use]
    pub fn method(&self) -> &MethodName {
        &self.method
    }

    /// What kind of method it is.
    #[must_use]
    pub fn kind(&self) -> LoginKind {
        self.kind
    }

    /// Who it is.
    #[must_use]
    pub fn name(&self) -> &RequesterName {
        &self.name
    }

    /// Who it is to an identity provider; `None` where none was asked.
    #[must_use]
    pub fn subject(&self) -> Option<&LoginSubject> {
        self.subject.as_ref()
    }

    /// The groups that the method says they are in.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// When they showed what was asked of them, in Unix seconds; none where an identity provider doesn't say.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<u64> {
        self.authenticated_at
    }

    /// How they showed it, in an identity provider's words (RFC 8176).
    #[must_use]
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// How well, in an identity provider's word.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }
}

impl LoginKind {
    /// The word for it in config and API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Oidc => "oidc",
            Self::Jwt => "jwt",
            Self::Ldap => "ldap",
            Self::Tls => "tls",
        }
    }
}
