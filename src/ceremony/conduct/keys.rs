//! The keys: each in a place that was written down before, so that no second one is ever made.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::in_memory::in_slot;
use super::{Conduct, ConductError, LEDGER_KEY_NAME};
use crate::ca::{self, NewCa, OfAnother, Source};
use crate::ceremony::facts::{LEDGER_KEY, LEDGER_KEY_PRINT};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Ca, Copies, Device, KeyPlace};
use crate::ceremony::steps::Step;
use crate::ceremony::transcript::Event;
use crate::certificate::Serial;
use crate::certificate::subject::fingerprint;
use crate::config::{Config, LedgerKeyPlace, with_ledger_key};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Became, HEADS, LISTS, Ledger, LedgerKeyAdded};
use crate::output;
use crate::signer::yubikey::NewSlotKey;
use crate::signer::{self, KeyAlgorithm, Locator, NewKey};

/// What is at the place of a key that is to be made.
enum There {
    /// Nothing.
    Nothing,
    /// The key that an earlier run of this ceremony made.
    Ours(Box<NewKey>),
}

impl<'s> Conduct<'s> {
    /// Makes the key of a CA, as `init` does, and the CA.
    pub(super) fn key(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let setting = self.setting;
        let ca = setting
            .plan
            .cas()
            .get(number)
            .ok_or(ConductError::Gone("the CA of the plan"))?;
        if let Copies::InMemory(others) = &ca.copies {
            return self.in_memory(step, ca, others);
        }
        if ca.copies.is_wrapped_by_components() {
            return self.in_components(step, ca);
        }
        let locator = self.place_of(step, &ca.device, &ca.place)?;
        let key = match self.made_before(ca, &locator)? {
            Some(key) => key,
            None => self.establish(step, ca, locator.clone())?,
        };
        let device = self.device_of(&ca.device)?;
        self.attest(step, (ca.name.as_str(), device, &ca.place), &locator, &key)?;
        self.copied(step, ca, &key)?;
        self.public(step, (ca.name.as_str(), &key))
    }

    fn establish(
        &mut self,
        step: &Step,
        ca: &Ca,
        locator: Locator,
    ) -> Result<KeyData, ConductError> {
        let source = self.source(step, ca, &locator)?;
        let new = NewCa {
            name: ca.name.clone(),
            locator,
            purpose: ca.certificates,
            source,
            next_serial: Serial::FIRST,
            roots: self.setting.roots.clone(),
            of_another: OfAnother::Refused,
        };
        let keyboard = self.setting.keyboard.clone();
        let now = self.room.now();
        Ok(
            ca::establish(&self.place, &new, &mut self.pins, keyboard, now)?
                .key
                .public_key,
        )
    }

