//! The keys of a provider (RFC 7517, 5).

use serde::Deserialize;
use serde_json::Value;

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

/// Why no one key of a set checks a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyChoiceError {
    /// No key has its id; the set may be older than the key.
    #[error("the provider has no key {}", .0.as_deref().unwrap_or("without an id"))]
    Unknown(Option<String>),
    /// Several keys could be meant.
    #[error("the provider has several keys that the token could be signed by")]
    Several,
    /// The key is for another algorithm.
    #[error("the provider's key is for another algorithm than the token's")]
    Algorithm,
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
    pub(super) fn key(&self, id: Option<&str>, algorithm: &str) -> Result<&Jwk, KeyChoiceError> {
        let of_id = self.0.iter().filter(|key| id.is_none() || key.id() == id);
        let mut found: Vec<_> = of_id.collect();
        if found.is_empty() {
            let id = id.map(|id| id.chars().take(ID_SHOWN).collect());
            return Err(KeyChoiceError::Unknown(id));
        }
        found.retain(|key| key.algorithm().is_none_or(|meant| meant == algorithm));
        match found.as_slice() {
            [only] => Ok(only),
            [] => Err(KeyChoiceError::Algorithm),
            _ => Err(KeyChoiceError::Several),
        }
    }
}

/// In bytes.
const SET_MAX: usize = 1 << 20;
const KEYS_MAX: usize = 100;
const ID_SHOWN: usize = 100;
