//! Gives a device the secrets of another counter or generation, in place of those it has.
//!
//! Each of its secrets is changed by a call that wants the old one. Where a run was cut short before,
//! the device may have the new one already: then the old one is refused once, and the new one is tried
//! once. So no more than one try is spent, which the right secret gives back, and none where it would
//! be the last.

use super::derived::{CardDerived, Derived, TokenDerived};
use super::error::CustodyError;
use crate::ca::SharedDevice;
use crate::secret::{AskPin, Pin, PinError};
use crate::signer::pkcs11::Uri;
use crate::signer::yubikey::setup::{
    self, ManagementKeyAlgorithm, NewManagementKey, SetupError, TriesLeft,
};
use crate::signer::yubikey::{Firmware, ManagementKey, NewPuk};
use crate::signer::{self, Locator, LoginError, OpeningError, PinTries, TokenUser};
use crate::wire::hex;

/// What is known of a device before it is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// It has the old secrets.
    Old,
    /// A run was cut short: each of its secrets is the old or the new one.
    Either,
}

/// Logs in to a device once.
///
/// # Errors
/// [`CustodyError`]; nothing is tried where it would be the last try.
pub(super) fn log_in(device: &SharedDevice, pin: Pin) -> Result<(), CustodyError> {
    match device {
        SharedDevice::Card(serial) => Ok(setup::log_in(*serial, &mut Once(pin))?),
        SharedDevice::Token(uri) => {
            has_tries(uri)?;
            Ok(signer::token_opens(uri, TokenUser::User, &pin)?)
        }
    }
}

/// Gives a device the new secrets, and reads them back by a login.
///
/// # Errors
/// [`CustodyError`]; each secret of the device is the old or the new one then.
pub(super) fn change(
    device: &SharedDevice,
    old: &Derived,
    new: &Derived,
    before: Before,
) -> Result<(), CustodyError> {
    match (device, old, new) {
        (SharedDevice::Card(serial), Derived::Card(old), Derived::Card(new)) => {
            change_card(*serial, old, new, before)?;
        }
        (SharedDevice::Token(uri), Derived::Token(old), Derived::Token(new)) => {
            change_token(uri, old, new, before)?;
        }
        _ => return Err(CustodyError::Device(device_words(device))),
    }
    log_in(device, new.pin())
}

/// The card's PUK comes first: whoever sees the new PIN in it knows the rest of the way.
fn change_card(
    serial: u32,
    old: &CardDerived,
    new: &CardDerived,
    before: Before,
) -> Result<(), CustodyError> {
    let TriesLeft { pin, puk } = setup::tries_left(serial)?;
    if pin < TRIES_MIN || puk.is_some_and(|puk| puk < TRIES_MIN) {
        return Err(CustodyError::FewTries(format!("YubiKey {serial}")));
    }
    change_puk(serial, &old.puk, &new.puk, before)?;
    match setup::change_pin(serial, &new.pin, &mut Once(copy(old.pin.expose()))) {
        Err(SetupError::Opening(OpeningError::Login(LoginError::WrongPin { .. })))
            if before == Before::Either =>
        {
            setup::log_in(serial, &mut Once(copy(new.pin.expose())))?;
        }
        changed => changed?,
    }
    finish_card(serial, Some(old), new)
}

/// Gives a card that has the new PIN the management key that belongs to it.
///
/// # Errors
/// [`CustodyError`].
pub(super) fn finish_card(
    serial: u32,
    old: Option<&CardDerived>,
    new: &CardDerived,
) -> Result<(), CustodyError> {
    let firmware = setup::state(Some(serial))?.firmware;
    let protect = |by: ManagementKey<'_>| protect(serial, firmware, by, new);
    match (protect(ManagementKey::Protected), old) {
        (Ok(()), _) => Ok(()),
        // Cut short between the two: behind the PIN stands the new one, and the card has the old.
        (Err(SetupError::ManagementKey(_)), Some(old)) => {
            let bytes = old.key.get(..KEY_BYTES).unwrap_or_default();
            let given = Pin::new(hex(bytes));
            Ok(protect(ManagementKey::Given(&given))?)
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn protect(
    serial: u32,
    firmware: Firmware,
    by: ManagementKey<'_>,
    new: &CardDerived,
) -> Result<(), SetupError> {
    let to = NewManagementKey {
        cipher: ManagementKeyAlgorithm::proposed(firmware),
        bytes: Some(new.key.as_slice()),
    };
    let pin = &mut Once(copy(new.pin.expose()));
    setup::protect_management_key(serial, by, to, pin)
}

fn change_puk(serial: u32, old: &NewPuk, new: &NewPuk, before: Before) -> Result<(), CustodyError> {
    match setup::change_puk(serial, &copy(old.expose()), new) {
        Err(SetupError::WrongPuk { .. }) if before == Before::Either => {
            Ok(setup::change_puk(serial, &copy(new.expose()), new)?)
        }
        changed => Ok(changed?),
    }
}

fn change_token(
    uri: &Uri,
    old: &TokenDerived,
    new: &TokenDerived,
    before: Before,
) -> Result<(), CustodyError> {
    has_tries(uri)?;
    let officer = (TokenUser::SecurityOfficer, &old.so_pin, &new.so_pin);
    for (user, old, new) in [officer, (TokenUser::User, &old.pin, &new.pin)] {
        match signer::change_token_pin(uri, user, old, new) {
            Err(OpeningError::Login(LoginError::WrongPin { .. })) if before == Before::Either => {
                signer::token_opens(uri, user, new)?;
            }
            changed => changed?,
        }
    }
    Ok(())
}

/// A token tells of its last try alone.
fn has_tries(uri: &Uri) -> Result<(), CustodyError> {
    match signer::pin_tries(&Locator::Pkcs11(Box::new(uri.clone())))? {
        PinTries::OneLeft | PinTries::NoneLeft => Err(CustodyError::FewTries(uri.to_string())),
        PinTries::Counted(left) if left < TRIES_MIN => Err(CustodyError::FewTries(uri.to_string())),
        PinTries::Left | PinTries::Counted(_) | PinTries::Untold => Ok(()),
    }
}

/// A device for people.
pub(super) fn device_words(device: &SharedDevice) -> String {
    match device {
        SharedDevice::Card(serial) => format!("YubiKey {serial}"),
        SharedDevice::Token(uri) => format!("token {uri}"),
    }
}

fn copy(secret: &str) -> Pin {
    Pin::new(secret.to_owned())
}

/// A PIN that is known, and is tried once.
struct Once(Pin);

impl AskPin for Once {
    fn pin(&mut self, _device: &str) -> Result<Pin, PinError> {
        Ok(self.0.copy())
    }

    fn is_given(&self) -> bool {
        true
    }
}

/// One that may be wrong, one that is right, and one to spare.
const TRIES_MIN: u8 = 3;
/// Bytes of a key for AES-192 and 3DES.
const KEY_BYTES: usize = 24;
