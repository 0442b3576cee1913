//! Evidence from a YubiKey that is plugged in.

use super::{Evidence, EvidenceFormError, PivEvidence};
use crate::signer::yubikey::{Slot, SlotLocator};
use crate::signer::{self, Locator, OpeningError};

/// Why a card gave no evidence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CardEvidenceError {
    /// The card did not attest the key.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// It has nothing to say.
    #[error("the YubiKey attests no key in slot {0}: it is empty, or its key was imported")]
    NotAttested(Slot),
    /// What it gave is no evidence.
    #[error("what the card attests")]
    Form(#[from] EvidenceFormError),
}

impl Evidence {
    /// What a YubiKey attests of the key in a slot. Wants no PIN.
    ///
    /// # Errors
    /// [`CardEvidenceError`], also for a key that was not born in the slot.
    pub fn of_card(slot: &SlotLocator) -> Result<Self, CardEvidenceError> {
        let attested = signer::attest(&Locator::YubiKey(slot.clone()))?;
        let attested = attested.ok_or(CardEvidenceError::NotAttested(slot.slot))?;
        let evidence = PivEvidence::new(attested.leaf, attested.f9, Vec::new())?;
        Ok(Self::Piv(evidence))
    }
}
