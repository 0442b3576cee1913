//! A CA's token names the ledger that counts its serials, so that no second one is begun.

use ssh_key::public::KeyData;

use super::home::Home;
use super::{EstablishError, NewCa};
use crate::certificate::subject::fingerprint;
use crate::ledger::{Bound, Ca, Ledger, LedgerError, NotBound};
use crate::secret::AskPin;
use crate::signer::yubikey::ManagementKey;
use crate::signer::{self, BindError, Locator, OpeningError};

/// What becomes of a key whose token names another ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfAnother {
    /// It is no CA here.
    Refused,
    /// A person said that its serials are counted here from now on.
    Moved,
}

/// Whether the token of a CA names its ledger.
#[derive(Debug)]
pub enum Binding {
    /// It does.
    Named,
    /// It is of a kind that can't.
    Cannot,
    /// It would not, and the ledger keeps that it doesn't.
    Refused(BindError),
}

/// The other ledger that a device names for a key.
pub(super) struct Named {
    pub(super) ledger: String,
    pub(super) fingerprint: String,
    pub(super) locator: String,
}

/// Who binds what to which ledger, and by what.
pub(super) struct Binder<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) ca: &'a Ca,
    /// What a YubiKey wants for it.
    pub(super) management_key: ManagementKey<'a>,
    pub(super) keyboard: String,
    pub(super) time: u64,
}

impl Home {
    /// Refuses a key whose token names another ledger.
    pub(super) fn refuse_bound(
        &self,
        new: &NewCa<'_>,
        locator: &Locator,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<(), EstablishError> {
        if new.of_another == OfAnother::Moved {
            return Ok(());
        }
        match named_by(self.ledger.as_ref(), locator, key, pins)? {
            None => Ok(()),
            Some(named) => Err(EstablishError::BoundToAnother {
                fingerprint: named.fingerprint,
                ledger: named.ledger,
                name: new.name.clone(),
                locator: named.locator,
            }),
        }
    }
}

/// The ledger other than this one that the device names for `key`; none if it names none.
pub(super) fn named_by(
    ledger: Option<&Ledger>,
    locator: &Locator,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<Option<Named>, EstablishError> {
    let named = signer::bound_to(locator, key, pins)?.unwrap_or_default();
    let own = match ledger {
        Some(ledger) => origin(ledger)?,
        None => None,
    };
    let other = named.into_iter().find(|name| Some(name) != own.as_ref());
    Ok(other.map(|ledger| Named {
        ledger,
        fingerprint: fingerprint(key),
        locator: locator.to_string(),
    }))
}

impl Binder<'_> {
    /// Has the device name the ledger for `key`, and the ledger keep whether it does.
    pub(super) fn bind(
        mut self,
        locator: &Locator,
        key: &KeyData,
        pins: &mut dyn AskPin,
    ) -> Result<Binding, EstablishError> {
        let Some(name) = origin(self.ledger)? else {
            return Ok(Binding::Cannot);
        };
        match self.in_device(locator, key, &name, pins) {
            Ok(true) => self.keep_bound(locator.to_string())?,
            Ok(false) => return Ok(Binding::Cannot),
            Err(refused) => {
                self.keep_not_bound(locator.to_string(), &refused)?;
                return Ok(Binding::Refused(refused));
            }
        }
        Ok(Binding::Named)
    }

    /// A device that names this ledger alone is left as it is.
    fn in_device(
        &self,
        locator: &Locator,
        key: &KeyData,
        ledger: &str,
        pins: &mut dyn AskPin,
    ) -> Result<bool, BindError> {
        let named: Result<_, OpeningError> = signer::bound_to(locator, key, pins);
        match named? {
            None => Ok(false),
            Some(named) if named == [ledger] => Ok(true),
            Some(_) => signer::bind(locator, key, ledger, self.management_key, pins),
        }
    }

    /// Each device is kept once.
    fn keep_bound(&mut self, device: String) -> Result<(), LedgerError> {
        let known = self.ledger.bindings(self.ca)?;
        if known.iter().any(|bound| bound.device == device) {
            return Ok(());
        }
        let bound = Bound {
            ca: self.ca.position(),
            device,
            keyboard: self.keyboard.clone(),
        };
        self.ledger.record_binding(bound, self.time)
    }

    fn keep_not_bound(&mut self, device: String, refused: &BindError) -> Result<(), LedgerError> {
        let not = NotBound {
            ca: self.ca.position(),
            device,
            reason: refused.to_string(),
            keyboard: self.keyboard.clone(),
        };
        self.ledger.record_no_binding(not, self.time)
    }
}

fn origin(ledger: &Ledger) -> Result<Option<String>, LedgerError> {
    Ok(ledger.checkpoint()?.map(|head| head.origin))
}
