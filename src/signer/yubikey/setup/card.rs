//! The steps, each on a connection of its own: between two of them a person thinks.

use ::yubikey::piv::{self, ManagementSlotId, SlotId, SlotMetadata};
use ::yubikey::{MgmAlgorithmId, MgmKey, YubiKey};
use zeroize::Zeroizing;

use super::{
    CardState, ManagementKeyAlgorithm, ManagementKeyState, NewManagementKey, SecretState,
    SetupError, Tries, TriesLeft, TryCount,
};
use crate::secret::{AskPin, Pin};
use crate::signer::error::PinTries;
use crate::signer::yubikey::device::Device;
use crate::signer::yubikey::kept::{
    ADMIN, ADMIN_FLAGS, ADMIN_SALT, KEY_IS_PROTECTED, Object, PROTECTED, PROTECTED_KEY,
    keeps_management_key, read_object,
};
use crate::signer::yubikey::management_key::{authenticate, prove};
use crate::signer::yubikey::pin::{Access, refusal};
use crate::signer::yubikey::records::Records;
use crate::signer::yubikey::{
    CardFault, ManagementKey, ManagementKeyError, NewPin, NewPuk, PinPolicy,
};

/// What the card with this serial, else the only one, says of its secrets.
///
/// # Errors
/// [`SetupError`] if there is no such card, or several without a serial.
pub fn state(serial: Option<u32>) -> Result<CardState, SetupError> {
    let mut device = find(serial)?;
    let state = read_state(&mut device).map_err(|fault| fault.at(&device.name()));
    device.leave();
    Ok(state?)
}

/// How many tries the card with this serial has left. Asking costs none.
///
/// # Errors
/// [`SetupError`] if there is no such card, or it doesn't answer.
pub fn tries_left(serial: u32) -> Result<TriesLeft, SetupError> {
    let mut device = find(Some(serial))?;
    let told = metadata(&mut device, ManagementSlotId::Puk).and_then(|puk| {
        let puk = puk.and_then(|puk| puk.retries);
        Ok(TriesLeft {
            pin: pin_tries_left(&mut device)?,
            puk: puk.map(|puk| puk.remaining_count),
        })
    });
    let told = told.map_err(|fault| fault.at(&device.name()));
    device.leave();
    Ok(told?)
}

/// Sets how often PIN and PUK may be wrong. Both are the factory's after that.
///
/// # Errors
/// [`SetupError`]; the card is as it was.
pub fn set_tries(
    serial: u32,
    tries: Tries,
    key: ManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), SetupError> {
    let mut device = find(Some(serial))?;
    Access::open(&mut device, Some(PinPolicy::Once), pins)?;
    prove(&mut device, key)?;
    let (TryCount(pin), TryCount(puk)) = (tries.pin, tries.puk);
    let set = device.call(move |card| card.set_pin_retries(pin, puk));
    Ok(set.map_err(|fault| fault.at(&device.name()))?)
}

/// Changes the PUK. The old one is tried once.
///
/// # Errors
/// [`SetupError`]; the card has its old PUK.
pub fn change_puk(serial: u32, old: &Pin, new: &NewPuk) -> Result<(), SetupError> {
    let mut device = find(Some(serial))?;
    let (old, new) = (copy(old.expose()), copy(new.expose()));
    let changed =
        device.call(move |card| card.change_puk(old.expose().as_bytes(), new.expose().as_bytes()));
    changed.map_err(|fault| match fault {
        CardFault::WrongPin { tries } => SetupError::WrongPuk {
            device: device.name(),
            tries: PinTries::of(tries),
        },
        other => other.at(&device.name()).into(),
    })
}

/// Changes the PIN. The old one, which is asked for, is tried once.
///
/// # Errors
/// [`SetupError`]; the card has its old PIN.
pub fn change_pin(serial: u32, new: &NewPin, pins: &mut dyn AskPin) -> Result<(), SetupError> {
    let mut device = find(Some(serial))?;
    let name = device.name();
    let old = Access::ask(&mut device, pins)?;
    let new = copy(new.expose());
    let changed =
        device.call(move |card| card.change_pin(old.expose().as_bytes(), new.expose().as_bytes()));
    Ok(changed.map_err(|fault| refusal(fault, &name))?)
}

/// Shows the PIN, which is asked for, to the card: whether it is the right one.
///
/// # Errors
/// [`SetupError`] if it isn't, or nobody gave one.
pub fn log_in(serial: u32, pins: &mut dyn AskPin) -> Result<(), SetupError> {
    let mut device = find(Some(serial))?;
    Access::open(&mut device, Some(PinPolicy::Once), pins)?;
    device.leave();
    Ok(())
}

