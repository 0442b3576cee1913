//! The ledger that is there before a ceremony, and the keys in the room that belong to it.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::key_fault::KeyFault;
use super::{Conduct, ConductError};
use crate::ca::{KnownCa, key_places};
use crate::ceremony::facts::{
    LEDGER_BEFORE, LEDGER_KEY, LEDGER_KEY_PRINT, MADE_TO_FIND, head_in_words, made_to_find,
};
use crate::ceremony::key_place;
use crate::ceremony::plan::CaBefore;
use crate::ceremony::steps::Step;
use crate::certificate::subject::fingerprint;
use crate::config::{CaName, Config};
use crate::ledger::{Became, CopyKind, HEADS, Ledger};
use crate::signer::{self, Locator};

impl Conduct<'_> {
    /// Holds the ledger against the plan, and each key in a device against the ledger.
    pub(super) fn ledger_before(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let planned = setting.plan.ledger.as_ref();
        let planned = planned.ok_or(ConductError::Gone("the ledger of the plan"))?;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        // Open to be written to: it is the newest copy, by the heads that are kept.
        let ledger = self.ledger(&config)?;
        ledger.extends(&planned.head)?;
        let head = ledger.checkpoint()?;
        let head = head.ok_or(ConductError::Gone("the ledger"))?;
        self.fact(step, LEDGER_BEFORE, &head_in_words(&head))?;
        if let Some(made) = made_to_find(setting.plan) {
            self.fact(step, MADE_TO_FIND, &made)?;
        }
        for ca in &planned.cas {
            let key = self.key_of_ca(&config, &ledger, ca)?;
            self.public(step, (ca.name.as_str(), &key))?;
        }
        self.fits_the_old_ca(&ledger)?;
        self.emergencies_are_allowed(&config, &ledger)?;
        self.lost_to_a_thief_is_known(&config)?;
        self.ledger_key_there(step, &ledger)
    }

    /// The key that the ledger has for a CA. Where a device of the room holds it, it was seen there.
    fn key_of_ca(
        &mut self,
        config: &Config,
        ledger: &Ledger,
        planned: &CaBefore,
    ) -> Result<KeyData, ConductError> {
        let known = KnownCa::find(config, ledger, planned.name.as_str())?;
        let key = known.ca().public_key().clone();
        if key.fingerprint(ssh_key::HashAlg::Sha256) != planned.fingerprint {
            return Err(KeyFault::OtherThanLedger {
                name: planned.name.to_string(),
                wanted: planned.fingerprint,
                found: fingerprint(&key),
            }
            .into());
        }
        // A drill tries that in a step of its own, which goes on where it isn't so.
        if let Some(device) = planned.device.as_ref().filter(|_| !self.is_drill()) {
            let locator = self.key_in_device(config, ledger, (&planned.name, device))?;
            self.is_in_device(&locator, (planned, device), &key)?;
        }
        Ok(key)
    }

    /// How the key of a CA is reached in a device of the room, by config or by the copies that the ledger
    /// was told of.
    pub(super) fn key_in_device(
        &self,
        config: &Config,
        ledger: &Ledger,
        (ca, name): (&CaName, &str),
    ) -> Result<Locator, ConductError> {
        let device = self.device_of(name)?;
        let known = KnownCa::find(config, ledger, ca.as_str())?;
        let copies = key_places(config, ledger, known.ca())?.into_iter();
        let copies = copies.filter(|place| {
            let is_key = !matches!(place.kind, CopyKind::WrappingKey | CopyKind::Blob);
            is_key && place.became != Some(Became::Destroyed)
        });
        let named = known.config.keys.iter().cloned();
        let mut locators = named.chain(copies.map(|place| place.device));
        let locator = locators.find_map(|locator| key_place::narrowed(&locator, device));
        let missing = || KeyFault::NotInDevice {
            ca: ca.to_string(),
            device: name.to_owned(),
        };
        Ok(locator.ok_or_else(missing)?)
    }

    pub(super) fn is_in_device(
        &mut self,
        locator: &Locator,
        (planned, device): (&CaBefore, &str),
        key: &KeyData,
    ) -> Result<(), ConductError> {
        let found = signer::describe_knowing(locator, Some(key), &mut self.pins)?;
        if found.public_key == *key {
            return Ok(());
        }
        Err(KeyFault::OtherInDevice {
            ca: planned.name.to_string(),
            device: device.to_owned(),
            found: fingerprint(&found.public_key),
        }
        .into())
    }

    /// The ledger key opens, and is one that the ledger believes.
    fn ledger_key_there(&mut self, step: &Step, ledger: &Ledger) -> Result<(), ConductError> {
        // Nobody knows a PIN that follows from shares which are missing.
        let place = self.ledger_key_of_config()?;
        let mut devices = self.setting.plan.devices.iter();
        if let Some(device) = devices.find(|one| key_place::narrowed(&place, one).is_some()) {
            self.has_secret_for(device)?;
        }
        let key = self.open_ledger_key(ledger)?.public_key().clone();
        let hash = key.fingerprint(ssh_key::HashAlg::Sha256).sha256();
        let state = hash.map(|hash| ledger.ledger_key(&hash)).transpose()?;
        let is_believed = state.flatten().is_some_and(|state| {
            state.recorded & HEADS != 0 && !state.rolled && state.believed_to.is_none()
        });
        if !is_believed {
            return Err(ConductError::UnknownLedgerKey(fingerprint(&key)));
        }
        let line = PublicKey::new(key.clone(), "ledger key").to_openssh()?;
        self.fact(step, LEDGER_KEY, line.trim_end())?;
        self.fact(step, LEDGER_KEY_PRINT, &fingerprint(&key))
    }

    /// A public key, and the fingerprint that is compared.
    pub(super) fn public(
        &mut self,
        step: &Step,
        (name, key): (&str, &KeyData),
    ) -> Result<(), ConductError> {
        let line = PublicKey::new(key.clone(), name).to_openssh()?;
        self.fact(step, &format!("public key {name}"), line.trim_end())?;
        self.fact(step, &format!("fingerprint {name}"), &fingerprint(key))
    }
}
