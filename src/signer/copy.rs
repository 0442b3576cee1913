//! One token's key, copied into another of the same kind: wrapped once, before it signs anything.

use ssh_key::public::KeyData;

use super::pkcs11::{self, Uri, WrappedKey, WrappingKey};
use super::{Blob, DestroyError, Gone, Holder, KeyAlgorithm, Locator, NewKey, WrapError};
use crate::secret::AskPin;

fn token(locator: &Locator) -> Result<&Uri, WrapError> {
    match locator {
        Locator::Pkcs11(uri) => Ok(uri),
        other => Err(WrapError::NoToken(other.to_string())),
    }
}

/// Refuses places between which nothing can be wrapped.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn require_two_tokens(source: &Locator, target: &Locator) -> Result<(), WrapError> {
    let (from, to) = (
        pkcs11::holder(token(source)?)?,
        pkcs11::holder(token(target)?)?,
    );
    if from.words == to.words {
        return Err(WrapError::SameToken(from.words));
    }
    Ok(())
}

/// Makes a key that may leave its token until it is sealed. It must sign nothing before.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn generate_extractable(
    locator: &Locator,
    algorithm: KeyAlgorithm,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    Ok(pkcs11::generate_extractable(
        token(locator)?,
        algorithm,
        pins,
    )?)
}

/// Makes sure, by a login, that no key has the label that `place` names.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn require_vacant(place: &Locator, pins: &mut dyn AskPin) -> Result<(), WrapError> {
    pkcs11::require_vacant(token(place)?, pins)
}

/// Chooses where in the token of `target` a pair to wrap by is to be. Nothing is made yet.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn plan_wrapping_key(target: &Locator) -> Result<Holder, WrapError> {
    pkcs11::plan_wrapping_key(token(target)?)
}

/// Makes the pair that was planned in the token of `target`, to wrap a key for it by.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn make_wrapping_key(
    target: &Locator,
    planned: Holder,
    pins: &mut dyn AskPin,
) -> Result<WrappingKey, WrapError> {
    pkcs11::make_wrapping_key(token(target)?, planned, pins)
}

/// Wraps the key at `source` for the holder of the wrapping key.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn wrap(
    source: &Locator,
    key: &KeyData,
    by: &WrappingKey,
    pins: &mut dyn AskPin,
) -> Result<WrappedKey, WrapError> {
    pkcs11::wrap(token(source)?, key, by, pins)
}

/// Puts a wrapped key into the place that `target` names, where it can never leave.
///
/// # Errors
/// [`WrapError`]. No half of the pair is left behind where another key came out.
pub(crate) fn unwrap(
    target: &Locator,
    wrapped: &WrappedKey,
    by: &WrappingKey,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    pkcs11::unwrap(token(target)?, wrapped, by, key, pins)
}

/// Wraps the key at `source` by a key of AES, unwraps what comes out again in the same token, and sees that it is
/// the key; nothing of that is left there.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn wrap_by(
    source: &Locator,
    key: &KeyData,
    by: &[u8],
    pins: &mut dyn AskPin,
) -> Result<Blob, WrapError> {
    pkcs11::wrap_by(token(source)?, key, by, pins)
}

/// Puts the key that a blob is into the place that `target` names, where it can never leave.
///
/// # Errors
/// [`WrapError`]. No half of the pair is left behind where another key came out.
pub(crate) fn unwrap_by(
    target: &Locator,
    blob: &Blob,
    by: &[u8],
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    pkcs11::unwrap_by(token(target)?, blob, by, key, pins)
}

/// Tries with a key that is thrown away whether a token wraps such keys by a key of AES, and takes them back.
///
/// # Errors
/// [`WrapError`].
pub(crate) fn can_wrap(
    place: &Locator,
    algorithm: KeyAlgorithm,
    pins: &mut dyn AskPin,
) -> Result<(), WrapError> {
    pkcs11::can_wrap(token(place)?, algorithm, pins)
}

/// Makes a key one that can't leave its token any more, and reads that back.
///
/// # Errors
/// [`WrapError::Extractable`] if the token says otherwise.
pub(crate) fn seal(
    locator: &Locator,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    pkcs11::seal(token(locator)?, key, pins)
}

/// Removes what has the label and the id that were chosen for a pair, both halves or one, and reads
/// back that it is gone.
///
/// # Errors
/// [`DestroyError`].
pub(crate) fn remove_pair(locator: &Locator, pins: &mut dyn AskPin) -> Result<Gone, DestroyError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::remove_pair(uri, pins),
        _ => Err(DestroyError::Software),
    }
}
