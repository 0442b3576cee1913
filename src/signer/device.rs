//! What a device can do beside signing: make and take keys, tell of them, name a ledger.

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::{
    BindError, DestroyError, GenerateError, Gone, Holder, ImportError, Inventory, KeyAlgorithm,
    Locator, NewKey, OpeningError, PinTries, PlaceError, TokenUser, agent, file, pkcs11, yubikey,
};
use crate::secret::{AskPin, Pin};

/// Makes a key pair in the device: sensitive, not extractable, for signing only. `in_slot`
/// matters for a YubiKey only.
///
/// # Errors
/// [`GenerateError`] if the locator names no label, or label or id is taken. A key that came
/// out other than asked for was removed again.
pub(crate) fn generate(
    locator: &Locator,
    algorithm: KeyAlgorithm,
    in_slot: &yubikey::NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::generate(uri, algorithm, pins),
        Locator::YubiKey(slot) => yubikey::generate(slot, algorithm, in_slot, pins),
        Locator::Agent(_) | Locator::File(_) => Err(PlaceError::MadeElsewhere.into()),
    }
}

/// Whether a new key may go where `locator` says, as far as the device shows without a PIN.
///
/// # Errors
/// [`PlaceError`] if something is there, or the device is not.
pub(crate) fn require_free(
    locator: &Locator,
    in_slot: &yubikey::NewSlotKey<'_>,
) -> Result<(), PlaceError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::require_free(uri),
        Locator::YubiKey(slot) => yubikey::require_free(slot, in_slot),
        Locator::Agent(_) | Locator::File(_) => Err(PlaceError::MadeElsewhere),
    }
}

/// Brings an existing key pair into the device. It was outside once, and its
/// [`Origin`](super::Origin) says so: a device reports it as not local.
///
/// # Errors
/// [`ImportError`]; no half of the pair is left behind. A card that shows another key
/// after it than was sent is [`ImportError::ImportedOther`].
pub(crate) fn import(
    locator: &Locator,
    keypair: &KeypairData,
    in_slot: &yubikey::NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, ImportError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::import(uri, keypair, pins),
        Locator::YubiKey(slot) => yubikey::import(slot, keypair, in_slot, pins),
        Locator::Agent(_) | Locator::File(_) => Err(PlaceError::MadeElsewhere.into()),
    }
}

/// The facts of one key that is there already.
///
/// # Errors
/// As for [`open`](super::open).
#[cfg(test)]
pub(crate) fn describe(locator: &Locator, pins: &mut dyn AskPin) -> Result<NewKey, OpeningError> {
    describe_knowing(locator, None, pins)
}

/// The facts of one key that is there already. `known` counts as for [`open_knowing`](super::open_knowing).
///
/// # Errors
/// As for [`open`](super::open).
pub(crate) fn describe_knowing(
    locator: &Locator,
    known: Option<&KeyData>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::describe(uri, known, pins),
        Locator::YubiKey(slot) => yubikey::describe(slot, known),
        Locator::Agent(key) => agent::describe(key),
        Locator::File(file) => file::describe(file),
    }
}

/// The public half of the key that `locator` names, as its device shows it to everybody: nobody
/// is asked for a PIN. None where the device hides it, or shows several that it could be.
///
/// # Errors
/// [`OpeningError`] if the device is not there or doesn't answer.
pub(crate) fn shown(locator: &Locator) -> Result<Option<KeyData>, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::shown(uri),
        Locator::YubiKey(slot) => yubikey::describe(slot, None).map(|key| Some(key.public_key)),
        Locator::Agent(key) => agent::describe(key).map(|key| Some(key.public_key)),
        Locator::File(file) => file::describe(file).map(|key| Some(key.public_key)),
    }
}

/// The one device that `locator` names now. Nobody is asked for a PIN.
///
/// # Errors
/// [`OpeningError`] if a token is not there or doesn't answer.
pub(crate) fn holder(locator: &Locator) -> Result<Holder, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::holder(uri),
        Locator::YubiKey(slot) => {
            let mut slot = slot.clone();
            slot.pin_source = None;
            let card = slot
                .serial
                .map_or_else(String::new, |serial| format!(" {serial}"));
            Ok(Holder {
                words: format!("YubiKey{card}, slot {}", slot.slot),
                locator: Locator::YubiKey(slot),
            })
        }
        Locator::Agent(_) | Locator::File(_) => Ok(Holder {
            locator: locator.clone(),
            words: "software".to_owned(),
        }),
    }
}

