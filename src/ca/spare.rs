//! One more device with the key of a CA that is there: a spare, or a second one for a batch.

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;

use super::EstablishError;
use super::binding::{Binder, Binding, named_by};
use super::home::open_when_free;
use super::overwritten::{about_to_go, went};
use crate::certificate::subject::fingerprint;
use crate::config::{CaName, Config, Place, with_key};
use crate::issue::self_test;
use crate::ledger::{Became, Ca, CopyKind, CopySeen, KnownCopy, Ledger};
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

/// One more device for the key of a CA.
pub struct Spare<'a> {
    /// The CA.
    pub ca: &'a CaName,
    /// Where the key shall be.
    pub locator: &'a Locator,
    /// The key.
    pub key: SpareKey<'a>,
    /// What a YubiKey is asked for.
    pub in_slot: &'a NewSlotKey<'a>,
    /// What it is for.
    pub to_be: Use,
}

/// The key of a CA, on its way into one more device.
#[derive(Clone, Copy)]
pub enum SpareKey<'a> {
    /// It is brought in.
    BroughtIn(&'a KeypairData),
    /// It is there already, and this is its public half.
    There(&'a KeyData),
}

/// A device that has the key of a CA now.
#[derive(Debug)]
pub struct SpareAdded {
    /// Where the key is, and what the device says of it.
    pub key: NewKey,
    /// Whether the device names the CA's ledger.
    pub binding: Binding,
}

/// Brings the key of a CA into one more device, tests it there, has the device name the ledger,
/// and names the device in the config where it shares runs. `time` is Unix time in seconds,
/// `keyboard` who is at it.
///
/// A device that has the key in that place already, from a run that was cut short, is taken up. The
/// ledger keeps that the copy is there.
///
/// # Errors
/// [`EstablishError`]. A key that was brought in stays, and the next run takes it up.
pub fn add_spare(
    place: &Place,
    spare: &Spare<'_>,
    pins: &mut dyn AskPin,
    keyboard: String,
    time: u64,
) -> Result<SpareAdded, EstablishError> {
    let config = place.read()?;
    let given = spare.key.public()?;
    spare.require_key_of_ca(&config, &given)?;
    // Before the key is brought in: the device must not be one that the config names.
    with_key(&config, spare.ca, spare.locator.clone())?;
    output::check_replaced(config.path())?;
    // All that keeps the ledger from being written to shows now; a PIN is asked for unlocked.
    drop(config.ledger_place().open_confirmed()?);
    let looked = Ledger::open_to_read(&config.ledger())?;
    known_ca(&looked, &given)?;
    spare.refuse_bound(&looked, &given, pins)?;
    let replaced = about_to_go(Some(&looked), spare.locator, spare.in_slot.replace)?;
    drop(looked);
    let key = spare.bring_in(&given, pins)?;
    // First of all: whatever stops this run from here on, the copy is known.
    keep_copy(&config, &given, &key.locator, &keyboard, time)?;
    if let Some(replaced) = replaced.filter(|replaced| *replaced.public_key() != given) {
        let who = (keyboard.as_str(), time);
        went(&mut open_when_free(&config)?, &replaced, &key.locator, who)?;
    }
    let tested = self_test(&key.locator, &given, pins).map_err(EstablishError::SelfTest)?;
    if *tested.key_data() != given {
        return Err(EstablishError::OtherKey);
    }
    let mut ledger = open_when_free(&config)?;
    let ca = known_ca(&ledger, &given)?;
    let binder = Binder {
        ledger: &mut ledger,
        ca: &ca,
        management_key: spare.in_slot.management_key,
        keyboard,
        time,
    };
    let binding = binder.bind(&key.locator, &given, pins)?;
    if spare.to_be == Use::Shared {
        let text = with_key(&config, spare.ca, key.locator.clone())?;
        output::write(config.path(), text.as_bytes(), 0o644)?;
    }
    Ok(SpareAdded { key, binding })
}

impl SpareKey<'_> {
    pub(super) fn public(self) -> Result<KeyData, EstablishError> {
        match self {
            Self::BroughtIn(keypair) => Ok(KeyData::try_from(keypair)?),
            Self::There(key) => Ok(key.clone()),
        }
    }
}

impl Spare<'_> {
    pub(super) fn require_key_of_ca(
        &self,
        config: &Config,
        given: &KeyData,
    ) -> Result<(), EstablishError> {
        let recorded = config.public_key(config.ca(self.ca.as_str())?)?;
        if recorded.key_data() == given {
            return Ok(());
        }
        Err(EstablishError::OtherKeyOfCa {
            name: self.ca.clone(),
            recorded: fingerprint(recorded.key_data()),
            given: fingerprint(given),
        })
    }

    fn refuse_bound(
        &self,
        ledger: &Ledger,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<(), EstablishError> {
        match named_by(Some(ledger), self.locator, key, pins)? {
            None => Ok(()),
            Some(named) => Err(EstablishError::SpareOfAnother {
                locator: named.locator,
                fingerprint: named.fingerprint,
                ledger: named.ledger,
            }),
        }
    }

    fn bring_in(&self, key: &KeyData, pins: &mut dyn AskPin) -> Result<NewKey, EstablishError> {
        let SpareKey::BroughtIn(keypair) = self.key else {
            return Ok(signer::describe_knowing(self.locator, Some(key), pins)?);
        };
        match signer::import(self.locator, keypair, self.in_slot, pins) {
            Err(ImportError::Place(PlaceError::SlotTaken {
                fingerprint: there, ..
            })) if there == fingerprint(key) => {
                Ok(signer::describe_knowing(self.locator, Some(key), pins)?)
            }
            Err(taken @ ImportError::Place(PlaceError::LabelTaken { .. })) => {
                let there = signer::describe_knowing(self.locator, None, pins)?;
                if there.public_key == *key {
                    Ok(there)
                } else {
                    Err(taken.into())
                }
            }
            imported => Ok(imported?),
        }
    }
}

/// Has the ledger keep that the CA's key is in this device too, once.
fn keep_copy(
    config: &Config,
    key: &KeyData,
    locator: &Locator,
    keyboard: &str,
    time: u64,
) -> Result<(), EstablishError> {
    let holder = signer::holder(locator)?;
    let mut ledger = open_when_free(config)?;
    let ca = known_ca(&ledger, key)?;
    let device = holder.locator.to_string();
    let is_known =
        |copy: &KnownCopy| copy.seen.device == device && copy.seen.became == Became::Made;
    if ledger.copies(&ca)?.iter().any(is_known) {
        return Ok(());
    }
    let seen = CopySeen {
        ca: ca.position(),
        kind: CopyKind::Imported,
        became: Became::Made,
        device,
        holder: holder.words,
        word: String::new(),
        keyboard: keyboard.to_owned(),
    };
    Ok(ledger.record_copy(seen, time)?)
}

/// The CA of the ledger with this key.
pub(super) fn known_ca(ledger: &Ledger, key: &KeyData) -> Result<Ca, EstablishError> {
    let found = ledger.cas()?.into_iter().find(|ca| ca.public_key() == key);
    found.ok_or_else(|| EstablishError::NotInLedger(fingerprint(key)))
}
