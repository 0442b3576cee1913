//! What would become of a CA to be, as far as it shows without a PIN; nothing is changed.

use std::path::PathBuf;

use ssh_key::public::KeyData;

use super::copying::Copying;
use super::home::Home;
use super::spare::{Spare, known_ca};
use super::{EstablishError, NewCa, Source, refuse_unfit};
use crate::certificate::subject::fingerprint;
use crate::config::{Place, with_key};
use crate::ledger::Ledger;
use crate::output;
use crate::signer::{self, GenerateError, ImportError, PlaceError};

/// A CA that could be made.
#[derive(Debug)]
pub struct Foreseen {
    /// Its key; none if it is not made yet, or is shown after a login alone.
    pub key: Option<KeyData>,
    /// The file that its public key would go to.
    pub public_key_file: PathBuf,
    /// The config that would name it.
    pub config: PathBuf,
    /// The ledger that it would count in.
    pub ledger: PathBuf,
    /// Whether that would be made for it.
    pub ledger_is_new: bool,
}

/// Looks whether [`establish`](super::establish) could make `new` a CA. Whoever needs a PIN to be
/// found, or to be refused, is not looked at.
///
/// # Errors
/// [`EstablishError`], as it would be met.
pub fn foresee(place: &Place, new: &NewCa<'_>) -> Result<Foreseen, EstablishError> {
    let home = Home::look(place, new)?;
    let is_taken_up = match &new.source {
        Source::Copied(_, target) => Copying::there(&home, new, target)?.is_some(),
        _ => false,
    };
    let key = if is_taken_up {
        None
    } else {
        home.refuse_known(new)?;
        home.require_place_for_file(new)?;
        key_of(new)?
    };
    if let Some(key) = &key {
        refuse_unfit(key)?;
        new.refuse_other(key)?;
        home.refuse_key(key)?;
        home.refuse_other_in_ledger(new, key)?;
    }
    Ok(Foreseen {
        key,
        public_key_file: home.public_key_file,
        config: home.config.path().to_path_buf(),
        ledger: home.config.ledger(),
        ledger_is_new: home.ledger.is_none(),
    })
}

/// Looks whether [`add_spare`](super::add_spare) could bring the key into one more device. The CA may be
/// yet to be made by the same command.
///
/// # Errors
/// [`EstablishError`], as it would be met.
pub fn foresee_spare(place: &Place, spare: &Spare<'_>) -> Result<(), EstablishError> {
    let given = spare.key.public()?;
    let there = place.read_if_there()?;
    if let Some(config) = there.filter(|config| config.ca(spare.ca.as_str()).is_ok()) {
        spare.require_key_of_ca(&config, &given)?;
        with_key(&config, spare.ca, spare.locator.clone())?;
        output::check_replaced(config.path())?;
        known_ca(&Ledger::open_to_read(&config.ledger())?, &given)?;
    }
    spare.require_place(&given)
}

/// The key, if it is known; refuses a place that is taken.
fn key_of(new: &NewCa<'_>) -> Result<Option<KeyData>, EstablishError> {
    match &new.source {
        Source::Generate(_, in_slot) => {
            signer::require_free(&new.locator, in_slot).map_err(GenerateError::from)?;
            Ok(None)
        }
        Source::Copied(_, target) => {
            signer::copy::require_two_tokens(&new.locator, target)?;
            for place in [&new.locator, target] {
                let free =
                    signer::require_free(place, &crate::signer::yubikey::NewSlotKey::default());
                free.map_err(GenerateError::from)?;
            }
            Ok(None)
        }
        Source::Import(key, in_slot) | Source::InMemory(key, in_slot) => {
            signer::require_free(&new.locator, in_slot).map_err(ImportError::from)?;
            Ok(Some(KeyData::try_from(*key)?))
        }
        Source::Adopt(..) if new.locator.is_software() => Err(EstablishError::Software {
            locator: new.locator.to_string(),
        }),
        Source::Adopt(..) | Source::TakenUp | Source::Software => Ok(signer::shown(&new.locator)?),
    }
}

impl Spare<'_> {
    /// A device that has the key there already, from a run that was cut short, is taken up.
    pub(super) fn require_place(&self, key: &KeyData) -> Result<(), EstablishError> {
        match signer::require_free(self.locator, self.in_slot) {
            Err(PlaceError::SlotTaken {
                fingerprint: there, ..
            }) if there == fingerprint(key) => Ok(()),
            Err(taken @ PlaceError::LabelTaken { .. }) => match signer::shown(self.locator)? {
                Some(there) if there == *key => Ok(()),
                _ => Err(ImportError::from(taken).into()),
            },
            free => Ok(free.map_err(ImportError::from)?),
        }
    }
}
