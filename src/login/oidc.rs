//! Who an OpenID Connect provider says that somebody is, by an ID token that was checked (OpenID Connect
//! Core 1.0, 3.1.3.7).
//!
//! The token, the provider's keys and what was expected come from outside; nothing here fetches, and nothing
//! asks the clock. What is left when all fits is an [`Identity`].
//!
//! The way to a token, each step a file that says what is sent, or what may come back: a [`Provider`] says of
//! itself where it is asked; a [`Question`] sends the browser there; a [`Callback`] brings a code back; a
//! [`TokenRequest`] shows it, and [`Tokens`] are what is given for it. Later, a [`LogoutToken`] says that somebody's
//! session at the provider ended.

mod callback;
mod claims;
mod exchange;
mod form;
mod identity;
mod keys;
mod logout;
mod provider;
mod question;
mod token;
mod url;

pub use callback::{AuthorizationCode, Callback, CallbackError};
pub use claims::ClaimError;
pub(super) use claims::Claims;
pub use exchange::{ExchangeError, TokenRequest, Tokens};
pub use form::{Form, FormError};
pub use identity::{Identity, Mapping};
pub use keys::{KeyChoiceError, KeySet, KeySetError};
pub use logout::{ExpectedLogout, LoggedOut, LogoutToken, LogoutTokenError};
pub use provider::{Provider, ProviderError, keys_of_issuer};
pub use question::{Client, Question};
pub use token::TokenError;
pub use url::{Issuer, PlainHttp, ProviderUrl, ProviderUrlError};

use subtle::ConstantTimeEq as _;

use super::LoginSubject;
use token::check_audience;
pub(super) use token::{TOLERANCE, check_issuer, check_times, signed};

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
    /// It is no token of the provider's for us, or not of now.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A claim that is needed is missing, or of another form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
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

/// An ID token that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct IdToken {
    subject: LoginSubject,
    /// The session at the provider, where it says which.
    session: Option<String>,
    /// When the person showed who they are, in Unix seconds, where the provider says so.
    authenticated: Option<u64>,
    claims: Claims,
}

impl IdToken {
    /// Checks a token by the provider's keys.
    ///
    /// # Errors
    /// [`IdTokenError`]. With [`KeyChoiceError::Unknown`] a newer set may have the key.
    pub fn check(
        token: &str,
        keys: &KeySet,
        expected: &Expected<'_>,
    ) -> Result<Self, IdTokenError> {
        let claims = signed(token, keys, &TYPES)?;
        check_times(&claims, expected.now)?;
        check_issuer(&claims, expected.issuer)?;
        check_audience(&claims, expected.client_id)?;
        check_nonce(&claims, expected.nonce)?;
        let authenticated = check_age(&claims, expected)?;
        let subject = LoginSubject {
            issuer: expected.issuer.to_owned(),
            subject: claims.subject()?,
        };
        Ok(Self {
            subject,
            session: claims.text_if_there("sid")?.map(str::to_owned),
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

fn check_nonce(claims: &Claims, wanted: &str) -> Result<(), IdTokenError> {
    let nonce = claims.text("nonce")?.as_bytes();
    if bool::from(nonce.ct_eq(wanted.as_bytes())) {
        Ok(())
    } else {
        Err(IdTokenError::Nonce)
    }
}

fn check_age(claims: &Claims, expected: &Expected<'_>) -> Result<Option<u64>, IdTokenError> {
    let Some(allowed) = expected.max_age else {
        return Ok(claims.time_if_there("auth_time")?);
    };
    let then = claims.time("auth_time")?;
    let found = expected.now.saturating_sub(then);
    if then > expected.now.saturating_add(TOLERANCE) {
        return Err(TokenError::Early(then - expected.now).into());
    }
    if found > allowed.saturating_add(TOLERANCE) {
        return Err(IdTokenError::TooOld { found, allowed });
    }
    Ok(Some(then))
}

/// What a header may call an ID token.
const TYPES: [&str; 1] = ["JWT"];

#[cfg(test)]
mod tests;
