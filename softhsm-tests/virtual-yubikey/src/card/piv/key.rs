//! What a slot holds.

use super::super::{
    crypto::PrivateKey,
    policy::{PinPolicy, TouchPolicy},
};

/// A key with its policies.
pub(crate) struct Slot {
    pub(crate) key: PrivateKey,
    pub(crate) origin: Origin,
    pub(crate) pin: PinPolicy,
    pub(crate) touch: TouchPolicy,
}

/// Where a key was born: only one that was born on the card is attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Generated,
    Imported,
}

impl Origin {
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Generated => 1,
            Self::Imported => 2,
        }
    }
}