/// What the token that `locator` names says of its PIN; nobody is asked for it. Another device than
/// a PKCS#11 token says nothing here.
///
/// # Errors
/// [`OpeningError`] if the token is not there or doesn't answer.
pub(crate) fn pin_tries(locator: &Locator) -> Result<PinTries, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::pin_tries(uri),
        Locator::YubiKey(_) | Locator::Agent(_) | Locator::File(_) => Ok(PinTries::Untold),
    }
}

/// What the device that `locator` names says of the key, signed by itself; none if it can't.
///
/// # Errors
/// [`OpeningError`] if the device is not there or doesn't answer.
pub(crate) fn attest(locator: &Locator) -> Result<Option<yubikey::SlotAttestation>, OpeningError> {
    match locator {
        Locator::YubiKey(slot) => yubikey::attest(slot),
        _ => Ok(None),
    }
}

/// The ledgers that the device names for `key`; none if it is of a kind that can't, as an
/// ssh-agent or a file.
///
/// # Errors
/// [`OpeningError`] if the device is not there or not open.
pub(crate) fn bound_to(
    locator: &Locator,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<Option<Vec<String>>, OpeningError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::bound_to(uri, key, pins).map(Some),
        Locator::YubiKey(slot) => yubikey::bound_to(slot, key).map(Some),
        Locator::Agent(_) | Locator::File(_) => Ok(None),
    }
}

/// Has the device name `ledger` for `key` in the place of any other; false if it is of a kind
/// that can't. `management_key` is what a YubiKey wants for it.
///
/// # Errors
/// [`BindError`] if the device is not open, or takes no such object.
pub(crate) fn bind(
    locator: &Locator,
    key: &KeyData,
    ledger: &str,
    management_key: yubikey::ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<bool, BindError> {
    match locator {
        Locator::Pkcs11(uri) => pkcs11::bind(uri, key, ledger, pins)?,
        Locator::YubiKey(slot) => yubikey::bind(slot, key, ledger, management_key, pins)?,
        Locator::Agent(_) | Locator::File(_) => return Ok(false),
    }
    Ok(true)
}

/// Changes a PIN of the token that `uri` names; the old one is tried once.
///
/// # Errors
/// [`OpeningError`] if the token is not there, or refuses one of the two; it has the old PIN then.
pub(crate) fn change_token_pin(
    uri: &pkcs11::Uri,
    user: TokenUser,
    old: &Pin,
    new: &Pin,
) -> Result<(), OpeningError> {
    pkcs11::change_pin(uri, user, old, new)
}

/// Tries a PIN of the token that `uri` names, once.
///
/// # Errors
/// [`OpeningError`] if the token is not there, or the PIN is not the right one.
pub(crate) fn token_opens(
    uri: &pkcs11::Uri,
    user: TokenUser,
    pin: &Pin,
) -> Result<(), OpeningError> {
    pkcs11::opens(uri, user, pin)
}

/// Destroys `key` where `locator` says, and reads back that it is gone: in a token under any label and id,
/// but for what one of `kept` names, which are other copies. `management_key` is what a YubiKey wants
/// for it.
///
/// # Errors
/// [`DestroyError`]. Only what was read back is gone: after an error the key may be there still, in
/// part or whole, and the same call goes on.
pub(crate) fn destroy(
    (locator, kept): (&Locator, &[Locator]),
    key: &KeyData,
    management_key: yubikey::ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    match locator {
        Locator::Pkcs11(uri) => {
            let kept = kept.iter().filter_map(|other| match other {
                Locator::Pkcs11(uri) => Some(&**uri),
                _ => None,
            });
            pkcs11::destroy(uri, key, &kept.collect::<Vec<_>>(), pins)
        }
        Locator::YubiKey(slot) => yubikey::destroy(slot, key, management_key, pins),
        Locator::Agent(_) | Locator::File(_) => Err(DestroyError::Software),
    }
}

/// Lists every slot, token and key that a PKCS#11 module shows.
///
/// Without `module`, that of the URI in `login`, else p11-kit's proxy, which shows every
/// module that the machine is configured for. Without `login` private keys stay hidden.
///
/// # Errors
/// [`OpeningError`] if the module cannot be used, or the login fails. A token or key that
/// cannot be read is listed with what is known.
pub fn inventory(
    module: Option<&pkcs11::Uri>,
    login: Option<(&pkcs11::Uri, &mut dyn AskPin)>,
) -> Result<Inventory, OpeningError> {
    pkcs11::inventory(module, login)
}

/// Lists the YubiKeys that are plugged in, with the keys in their slots. No PIN is tried.
///
/// # Errors
/// [`CardFault`](yubikey::CardFault) if there is no PC/SC daemon, or it doesn't answer. A card
/// that cannot be read whole is listed with what is known.
pub fn yubikeys() -> Result<Vec<yubikey::CardEntry>, yubikey::CardFault> {
    yubikey::inventory()
}
