//! What a build without the feature `yubikey` says.

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::{CardEntry, CardFault, ManagementKey, NewSlotKey, SlotAttestation, SlotLocator};
use crate::secret::AskPin;
use crate::signer::error::{
    BindError, DestroyError, GenerateError, Gone, ImportError, OpeningError, PlaceError,
};
use crate::signer::{KeyAlgorithm, NewKey, RsaHash, Signer};

/// Says that it can't.
pub(in crate::signer) fn open(
    _locator: &SlotLocator,
    _known: Option<&KeyData>,
    _rsa_hash: RsaHash,
    _pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpeningError> {
    Err(OpeningError::YubiKeyLeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn describe(
    _locator: &SlotLocator,
    _known: Option<&KeyData>,
) -> Result<NewKey, OpeningError> {
    Err(OpeningError::YubiKeyLeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn attest(
    _locator: &SlotLocator,
) -> Result<Option<SlotAttestation>, OpeningError> {
    Err(OpeningError::YubiKeyLeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn require_free(
    _locator: &SlotLocator,
    _wanted: &NewSlotKey<'_>,
) -> Result<(), PlaceError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn generate(
    _locator: &SlotLocator,
    _algorithm: KeyAlgorithm,
    _wanted: &NewSlotKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    Err(PlaceError::from(OpeningError::YubiKeyLeftOut).into())
}

/// Says that it can't.
pub(in crate::signer) fn import(
    _locator: &SlotLocator,
    _keypair: &KeypairData,
    _wanted: &NewSlotKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, ImportError> {
    Err(PlaceError::from(OpeningError::YubiKeyLeftOut).into())
}

/// Says that it can't.
pub(in crate::signer) fn bound_to(
    _locator: &SlotLocator,
    _key: &KeyData,
) -> Result<Vec<String>, OpeningError> {
    Err(OpeningError::YubiKeyLeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn bind(
    _locator: &SlotLocator,
    _key: &KeyData,
    _ledger: &str,
    _management_key: ManagementKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<(), BindError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn destroy(
    _locator: &SlotLocator,
    _key: &KeyData,
    _management_key: ManagementKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Sees none.
pub(in crate::signer) fn inventory() -> Result<Vec<CardEntry>, CardFault> {
    Ok(Vec::new())
}
