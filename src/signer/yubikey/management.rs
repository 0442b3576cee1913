//! What proves to a card that its slots may be changed.

use crate::secret::Pin;

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
