//! One more device with the key of a CA that is there: a spare, or a second one for a batch.

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::EstablishError;
use crate::certificate::subject::fingerprint;
use crate::config::{CaName, Place, with_key};
use crate::issue::self_test;
use crate::output;
use crate::secret::AskPin;
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{self, ImportError, Locator, NewKey, PlaceError};

/// What one more device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The config names it, so that it shares each run that it is there for.
    Shared,
    /// It lies in a safe, and the config doesn't name it.
    Spare,
}

/// Brings the key of CA `name` into one more device, tests it there, and names the device in
/// the config where it shares runs.
///
/// A card that has the key in that slot already, from a run that was cut short, is taken up.
///
/// # Errors
/// [`EstablishError`]. A key that was brought in stays, and the next run takes it up.
pub fn add_spare(
    place: &Place,
    name: &CaName,
    locator: &Locator,
    keypair: &KeypairData,
    in_slot: &NewSlotKey<'_>,
    to_be: Use,
    pins: &mut dyn AskPin,
) -> Result<NewKey, EstablishError> {
    let config = place.read()?;
    let ca = config.ca(name.as_str())?;
    let recorded = config.public_key(ca)?;
    let given = KeyData::try_from(keypair)?;
    if *recorded.key_data() != given {
        return Err(EstablishError::OtherKeyOfCa {
            name: name.clone(),
            recorded: fingerprint(recorded.key_data()),
            given: fingerprint(&given),
        });
    }
    // Before the key is brought in: the device must not be one that the config names.
    with_key(&config, name, locator.clone())?;
    let key = bring_in(locator, keypair, &given, in_slot, pins)?;
    let tested = self_test(&key.locator, &given, pins).map_err(EstablishError::SelfTest)?;
    if *tested.key_data() != given {
        return Err(EstablishError::OtherKey);
    }
    if to_be == Use::Shared {
        let text = with_key(&config, name, key.locator.clone())?;
        output::write(config.path(), text.as_bytes(), 0o644)?;
    }
    Ok(key)
}

fn bring_in(
    locator: &Locator,
    keypair: &KeypairData,
    key: &KeyData,
    in_slot: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, EstablishError> {
    match signer::import(locator, keypair, in_slot, pins) {
        Err(ImportError::Place(PlaceError::SlotTaken {
            fingerprint: there, ..
        })) if there == fingerprint(key) => Ok(signer::describe_knowing(locator, Some(key), pins)?),
        imported => Ok(imported?),
    }
}
