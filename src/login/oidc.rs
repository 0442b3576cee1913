//! Who an OpenID Connect provider says that somebody is, by an ID token that was checked (OpenID Connect
//! Core 1.0, 3.1.3.7).
//!
//! The token, the provider's keys and what was expected come from outside; nothing here fetches, and nothing
//! asks the clock. What is left when all fits is an [`Identity`].
//!
//! The way to a token, each step a file that says what is sent, or what may come back: a [`Provider`] says of
//! itself where it is asked; a [`Question`] sends the browser there; a [`Callback`] brings a code back; a
//! [`TokenRequest`] shows it, and [`Tokens`] are what is given for it.

mod callback;
mod claims;
mod exchange;
mod form;
mod identity;
mod keys;
mod provider;
mod question;
mod url;

pub use callback::{AuthorizationCode, Callback, CallbackError};
pub use claims::ClaimError;
pub use exchange::{ExchangeError, TokenRequest, Tokens};
pub use form::{Form, FormError};
pub use identity::{Identity, Mapping};
pub use keys::{KeySet, KeySetError};
pub use provider::{Provider, ProviderError};
pub use question::{Client, Question};
pub use url::{Issuer, PlainHttp, ProviderUrl, ProviderUrlError};

use serde::Deserialize;
use serde::de::IgnoredAny;
use subtle::ConstantTimeEq as _;

use super::LoginSubject;
use super::jws::{Jws, JwsError};
use claims::Claims;

/// What a token has to say so that it counts.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The provider, exactly as the config has it.
    pub issuer: &'e str,
    /// Our own name at the provider, whom the token is for.
    pub client_id: &'e str,
    /// What was sent along with the question, and never before.
    pub nonce: &'e str,
    /// How long ago the person may have shown who they are, in seconds; no matter where it is absent.
    pub max_age: Option<u64>,
    /// Unix seconds.
    pub now: u64,
}

/// Why an ID token says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// It is no token, or not signed by the key.
    #[error("the ID token")]
    Jws(#[from] JwsError),
    /// It is a token of another kind.
    #[error("the token is of type {0:?}, and no ID token")]
    Type(String),
    /// It says that something must be understood which isn't.
    #[error("the ID token has critical headers, and none is known")]
    Critical,
    /// No key of the provider has its id; the set may be older than the key.
    #[error("the provider has no key {}", .0.as_deref().unwrap_or("without an id"))]
    UnknownKey(Option<String>),
    /// Several keys could be meant.
    #[error("the provider has several keys that the ID token could be signed by")]
    SeveralKeys,
    /// The key is for another algorithm.
    #[error("the provider's key is for another algorithm than the ID token's")]
    KeyAlgorithm,
    /// A claim that is needed is missing, or of another form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// It is another provider's.
    #[error("the ID token is by {found:?}, not by {wanted:?}")]
    Issuer {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// It is for somebody else.
    #[error("the ID token is for another client than {0:?}")]
    Audience(String),
    /// It is over.
    #[error("the ID token is over since {0} s")]
    Expired(u64),
    /// It begins later, or is from the future.
    #[error("the ID token counts from {0} s later on: is this machine's clock right?")]
    Early(u64),
    /// It answers another question.
    #[error("the ID token answers another login")]
    Nonce,
    /// The person showed who they are too long ago.
    #[error("the provider saw the person {found} s ago, and at most {allowed} s are allowed")]
    TooOld {
        /// In seconds.
        found: u64,
        /// In seconds.
        allowed: u64,
    },
}

/// The header of a token; what else stands there says nothing to us.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// An ID token that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct IdToken {
    subject: LoginSubject,
    /// When the person showed who they are, in Unix seconds, where the provider says so.
    authenticated: Option<u64>,
    claims: Claims,
}

impl IdToken {
    /// Checks a token by the provider's keys.
    ///
    /// # Errors
    /// [`IdTokenError`]. With [`IdTokenError::UnknownKey`] a newer set may have the key.
    pub fn check(
        token: &str,
        keys: &KeySet,
        expected: &Expected<'_>,
    ) -> Result<Self, IdTokenError> {
        let jws = Jws::parse(token, TOKEN_MAX)?;
        let header: Header = jws.header()?;
        if let Some(typ) = header.typ.filter(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err(IdTokenError::Type(typ.chars().take(SHOWN_MAX).collect()));
        }
        if header.crit.is_some() {
            return Err(IdTokenError::Critical);
        }
        let key = keys.key(header.kid.as_deref(), &header.alg)?;
        let claims = Claims::new(jws.verify(&header.alg, key)?);
        check_times(&claims, expected.now)?;
        check_parties(&claims, expected)?;
        let authenticated = check_age(&claims, expected)?;
        let subject = LoginSubject {
            issuer: expected.issuer.to_owned(),
            subject: claims.subject()?,
        };
        Ok(Self {
            subject,
            authenticated,
            claims,
        })
    }

    /// Whom it is about, whatever they are called.
    #[must_use]
    pub fn subject(&self) -> &LoginSubject {
        &self.subject
    }
}

/// By whom, for whom, and as the answer to what.
fn check_parties(claims: &Claims, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let found = claims.text("iss")?;
    if found != expected.issuer {
        return Err(IdTokenError::Issuer {
            found: found.chars().take(SHOWN_MAX).collect(),
            wanted: expected.issuer.to_owned(),
        });
    }
    let audience = claims.audience()?;
    let party = claims.text_if_there("azp")?;
    let is_ours = audience.contains(&expected.client_id)
        // Whoever else may show it must not be whom it was made for.
        && party.map_or(audience.len() == 1, |party| party == expected.client_id);
    if !is_ours {
        return Err(IdTokenError::Audience(expected.client_id.to_owned()));
    }
    let nonce = claims.text("nonce")?.as_bytes();
    if !bool::from(nonce.ct_eq(expected.nonce.as_bytes())) {
        return Err(IdTokenError::Nonce);
    }
    Ok(())
}

/// Whether it counts now.
fn check_times(claims: &Claims, now: u64) -> Result<(), IdTokenError> {
    let expires = claims.time("exp")?;
    if now >= expires.saturating_add(TOLERANCE) {
        return Err(IdTokenError::Expired(now - expires));
    }
    let issued = claims.time("iat")?;
    let begins = claims.time_if_there("nbf")?.unwrap_or(0).max(issued);
    if begins > now.saturating_add(TOLERANCE) {
        return Err(IdTokenError::Early(begins - now));
    }
    Ok(())
}

fn check_age(claims: &Claims, expected: &Expected<'_>) -> Result<Option<u64>, IdTokenError> {
    let Some(allowed) = expected.max_age else {
        return Ok(claims.time_if_there("auth_time")?);
    };
    let then = claims.time("auth_time")?;
    let found = expected.now.saturating_sub(then);
    if then > expected.now.saturating_add(TOLERANCE) {
        return Err(IdTokenError::Early(then - expected.now));
    }
    if found > allowed.saturating_add(TOLERANCE) {
        return Err(IdTokenError::TooOld { found, allowed });
    }
    Ok(Some(then))
}

/// Of clocks that are apart, in seconds.
const TOLERANCE: u64 = 60;
/// A token with hundreds of groups has less.
const TOKEN_MAX: usize = 64 * 1024;
/// Of what somebody else wrote, in a message.
const SHOWN_MAX: usize = 200;

#[cfg(test)]
mod tests;
