//! What a request must be before anybody looks at what it asks.

use super::{Content, PossessionError, RequestFile, Target};
use crate::wire::verify::SecurityKeyUse;
use ssh_key::public::KeyData;

/// A request that its key signed, that was meant for this CA, and not too long ago.
///
/// [`RequestFile::admit`] alone makes one. What it asks is not allowed yet, and whose it is
/// nobody knows.
#[derive(Clone, Debug)]
pub struct Admitted {
    content: Content,
    used: Option<SecurityKeyUse>,
}

/// Within which span of time a request counts, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// How old it may be.
    pub oldest: u64,
    /// How far the clock of the requester may be ahead.
    pub ahead: u64,
}

/// Why a request is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// Whoever made it has not shown to hold the key.
    #[error("the request does not prove that its maker holds the key")]
    Possession(#[from] PossessionError),
    /// It was meant for somebody else.
    #[error("the request is for the CA with key {meant}, and this CA has {here}")]
    OtherCa {
        /// Whom it was meant for.
        meant: Target,
        /// Who was asked.
        here: Target,
    },
    /// It lay too long.
    #[error("the request is {age} s old, and {limit} s is the most")]
    Stale {
        /// The age of the request in seconds.
        age: u64,
        /// The most.
        limit: u64,
    },
    /// The clock of the request's maker, or ours, is wrong.
    #[error("the request was made {ahead} s after now, and {limit} s is the most")]
    NotYet {
        /// How far ahead, in seconds.
        ahead: u64,
        /// The most.
        limit: u64,
    },
}

impl RequestFile {
    /// Lets a request in to the CA of this key. `now` is in Unix seconds.
    ///
    /// # Errors
    /// [`AdmissionError`].
    pub fn admit(
        self,
        ca: &KeyData,
        now: u64,
        limits: AdmissionLimits,
    ) -> Result<Admitted, AdmissionError> {
        let used = self.possession()?;
        let content = self.into_content();
        content.is_due(ca, now, limits)?;
        Ok(Admitted { content, used })
    }
}

impl Content {
    /// Whether it is meant for the CA of this key, and was made neither too long before `now` nor
    /// after it, in Unix seconds.
    ///
    /// # Errors
    /// [`AdmissionError`].
    pub fn is_due(
        &self,
        ca: &KeyData,
        now: u64,
        limits: AdmissionLimits,
    ) -> Result<(), AdmissionError> {
        if !self.target.is(ca) {
            return Err(AdmissionError::OtherCa {
                meant: self.target,
                here: Target::of(ca),
            });
        }
        limits.hold(self.created, now)
    }
}

impl AdmissionLimits {
    /// Whether what was made then is taken now, both in Unix seconds.
    ///
    /// # Errors
    /// [`AdmissionError::Stale`] and [`AdmissionError::NotYet`].
    pub fn hold(self, made: u64, now: u64) -> Result<(), AdmissionError> {
        let age = now.saturating_sub(made);
        if age > self.oldest {
            let limit = self.oldest;
            return Err(AdmissionError::Stale { age, limit });
        }
        let ahead = made.saturating_sub(now);
        if ahead > self.ahead {
            let limit = self.ahead;
            return Err(AdmissionError::NotYet { ahead, limit });
        }
        Ok(())
    }
}

impl Admitted {
    /// What it says.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What it says, alone.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// How the security key was used that signed it; none for another key.
    #[must_use]
    pub fn used(&self) -> Option<SecurityKeyUse> {
        self.used
    }
}

impl Default for AdmissionLimits {
    /// A week, and ten minutes.
    fn default() -> Self {
        Self {
            oldest: 7 * 24 * 60 * 60,
            ahead: 10 * 60,
        }
    }
}