/// Gives the card a management key, a random one or of these bytes, and keeps it behind the PIN as ykman does: in the object
/// for printed information, with a flag in the admin data.
///
/// The key is written behind the PIN before the card gets it, so that no moment of this,
/// however it ends, leaves a card whose management key nobody has.
///
/// # Errors
/// [`SetupError`]; the card has the old management key, or the new one behind its PIN.
pub fn protect_management_key(
    serial: u32,
    old: ManagementKey<'_>,
    new: NewManagementKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<(), SetupError> {
    let mut device = find(Some(serial))?;
    let name = device.name();
    let algorithm = new.cipher;
    if !algorithm.is_known(device.firmware()) {
        return Err(SetupError::ManagementKeyAlgorithm {
            device: name,
            firmware: device.firmware(),
            algorithm,
        });
    }
    let key = new_key(new).map_err(|fault| fault.at(&name))?;
    Access::open(&mut device, Some(PinPolicy::Once), pins)?;
    prove(&mut device, old)?;
    keep(&mut device, &PROTECTED, |records| {
        records.set(PROTECTED_KEY, key.as_ref());
    })?;
    keep(&mut device, &ADMIN, |records| {
        let flags = match records.find(ADMIN_FLAGS) {
            Some([flags]) => *flags,
            _ => 0,
        };
        records.set(ADMIN_FLAGS, &[flags | KEY_IS_PROTECTED]);
        records.remove(ADMIN_SALT);
    })?;
    let set = device.call(move |card| key.set_protected(card));
    set.map_err(|fault| fault.at(&name))?;
    Ok(authenticate(&mut device, ManagementKey::Protected, pins)?)
}

fn find(serial: Option<u32>) -> Result<Device, SetupError> {
    let wanted = match serial {
        Some(serial) => format!("YubiKey {serial}"),
        None => "a YubiKey".to_owned(),
    };
    Ok(Device::find(serial, &wanted)?)
}

fn read_state(device: &mut Device) -> Result<CardState, CardFault> {
    let pin = metadata(device, ManagementSlotId::Pin)?;
    let puk = metadata(device, ManagementSlotId::Puk)?;
    let total =
        |secret: &Option<SlotMetadata>| Some(secret.as_ref()?.retries.as_ref()?.retry_count);
    Ok(CardState {
        serial: device.serial(),
        firmware: device.firmware(),
        pin: secret_state(pin.as_ref()),
        puk: secret_state(puk.as_ref()),
        management_key: management_key_state(device)?,
        pin_tries: match total(&pin) {
            Some(tries) => tries,
            None => pin_tries_left(device)?,
        },
        puk_tries: total(&puk),
    })
}

/// None where the firmware tells nothing.
fn metadata(device: &mut Device, of: ManagementSlotId) -> Result<Option<SlotMetadata>, CardFault> {
    match device.call(move |card| piv::metadata(card, SlotId::Management(of))) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(CardFault::NotSupported) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn secret_state(metadata: Option<&SlotMetadata>) -> SecretState {
    match metadata.and_then(|metadata| metadata.default) {
        Some(true) => SecretState::Factory,
        Some(false) => SecretState::Own,
        None => SecretState::Untold,
    }
}

/// A locked PIN has none.
fn pin_tries_left(device: &mut Device) -> Result<u8, CardFault> {
    match device.call(YubiKey::get_pin_retries) {
        Err(CardFault::WrongPin { tries }) => Ok(tries),
        told => told,
    }
}

/// Where the firmware doesn't tell, the factory's key is tried: no counter runs for it.
fn management_key_state(device: &mut Device) -> Result<ManagementKeyState, CardFault> {
    let told = metadata(device, ManagementSlotId::Management)?;
    let is_factory = match told.and_then(|metadata| metadata.default) {
        Some(is_factory) => is_factory,
        None => match prove(device, ManagementKey::Factory) {
            Ok(()) => true,
            Err(ManagementKeyError::Card(failed)) => return Err(failed.source),
            Err(_another_key) => false,
        },
    };
    let is_kept = keeps_management_key(device)?;
    Ok(match (is_factory, is_kept) {
        (true, _) => ManagementKeyState::Factory,
        (false, true) => ManagementKeyState::Protected,
        (false, false) => ManagementKeyState::Own,
    })
}

/// Changes the records in an object; what else stands there stays.
fn keep(
    device: &mut Device,
    object: &Object,
    change: impl FnOnce(&mut Records),
) -> Result<(), SetupError> {
    let name = device.name();
    let taken = || SetupError::CardObjectTaken {
        device: name.clone(),
        object: object.name,
    };
    let records = read_object(device, object).map_err(|fault| fault.at(&name))?;
    let mut records = records.ok_or_else(taken)?;
    change(&mut records);
    let mut bytes = records.written_within(object.tag).ok_or_else(taken)?;
    let id = object.id;
    let saved = device.call(move |card| card.save_object(id, &mut bytes));
    Ok(saved.map_err(|fault| fault.at(&name))?)
}

fn new_key(new: NewManagementKey<'_>) -> Result<MgmKey, CardFault> {
    let (id, length) = match new.cipher {
        ManagementKeyAlgorithm::TripleDes => (MgmAlgorithmId::ThreeDes, 24),
        ManagementKeyAlgorithm::Aes128 => (MgmAlgorithmId::Aes128, 16),
        ManagementKeyAlgorithm::Aes192 => (MgmAlgorithmId::Aes192, 24),
        ManagementKeyAlgorithm::Aes256 => (MgmAlgorithmId::Aes256, 32),
    };
    let mut bytes = Zeroizing::new(vec![0; length]);
    match new.bytes.map(|given| given.get(..length)) {
        Some(Some(given)) => bytes.copy_from_slice(given),
        Some(None) => {
            return Err(CardFault::Refused {
                reason: "a management key that is too short".to_owned(),
            });
        }
        None => getrandom::fill(&mut bytes).map_err(|error| CardFault::Refused {
            reason: format!("no random numbers: {error}"),
        })?,
    }
    Ok(MgmKey::from_bytes(&bytes, Some(id))?)
}

fn copy(secret: &str) -> Pin {
    Pin::new(secret.to_owned())
}
