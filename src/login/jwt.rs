//! Which program shows a token of the platform that it runs on: a job of a CI system, a pod, a workload (JSON
//! Web Tokens, RFC 7519).
//!
//! The token, the platform's keys and what was expected come from outside, as with an ID token. A
//! [`ProgramToken`] is checked; whose it is here, [`Programs`] say, which the config lists: each by claims
//! that must all be equal. Nobody is taken by a pattern, and nobody by a name that the platform gives.

mod program;

pub use program::{NotListed, Program, ProgramError, ProgramMark, Programs};

use sha2::{Digest as _, Sha256};

use super::jws::JwsError;
use super::oidc::{
    ClaimError, Claims, KeySet, TOLERANCE, TokenError, check_issuer, check_times, signed,
};

/// What a token has to say so that it counts.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The platform, exactly as the config has it.
    pub issuer: &'e str,
    /// Whom the token has to be for, and nobody else.
    pub audience: &'e str,
    /// Unix seconds.
    pub now: u64,
}

/// A program's token that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramToken {
    claims: Claims,
    subject: String,
    issuer: String,
    issued: u64,
    expires: u64,
    mark: TokenMark,
}

/// The SHA-256 of what is signed of a token: the same however its signature is written.
pub type TokenMark = [u8; 32];

/// Why a program's token says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramTokenError {
    /// It is none, not signed by a key of the platform, of another issuer, or doesn't count now.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Whom else it is for could show it here.
    #[error(
        "the token is for {found}, and {wanted:?} alone is taken: have it made for that audience"
    )]
    Audience {
        /// Whom it is for.
        found: String,
        /// Whom it has to be for.
        wanted: String,
    },
    /// A stolen one would be good for long, and each is kept until it is over.
    #[error("the token is made for {0} s, and at most {LIFE_MAX} s are taken")]
    LongLived(u64),
}

impl ProgramToken {
    /// Checks a token by the platform's keys.
    ///
    /// # Errors
    /// [`ProgramTokenError`]; with one that [lacks a key](ProgramTokenError::lacks_key), a newer set may have it.
    pub fn check(
        token: &str,
        keys: &KeySet,
        expected: &Expected<'_>,
    ) -> Result<Self, ProgramTokenError> {
        is_short(token)?;
        let claims = signed(token, keys, &TYPES)?;
        check_times(&claims, expected.now)?;
        check_issuer(&claims, expected.issuer)?;
        check_audience(&claims, expected.audience)?;
        let (issued, expires) = (claims.time("iat")?, claims.time("exp")?);
        let life = expires.saturating_sub(issued);
        if life > LIFE_MAX {
            return Err(ProgramTokenError::LongLived(life));
        }
        Ok(Self {
            subject: claims.text("sub")?.to_owned(),
            issuer: expected.issuer.to_owned(),
            issued,
            expires,
            mark: mark(token),
            claims,
        })
    }

    /// One that was checked, of such times.
    #[cfg(all(test, feature = "service"))]
    pub(crate) fn of_test(mark: TokenMark, issued: u64, expires: u64) -> Self {
        Self {
            claims: Claims::new(serde_json::Map::new()),
            subject: "a".to_owned(),
            issuer: "https://id.example.org".to_owned(),
            issued,
            expires,
            mark,
        }
    }

    /// Whom the platform says that it is about, whatever they are called.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it was made, in Unix seconds by the platform's clock.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// The first second in which it is taken no more, with what clocks may be apart.
    #[must_use]
    pub fn over_at(&self) -> u64 {
        self.expires.saturating_add(TOLERANCE)
    }

    /// What it is known by when it comes again.
    #[must_use]
    pub fn mark(&self) -> &TokenMark {
        &self.mark
    }
}

impl ProgramTokenError {
    /// Whether the token names a key that the set doesn't have.
    #[must_use]
    pub fn lacks_key(&self) -> bool {
        matches!(self, Self::Token(of) if of.is_of_newer_keys())
    }
}

impl From<ClaimError> for ProgramTokenError {
    fn from(error: ClaimError) -> Self {
        Self::Token(error.into())
    }
}

fn is_short(token: &str) -> Result<(), TokenError> {
    let (bytes, limit) = (token.len(), TOKEN_MAX);
    if bytes > limit {
        return Err(JwsError::TooLong { bytes, limit }.into());
    }
    Ok(())
}

/// Of a token without its signature, which whoever has one may often write in another way that counts, too.
fn mark(token: &str) -> TokenMark {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    Sha256::digest(signed).into()
}

/// For us, and for nobody else.
fn check_audience(claims: &Claims, wanted: &str) -> Result<(), ProgramTokenError> {
    let found = claims.audience()?;
    if found == [wanted] {
        return Ok(());
    }
    let found = found.join(", ");
    Err(ProgramTokenError::Audience {
        found: found.chars().take(SHOWN_MAX).collect(),
        wanted: wanted.to_owned(),
    })
}

/// Of what platforms make: plain tokens, those of SPIFFE (JWT-SVID, 2.3), and access tokens (RFC 9068, 2.1). Others,
/// of a logout or of a proof, are for something else.
const TYPES: [&str; 4] = ["JWT", "JOSE", "at+jwt", "application/at+jwt"];
/// In bytes; those of CI systems have two thousand.
const TOKEN_MAX: usize = 16 * 1024;
/// In seconds: a day.
const LIFE_MAX: u64 = 24 * 60 * 60;
const SHOWN_MAX: usize = 200;

#[cfg(test)]
mod tests;
