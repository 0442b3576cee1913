//! What all tokens of a provider have in common: one of its keys signed them, they are for us, and of now.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::claims::{ClaimError, Claims};
use super::keys::{KeyChoiceError, KeySet};
use crate::login::jws::{Jws, JwsError};

/// Why a token says nothing, whatever it would say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no token, or not signed by the key.
    #[error("the provider's token")]
    Jws(#[from] JwsError),
    /// It is a token of another kind.
    #[error("the token is of type {found:?}, where {wanted} is wanted")]
    Type {
        /// What it calls itself.
        found: String,
        /// What it may call itself.
        wanted: String,
    },
    /// It says that something must be understood which isn't.
    #[error("the token has critical headers, and none is known")]
    Critical,
    /// The provider's keys have not the one that it is signed by.
    #[error(transparent)]
    Key(#[from] KeyChoiceError),
    /// A claim that is needed is missing, or of another form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// It is another provider's.
    #[error("the token is by {found:?}, not by {wanted:?}")]
    Issuer {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// It is for somebody else.
    #[error("the token is for another client than {0:?}")]
    Audience(String),
    /// It is over.
    #[error("the token is over since {0} s")]
    Expired(u64),
    /// It begins later, or is from the future.
    #[error("the token counts from {0} s later on: is this machine's clock right?")]
    Early(u64),
}

impl TokenError {
    /// Whether a newer set of keys may have the one that it is signed by.
    #[must_use]
    pub fn is_of_newer_keys(&self) -> bool {
        matches!(self, Self::Key(KeyChoiceError::Unknown(_)))
    }
}

/// The header of a token; what else stands there says nothing to us.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

/// The claims of a token that one of the keys signed, and which calls itself one of these, or nothing.
pub(in crate::login) fn signed(
    token: &str,
    keys: &KeySet,
    types: &[&str],
) -> Result<Claims, TokenError> {
    let jws = Jws::parse(token, TOKEN_MAX)?;
    let header: Header = jws.header()?;
    let is_other = |typ: &String| !types.iter().any(|one| typ.eq_ignore_ascii_case(one));
    if let Some(typ) = header.typ.filter(is_other) {
        return Err(TokenError::Type {
            found: shown(&typ),
            wanted: types.join(" or "),
        });
    }
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    let key = keys.key(header.kid.as_deref(), &header.alg)?;
    Ok(Claims::new(jws.verify(&header.alg, key)?))
}

/// By whom it is.
pub(in crate::login) fn check_issuer(claims: &Claims, wanted: &str) -> Result<(), TokenError> {
    let found = claims.text("iss")?;
    if found == wanted {
        return Ok(());
    }
    Err(TokenError::Issuer {
        found: shown(found),
        wanted: wanted.to_owned(),
    })
}

/// For whom it is.
pub(super) fn check_audience(claims: &Claims, client_id: &str) -> Result<(), TokenError> {
    let audience = claims.audience()?;
    let party = claims.text_if_there("azp")?;
    let is_ours = audience.contains(&client_id)
        // Whoever else may show it must not be whom it was made for.
        && party.map_or(audience.len() == 1, |party| party == client_id);
    if is_ours {
        Ok(())
    } else {
        Err(TokenError::Audience(client_id.to_owned()))
    }
}

/// Whether it counts now.
pub(in crate::login) fn check_times(claims: &Claims, now: u64) -> Result<(), TokenError> {
    let expires = claims.time("exp")?;
    if now >= expires.saturating_add(TOLERANCE) {
        return Err(TokenError::Expired(now - expires));
    }
    let issued = claims.time("iat")?;
    let begins = claims.time_if_there("nbf")?.unwrap_or(0).max(issued);
    if begins > now.saturating_add(TOLERANCE) {
        return Err(TokenError::Early(begins - now));
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Of clocks that are apart, in seconds.
pub(in crate::login) const TOLERANCE: u64 = 60;
/// A token with hundreds of groups has less.
const TOKEN_MAX: usize = 64 * 1024;
/// Of what somebody else wrote, in a message.
const SHOWN_MAX: usize = 200;
