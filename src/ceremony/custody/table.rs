//! The devices that shares open, as ledger and room have them.

use super::change::device_words;
use super::error::CustodyError;
use crate::ca::SharedDevice;
use crate::config::Config;
use crate::ledger::{
    Became, Derivation, Ledger, OpenedDevice, OpenedDevices, SecretsDerived, SecretsSet,
};
use crate::secret::share::SharedSecret;
use crate::signer::yubikey::setup::{self, SecretState};
use crate::signer::{self, Locator, OpeningError};

/// One device, as the ledger has it and as this machine reaches it.
pub(super) struct Known {
    /// Its name in the ledger.
    pub(super) name: String,
    pub(super) device: SharedDevice,
    pub(super) ledger: OpenedDevice,
    pub(super) is_there: bool,
}

impl Known {
    /// What opened it last. It has that, or what was about to be set.
    pub(super) fn opened_by(&self) -> Option<Derivation> {
        self.ledger.opened_by.or(self.ledger.about_to_be)
    }

    pub(super) fn words(&self) -> String {
        device_words(&self.device)
    }

    /// The entry that says how far the device came to these secrets.
    pub(super) fn entry(
        &self,
        by: Derivation,
        check: [u8; 32],
        set: SecretsSet,
        keyboard: &str,
    ) -> SecretsDerived {
        SecretsDerived {
            device: self.name.clone(),
            serial: self.ledger.serial.clone(),
            generation: by.generation,
            counter: by.counter,
            check,
            set,
            keyboard: keyboard.to_owned(),
        }
    }
}

/// Every device that the ledger knows, and which of them are there. Asking costs no try.
///
/// # Errors
/// [`CustodyError`], also where there is none.
pub(super) fn devices(config: &Config) -> Result<(OpenedDevices, Vec<Known>), CustodyError> {
    let ledger = Ledger::open_to_read(&config.ledger())?;
    let opened = ledger.opened_devices()?;
    let mut devices = Vec::new();
    for (name, known) in opened.devices() {
        let named = name.parse::<SharedDevice>();
        let device = named.map_err(|_form| CustodyError::Device(name.to_owned()))?;
        let device = device.reached_by(config);
        let is_there = is_there(&device)?;
        if is_there && was_reset(&ledger, &device)? {
            continue;
        }
        devices.push(Known {
            name: name.to_owned(),
            is_there,
            device,
            ledger: known.clone(),
        });
    }
    if devices.is_empty() {
        return Err(CustodyError::NoDevice);
    }
    Ok((opened, devices))
}

/// One of them, which is there, with the number of the secret that opens it.
///
/// # Errors
/// [`CustodyError`], also where the ledger knows neither.
pub(super) fn device(
    config: &Config,
    secret: &SharedSecret,
    name: &str,
) -> Result<(u32, Known), CustodyError> {
    let opened = Ledger::open_to_read(&config.ledger())?.opened_devices()?;
    let generation = opened.generation_of(&secret.check());
    let generation = generation.ok_or(CustodyError::OtherSecret)?;
    let no_device = || CustodyError::Device(name.to_owned());
    let device = name.parse::<SharedDevice>().map_err(|_form| no_device())?;
    let known = Known {
        name: name.to_owned(),
        device: device.reached_by(config),
        ledger: opened.device(name).ok_or_else(no_device)?.clone(),
        is_there: true,
    };
    Ok((generation, known))
}

/// Whether a card has the factory's secrets since a key that was in it was destroyed: nothing of it follows from
/// shares any more.
fn was_reset(ledger: &Ledger, device: &SharedDevice) -> Result<bool, CustodyError> {
    let SharedDevice::Card(serial) = device else {
        return Ok(false);
    };
    let mut is_emptied = false;
    for ca in ledger.cas()? {
        let mut copies = ledger.copies(&ca)?.into_iter().map(|copy| copy.seen);
        is_emptied |= copies.any(|seen| {
            let place = seen.device.parse::<Locator>();
            seen.became == Became::Destroyed && place.is_ok_and(|place| device.holds(&place))
        });
    }
    Ok(is_emptied && setup::state(Some(*serial))?.pin == SecretState::Factory)
}

fn is_there(device: &SharedDevice) -> Result<bool, CustodyError> {
    match device {
        SharedDevice::Card(serial) => {
            let cards = signer::yubikeys().map_err(CustodyError::Cards)?;
            Ok(cards.iter().any(|card| card.serial == *serial))
        }
        SharedDevice::Token(uri) => match signer::pin_tries(&Locator::Pkcs11(uri.clone())) {
            Ok(_) => Ok(true),
            Err(OpeningError::NoToken { .. } | OpeningError::ModuleMissing { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        },
    }
}
