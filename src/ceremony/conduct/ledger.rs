//! The ledger that is there before a ceremony, and the keys in the room that belong to it.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{Conduct, ConductError};
use crate::ca::KnownCa;
use crate::ceremony::facts::{LEDGER_BEFORE, LEDGER_KEY, LEDGER_KEY_PRINT, head_in_words};
use crate::ceremony::key_place;
use crate::ceremony::plan::CaBefore;
use crate::ceremony::steps::Step;
use crate::certificate::subject::fingerprint;
use crate::config::Config;
use crate::ledger::{HEADS, Ledger};
use crate::signer;

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
        for ca in &planned.cas {
            let key = self.key_of_ca(&config, &ledger, ca)?;
            self.public(step, (ca.name.as_str(), &key))?;
        }
        self.fits_the_old_ca(&ledger)?;
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
            return Err(ConductError::OtherKeyOfCa {
                name: planned.name.to_string(),
                wanted: planned.fingerprint,
                found: fingerprint(&key),
            });
        }
        if let Some(device) = &planned.device {
            self.is_in_device(&known, device, &key)?;
        }
        Ok(key)
    }

    fn is_in_device(
        &mut self,
        known: &KnownCa,
        name: &str,
        key: &KeyData,
    ) -> Result<(), ConductError> {
        let device = self.device_of(name)?;
        let (ca, device_name) = (known.ca().name().to_owned(), name.to_owned());
        let mut locators = known.config.keys.iter();
        let locator = locators.find_map(|locator| key_place::narrowed(locator, device));
        let Some(locator) = locator else {
            let device = device_name;
            return Err(ConductError::NotInDevice { ca, device });
        };
        let found = signer::describe_knowing(&locator, Some(key), &mut self.pins)?;
        if found.public_key == *key {
            return Ok(());
        }
        Err(ConductError::OtherKeyInDevice {
            ca,
            device: device_name,
            found: fingerprint(&found.public_key),
        })
    }

    /// The ledger key opens, and is one that the ledger believes.
    fn ledger_key_there(&mut self, step: &Step, ledger: &Ledger) -> Result<(), ConductError> {
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