    /// How the key comes to be: made, or found as an earlier run made it.
    fn source(
        &mut self,
        step: &Step,
        ca: &Ca,
        locator: &Locator,
    ) -> Result<Source<'static>, ConductError> {
        // What of it an earlier run left is taken up by what that wrote down.
        if let Copies::Wrapped(device) = &ca.copies {
            let copy = key_place::key(self.device_of(device)?, &ca.place, &[])?;
            return Ok(Source::Copied(ca.algorithm, copy));
        }
        let is_recorded = match self.config()? {
            Some(config) if config.ledger().exists() => {
                let known = Ledger::open_to_read(&config.ledger())?.cas()?;
                known.iter().any(|known| known.name() == ca.name.as_str())
            }
            _ => false,
        };
        Ok(match self.there(locator, is_recorded)? {
            There::Ours(_) => Source::TakenUp,
            There::Nothing => match ca.place {
                KeyPlace::Label(_) => Source::Generate(ca.algorithm, NewSlotKey::default()),
                // What the card says of the key is believed before the ledger has the key.
                KeyPlace::Slot { .. } => {
                    let device = self.device_of(&ca.device)?;
                    let key = self.generate(locator, ca.algorithm, &ca.place)?.public_key;
                    self.attest(step, (ca.name.as_str(), device, &ca.place), locator, &key)?;
                    Source::TakenUp
                }
            },
        })
    }

    /// Notes which devices have a copy, by the ledger's word.
    pub(super) fn copied(
        &mut self,
        step: &Step,
        ca: &Ca,
        key: &KeyData,
    ) -> Result<(), ConductError> {
        let Some(kind) = ca.copies.kind() else {
            return Ok(());
        };
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let known = ledger.cas()?;
        let known = known.iter().find(|one| one.public_key() == key);
        let known = known.map(|one| ledger.copies(one)).transpose()?;
        let known = known.unwrap_or_default();
        for name in ca.copies.devices() {
            let device = self.device_of(name)?;
            let copy = known.iter().find(|copy| {
                let there = copy.seen.device.parse::<Locator>();
                copy.seen.kind == kind
                    && copy.seen.became == Became::Made
                    && there.is_ok_and(|there| key_place::narrowed(&there, device).is_some())
            });
            let copy = copy.ok_or(ConductError::Gone("the copy of the key"))?;
            self.fact(step, &copy_fact(ca, name), &copy.seen.holder)?;
        }
        Ok(())
    }

    /// Where the key of a step is made: what an earlier run wrote down, else a place of its own, which
    /// is on disk before the token hears of it.
    pub(super) fn place_of(
        &mut self,
        step: &Step,
        device: &str,
        place: &KeyPlace,
    ) -> Result<Locator, ConductError> {
        if let Some(locator) = self.transcript().intent(&step.name) {
            return Ok(locator.parse()?);
        }
        let mut id = [0; key_place::KEY_ID_BYTES];
        getrandom::fill(&mut id).map_err(ConductError::Random)?;
        let locator = key_place::key(self.device_of(device)?, place, &id)?;
        // A slot has no id: whatever is in it from here on was made here.
        if matches!(place, KeyPlace::Slot { .. }) {
            signer::require_free(&locator, &NewSlotKey::default())?;
        }
        self.write(Event::Intent {
            step: step.name.clone(),
            locator: locator.to_string(),
        })?;
        Ok(locator)
    }

    pub(super) fn device_of(&self, name: &str) -> Result<&'s Device, ConductError> {
        let device = self.setting.plan.device(name);
        device.ok_or(ConductError::Gone("the device of the plan"))
    }

    /// The key of a CA that an earlier run wrote into the config; it is the one that was meant.
    pub(super) fn made_before(
        &self,
        ca: &Ca,
        locator: &Locator,
    ) -> Result<Option<KeyData>, ConductError> {
        let Some(config) = self.config()? else {
            return Ok(None);
        };
        let Ok(there) = config.ca(ca.name.as_str()) else {
            return Ok(None);
        };
        if !there.keys.iter().any(|key| key == locator) {
            return Err(ConductError::OtherCa(ca.name.to_string()));
        }
        Ok(Some(config.public_key(there)?.key_data().clone()))
    }

    /// What is at a place that was written down. A token that was cut off within the making of a pair may have half
    /// of it: that goes, unless the ledger has the key.
    fn there(&mut self, locator: &Locator, is_recorded: bool) -> Result<There, ConductError> {
        match signer::describe_knowing(locator, None, &mut self.pins) {
            Ok(key) => Ok(There::Ours(Box::new(key))),
            Err(error) if is_recorded => Err(error.into()),
            Err(error) => {
                ca::clear_unfinished(locator, error, &mut self.pins)?;
                Ok(There::Nothing)
            }
        }
    }

    /// Makes the ledger key, and has the ledger know what it signs before it signs anything.
    pub(super) fn ledger_key(&mut self, step: &Step) -> Result<(), ConductError> {
        let planned = self.setting.plan.ledger_key();
        let planned = planned.ok_or(ConductError::Gone("the ledger key of the plan"))?;
        let locator = self.place_of(step, &planned.device, &planned.place)?;
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let is_recorded = ledger.knows_ledger_key_at(&locator.to_string())?;
        let key = match self.there(&locator, is_recorded)? {
            There::Ours(key) => *key,
            There::Nothing => self.generate(&locator, planned.algorithm, &planned.place)?,
        };
        let (device, place) = (self.device_of(&planned.device)?, &planned.place);
        let named = (LEDGER_KEY_NAME, device, place);
        self.attest(step, named, &locator, &key.public_key)?;
        self.record_ledger_key(&key.public_key, &locator)?;
        let line = PublicKey::new(key.public_key.clone(), "ledger key").to_openssh()?;
        self.fact(step, LEDGER_KEY, line.trim_end())?;
        self.fact(step, LEDGER_KEY_PRINT, &fingerprint(&key.public_key))
    }

    fn generate(
        &mut self,
        locator: &Locator,
        algorithm: KeyAlgorithm,
        place: &KeyPlace,
    ) -> Result<NewKey, ConductError> {
        Ok(signer::generate(
            locator,
            algorithm,
            &in_slot(place),
            &mut self.pins,
        )?)
    }

    fn record_ledger_key(&mut self, key: &KeyData, locator: &Locator) -> Result<(), ConductError> {
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let place = LedgerKeyPlace::Device(locator.clone());
        if config.ledger_key().is_some_and(|there| there != place) {
            return Err(ConductError::OtherLedgerKey);
        }
        let added = LedgerKeyAdded {
            key: PublicKey::from(key.clone()).to_bytes()?,
            purposes: HEADS | LISTS,
            place: locator.to_string(),
            keyboard: self.setting.keyboard.clone(),
        };
        self.ledger(&config)?
            .ledger_key_signs(added, self.room.now())?;
        let text = with_ledger_key(&config, &locator.to_string())?;
        Ok(output::write(config.path(), text.as_bytes(), CONFIG_MODE)?)
    }

    /// The ledger, open to be written to.
    pub(super) fn ledger(&self, config: &Config) -> Result<Ledger, ConductError> {
        Ok(config.ledger_place().open_confirmed()?)
    }

    /// The ledger key, open to sign: the one of this ceremony; where it makes none, the config's.
    pub(super) fn open_ledger_key(&mut self, ledger: &Ledger) -> Result<LedgerKey, ConductError> {
        let made = self.transcript().intent(LEDGER_KEY_STEP);
        let locator = match made {
            Some(locator) => locator.parse()?,
            None => self.ledger_key_of_config()?,
        };
        Ok(LedgerKey::open(&locator, &mut self.pins, &ledger.cas()?)?)
    }

    pub(super) fn ledger_key_of_config(&self) -> Result<Locator, ConductError> {
        let place = self.config()?.and_then(|config| config.ledger_key());
        match place {
            Some(LedgerKeyPlace::Device(locator)) => Ok(locator),
            _ => Err(ConductError::Gone("the ledger key in a device")),
        }
    }
}

/// The fact of a copy of a CA's key in a device of the plan.
pub(in crate::ceremony) fn copy_fact(ca: &Ca, device: &str) -> String {
    format!("copy {} in {device}", ca.name)
}

/// The name of the step that makes the ledger key.
const LEDGER_KEY_STEP: &str = "ledger-key";
/// As `init` writes it.
const CONFIG_MODE: u32 = 0o644;
