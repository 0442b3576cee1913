//! The tokens that programs showed. Each belongs to the key of the session that it opened first: whoever copies
//! one out of a job has none of it.
//!
//! Of a token its hash alone is kept, until it is over. A file that was lost knows none, and so takes no token that is
//! older than itself.

use std::collections::HashMap;
use std::sync::PoisonError;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};

use super::{Sessions, SessionsError, bytes};
use crate::login::jws::Thumbprint;
use crate::login::jwt::{ProgramToken, TokenMark};

/// All that were shown and are not over.
pub(super) struct Shown {
    began: u64,
    all: HashMap<TokenMark, ShownBy>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShownBy {
    key: Thumbprint,
    over_at: u64,
}

/// A token as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeptToken {
    token: String,
    key: String,
    over_at: u64,
}

/// Why a token opens nothing, though it counts.
#[derive(Debug, thiserror::Error)]
pub(in crate::service) enum NotShown {
    /// It may have been shown to the file before.
    #[error(
        "the token is older than what this server remembers of tokens, which was lost or begun anew: have the platform \
         make a new one"
    )]
    Early,
    /// It was shown by another program, or by this one, which lost its key.
    #[error(
        "the token was shown with another session key before, and belongs to that: have the platform make a new one; \
         if this program didn't show it, somebody else has it"
    )]
    OfOtherKey,
    /// More than are kept.
    #[error("so many tokens of programs are remembered that no more is taken until some are over")]
    Full,
    /// It can't be kept.
    #[error(transparent)]
    Kept(#[from] SessionsError),
}

impl Sessions {
    /// Notes that a token was shown with a session's key.
    ///
    /// # Errors
    /// [`NotShown`], and then it opens nothing.
    pub(in crate::service) fn show(
        &self,
        token: &ProgramToken,
        key: &Thumbprint,
        now: u64,
    ) -> Result<(), NotShown> {
        let all = self.all();
        let is_new = self.with_shown(|shown| shown.show(token, key, now))?;
        if is_new && let Err(error) = self.keep(&all) {
            self.with_shown(|shown| shown.all.remove(token.mark()));
            return Err(error.into());
        }
        Ok(())
    }

    fn with_shown<T>(&self, what: impl FnOnce(&mut Shown) -> T) -> T {
        what(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shown {
    /// None so far, of a file that begins now.
    pub(super) fn begun(now: u64) -> Self {
        Self {
            began: now,
            all: HashMap::new(),
        }
    }

    /// Those of a file; none if it can't be understood.
    pub(super) fn of(began: u64, kept: Vec<KeptToken>) -> Option<Self> {
        let all = kept.into_iter().map(|kept| {
            let by = ShownBy {
                key: kept.key.parse().ok()?,
                over_at: kept.over_at,
            };
            Some((bytes(&kept.token)?, by))
        });
        Some(Self {
            began,
            all: all.collect::<Option<_>>()?,
        })
    }

    pub(super) fn began(&self) -> u64 {
        self.began
    }

    pub(super) fn kept(&self) -> Vec<KeptToken> {
        let all = self.all.iter();
        let kept = all.map(|(token, by)| KeptToken {
            token: Base64UrlUnpadded::encode_string(token),
            key: by.key.to_string(),
            over_at: by.over_at,
        });
        kept.collect()
    }

    /// Whether it is new.
    fn show(&mut self, token: &ProgramToken, key: &Thumbprint, now: u64) -> Result<bool, NotShown> {
        if token.issued() < self.began {
            return Err(NotShown::Early);
        }
        if let Some(by) = self.all.get(token.mark()) {
            let is_same = by.key == *key;
            return is_same.then_some(false).ok_or(NotShown::OfOtherKey);
        }
        self.all.retain(|_, by| by.over_at > now);
        if self.all.len() >= MOST {
            return Err(NotShown::Full);
        }
        let by = ShownBy {
            key: *key,
            over_at: token.over_at(),
        };
        self.all.insert(*token.mark(), by);
        Ok(true)
    }
}

/// With all sessions, less than the file may have.
const MOST: usize = 20_000;

#[cfg(test)]
mod tests;
