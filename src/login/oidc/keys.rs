//! The keys of a provider (RFC 7517, 5).

use serde::Deserialize;
use serde_json::Value;

use super::IdTokenError;
use crate::login::jws::{JsonError, Jwk, strict};

/// Those of a provider's keys that signatures can be checked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet(Vec<Jwk>);

/// Why a text is no set of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It is longer than is read.
    #[error("a set of keys has at most {SET_MAX} bytes")]
    TooLong,
    /// It is none.
    #[error("the set of keys")]
    Json(#[from] JsonError),
    /// More keys than any provider has.
    #[error("a set of {0} keys, where {KEYS_MAX} are the most")]
    TooMany(usize),
    /// None of its keys is of use.
    #[error("the set has no key that signatures can be checked by")]
    None,
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys of other types and for other uses are passed over (RFC 7517, 5).
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        if text.len() > SET_MAX {
            return Err(KeySetError::TooLong);
        }
        let Members { keys } = strict(text)?;
        if keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany(keys.len()));
        }
        let keys = keys.into_iter();
        let keys: Vec<Jwk> = keys
            .filter_map(|key| serde_json::from_value(key).ok())
            .collect();
        if keys.is_empty() {
            return Err(KeySetError::None);
        }
        Ok(Self(keys))
    }

    /// The one key that a token with this id and algorithm is signed by.
    pub(super) fn key(&self, id: Option<&str>, algorithm: &str) -> Result<&Jwk, IdTokenError> {
        let of_id = self.0.iter().filter(|key| id.is_none() || key.id() == id);
        let mut found: Vec<_> = of_id.collect();
        if found.is_empty() {
            let id = id.map(|id| id.chars().take(ID_SHOWN).collect());
            return Err(IdTokenError::UnknownKey(id));
        }
        found.retain(|key| key.algorithm().is_none_or(|meant| meant == algorithm));
        match found.as_slice() {
            [only] => Ok(only),
            [] => Err(IdTokenError::KeyAlgorithm),
            _ => Err(IdTokenError::SeveralKeys),
        }
    }
}

/// In bytes.
const SET_MAX: usize = 1 << 20;
const KEYS_MAX: usize = 100;
const ID_SHOWN: usize = 100;
