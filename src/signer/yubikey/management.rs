//! What proves to a card that its slots may be changed.

use super::CardFailed;
use crate::secret::Pin;
use crate::signer::login::LoginError;

/// A card's management key.
#[derive(Debug, Clone, Copy, Default)]
pub enum ManagementKey<'a> {
    /// The one that the card keeps behind its PIN.
    #[default]
    Protected,
    /// The one that every new card has.
    Factory,
    /// This, in hexadecimal.
    Given(&'a Pin),
}

impl<'a> ManagementKey<'a> {
    /// The given one, else the one behind the PIN.
    #[must_use]
    pub fn given_or_protected(given: Option<&'a Pin>) -> Self {
        given.map_or(Self::Protected, Self::Given)
    }
}

/// Why a card does not let its slots be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManagementKeyError {
    /// No management key was given, and the card keeps none behind its PIN.
    #[error("{device} keeps no management key behind its PIN")]
    Missing {
        /// The device.
        device: String,
    },
    /// The card has another management key.
    #[error("{device} has another management key")]
    Refused {
        /// The device.
        device: String,
    },
    /// What was given is no management key.
    #[error("a management key has 32, 48 or 64 hexadecimal digits")]
    Form,
    /// The one behind the PIN is not to be had, since the card does not take its user.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The card, or what stands before it, fails.
    #[error(transparent)]
    Card(#[from] CardFailed),
}
