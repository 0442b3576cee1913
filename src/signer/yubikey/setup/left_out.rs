//! What a build without the feature `yubikey` says.

use super::{CardState, NewManagementKey, SetupError, Tries, TriesLeft};
use crate::secret::{AskPin, Pin};
use crate::signer::error::OpeningError;
use crate::signer::yubikey::{ManagementKey, NewPin, NewPuk};

/// Says that it can't.
///
/// # Errors
/// [`OpeningError::YubiKeyLeftOut`], as all of these.
pub fn state(_serial: Option<u32>) -> Result<CardState, SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn tries_left(_serial: u32) -> Result<TriesLeft, SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn set_tries(
    _serial: u32,
    _tries: Tries,
    _key: ManagementKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<(), SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn change_puk(_serial: u32, _old: &Pin, _new: &NewPuk) -> Result<(), SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn change_pin(_serial: u32, _new: &NewPin, _pins: &mut dyn AskPin) -> Result<(), SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn log_in(_serial: u32, _pins: &mut dyn AskPin) -> Result<(), SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}

/// Says that it can't.
///
/// # Errors
/// For the same reasons as [`state`].
pub fn protect_management_key(
    _serial: u32,
    _old: ManagementKey<'_>,
    _new: NewManagementKey<'_>,
    _pins: &mut dyn AskPin,
) -> Result<(), SetupError> {
    Err(OpeningError::YubiKeyLeftOut.into())
}
