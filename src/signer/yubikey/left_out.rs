//! What a build without the feature `yubikey` says.

use super::SlotLocator;
use crate::secret::AskPin;
use crate::signer::{NewKey, RsaHash, Signer, SignerError};

/// Says that it can't.
pub(in crate::signer) fn open(
    _locator: &SlotLocator,
    _rsa_hash: RsaHash,
    _pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, SignerError> {
    Err(SignerError::YubiKeyLeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn describe(_locator: &SlotLocator) -> Result<NewKey, SignerError> {
    Err(SignerError::YubiKeyLeftOut)
}
