//! What a build without the feature `pkcs11` says.

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::{Inventory, Uri};
use crate::secret::{AskPin, Pin};
use crate::signer::error::{
    BindError, DestroyError, GenerateError, Gone, ImportError, OpeningError, PinTries, PlaceError,
    WrapError,
};
use crate::signer::{Blob, Holder, KeyAlgorithm, NewKey, RsaHash, Sessions, TokenUser};

/// Loads nothing: whoever opens a key is told.
pub(in crate::signer) fn load_ahead(_uri: &Uri) {}

/// Says that it can't.
pub(in crate::signer) fn open(
    _uri: &Uri,
    _known: Option<&KeyData>,
    _rsa_hash: RsaHash,
    _at_most: usize,
    _pins: &mut dyn AskPin,
) -> Result<Sessions, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn describe(
    _uri: &Uri,
    _known: Option<&KeyData>,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn shown(_uri: &Uri) -> Result<Option<KeyData>, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn holder(_uri: &Uri) -> Result<Holder, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn pin_tries(_uri: &Uri) -> Result<PinTries, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn require_free(_uri: &Uri) -> Result<(), PlaceError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn generate(
    _uri: &Uri,
    _algorithm: KeyAlgorithm,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    Err(PlaceError::from(OpeningError::Pkcs11LeftOut).into())
}

/// Says that it can't.
pub(in crate::signer) fn import(
    _uri: &Uri,
    _keypair: &KeypairData,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, ImportError> {
    Err(PlaceError::from(OpeningError::Pkcs11LeftOut).into())
}

/// Says that it can't.
pub(in crate::signer) fn bound_to(
    _uri: &Uri,
    _key: &KeyData,
    _pins: &mut dyn AskPin,
) -> Result<Vec<String>, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn bind(
    _uri: &Uri,
    _key: &KeyData,
    _ledger: &str,
    _pins: &mut dyn AskPin,
) -> Result<(), BindError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn destroy(
    _uri: &Uri,
    _key: &KeyData,
    _kept: &[&Uri],
    _pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn inventory(
    _module: Option<&Uri>,
    _login: Option<(&Uri, &mut dyn AskPin)>,
) -> Result<Inventory, OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// A key to wrap by, which such a build has none of.
#[derive(Debug, Clone)]
pub struct WrappingKey {
    /// The token.
    pub holder: Holder,
}

/// A wrapped key, which such a build has none of.
#[derive(Debug)]
pub struct WrappedKey;

impl WrappedKey {
    /// It has no name.
    #[must_use]
    pub fn name(&self) -> String {
        String::new()
    }

    /// It has nothing to wipe.
    pub fn wipe(self) {}
}

/// Says that it can't.
pub(in crate::signer) fn generate_extractable(
    _uri: &Uri,
    _algorithm: KeyAlgorithm,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    Err(PlaceError::from(OpeningError::Pkcs11LeftOut).into())
}

/// Says that it can't.
pub(in crate::signer) fn plan_wrapping_key(_target: &Uri) -> Result<Holder, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn require_vacant(
    _uri: &Uri,
    _pins: &mut dyn AskPin,
) -> Result<(), WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn make_wrapping_key(
    _target: &Uri,
    _planned: Holder,
    _pins: &mut dyn AskPin,
) -> Result<WrappingKey, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn wrap(
    _source: &Uri,
    _key: &KeyData,
    _by: &WrappingKey,
    _pins: &mut dyn AskPin,
) -> Result<WrappedKey, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn unwrap(
    _target: &Uri,
    _wrapped: &WrappedKey,
    _by: &WrappingKey,
    _key: &KeyData,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn wrap_by(
    _source: &Uri,
    _key: &KeyData,
    _by: &[u8],
    _pins: &mut dyn AskPin,
) -> Result<Blob, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn unwrap_by(
    _target: &Uri,
    _blob: &Blob,
    _by: &[u8],
    _key: &KeyData,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn can_wrap(
    _token: &Uri,
    _algorithm: KeyAlgorithm,
    _pins: &mut dyn AskPin,
) -> Result<(), WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn seal(
    _uri: &Uri,
    _key: &KeyData,
    _pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn remove_pair(
    _uri: &Uri,
    _pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    Err(OpeningError::Pkcs11LeftOut.into())
}

/// Says that it can't.
pub(in crate::signer) fn change_pin(
    _uri: &Uri,
    _user: TokenUser,
    _old: &Pin,
    _new: &Pin,
) -> Result<(), OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}

/// Says that it can't.
pub(in crate::signer) fn opens(
    _uri: &Uri,
    _user: TokenUser,
    _pin: &Pin,
) -> Result<(), OpeningError> {
    Err(OpeningError::Pkcs11LeftOut)
}
