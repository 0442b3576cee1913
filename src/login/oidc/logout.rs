//! What a provider says when somebody logs out there: a logout token (OpenID Connect Back-Channel Logout 1.0, 2.4 to 2.6).
//!
//! The provider sends it past every browser to an address that anybody can reach, so all that it counts by is its
//! signature. Whether it came before is not known here: [`LogoutToken::id`] is for whoever remembers.

use serde_json::Value;

use super::claims::{ClaimError, Claims};
use super::keys::KeySet;
use super::token::{TOLERANCE, TokenError, check_audience, check_issuer, check_times, signed};
use crate::login::LoginSubject;

/// What a logout token has to say so that it counts.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedLogout<'e> {
    /// The provider, exactly as the config has it.
    pub issuer: &'e str,
    /// Our own name at the provider, whom the token is for.
    pub client_id: &'e str,
    /// Unix seconds.
    pub now: u64,
}

/// A logout token that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    id: String,
    counts_until: u64,
    who: LoggedOut,
}

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    issuer: String,
    subject: Option<String>,
    session: Option<String>,
}

/// Why a logout token ends nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutTokenError {
    /// It is no token of the provider's for us, or not of now.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A claim that is needed is missing, or of another form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// It was made too long ago for whoever remembers those that came.
    #[error("the logout token was made {0} s ago, and at most {AGE_MAX} s are allowed")]
    TooOld(u64),
    /// It tells of something else.
    #[error("the token tells of no logout: `events` has no member `{EVENT}`")]
    Event,
    /// It could be shown as an ID token.
    #[error("the token has a `nonce`, which no logout token may have")]
    Nonce,
    /// It is about nobody.
    #[error("the logout token has neither `sid` nor `sub`")]
    Nobody,
}

impl LogoutToken {
    /// Checks a token by the provider's keys.
    ///
    /// # Errors
    /// [`LogoutTokenError`]. Where [`TokenError::is_of_newer_keys`] a newer set may have the key.
    pub fn check(
        token: &str,
        keys: &KeySet,
        expected: &ExpectedLogout<'_>,
    ) -> Result<Self, LogoutTokenError> {
        let claims = signed(token, keys, &TYPES)?;
        check_times(&claims, expected.now)?;
        check_issuer(&claims, expected.issuer)?;
        check_audience(&claims, expected.client_id)?;
        check_event(&claims)?;
        Ok(Self {
            id: claims.text("jti")?.to_owned(),
            counts_until: counts_until(&claims, expected.now)?,
            who: LoggedOut::of(&claims, expected.issuer)?,
        })
    }

    /// Its id, which counts once.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The first second in which it would count no more, in Unix seconds: so long its id has to be remembered.
    #[must_use]
    pub fn counts_until(&self) -> u64 {
        self.counts_until
    }

    /// Whose sessions end.
    #[must_use]
    pub fn who(&self) -> &LoggedOut {
        &self.who
    }
}

impl LoggedOut {
    fn of(claims: &Claims, issuer: &str) -> Result<Self, LogoutTokenError> {
        let subject = match claims.of("sub") {
            Some(_) => Some(claims.subject()?),
            None => None,
        };
        let session = claims.text_if_there("sid")?.map(str::to_owned);
        if subject.is_none() && session.is_none() {
            return Err(LogoutTokenError::Nobody);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            subject,
            session,
        })
    }

    /// Whether it is about whoever came by this session at the provider. Of somebody whose session the provider
    /// never named, each may be the one that ended.
    #[must_use]
    pub fn is(&self, subject: &LoginSubject, session: Option<&str>) -> bool {
        let is_subject = self.subject.as_ref().map(|one| *one == subject.subject);
        let is_session = match (&self.session, session) {
            (None, _) => None,
            (Some(_), None) => Some(is_subject == Some(true)),
            (Some(one), Some(session)) => Some(one == session),
        };
        self.issuer == subject.issuer && is_subject.unwrap_or(true) && is_session.unwrap_or(true)
    }
}

/// Whether it says that it tells of a logout, and could be nothing else (2.6).
fn check_event(claims: &Claims) -> Result<(), LogoutTokenError> {
    let event = claims.of("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(LogoutTokenError::Event);
    }
    if claims.has("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    Ok(())
}

fn counts_until(claims: &Claims, now: u64) -> Result<u64, LogoutTokenError> {
    let (made, expires) = (claims.time("iat")?, claims.time("exp")?);
    let until = expires.min(made.saturating_add(AGE_MAX));
    let until = until.saturating_add(TOLERANCE);
    if now >= until {
        return Err(LogoutTokenError::TooOld(now.saturating_sub(made)));
    }
    Ok(until)
}

/// The member of `events` that tells of a logout.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// What a header may call one: many providers give it no type of its own.
const TYPES: [&str; 2] = ["logout+jwt", "JWT"];
/// In seconds: a provider that tries again does so within that, and no id is remembered for long.
const AGE_MAX: u64 = 10 * 60;

#[cfg(test)]
mod tests;
