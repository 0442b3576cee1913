//! A CA's token names the ledger that counts its serials, so that no second one is begun.

use super::{EstablishError, Home, NewCa, Source};
use crate::certificate::subject::fingerprint;
use crate::ledger::{Bound, Ca, Ledger, LedgerError};
use crate::secret::AskPin;
use crate::signer::{self, BindError, NewKey};

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
    /// It would not.
    Refused(BindError),
}

impl Home {
    /// Refuses a key that was there before, if its token names another ledger.
    pub(super) fn refuse_bound(
        &self,
        new: &NewCa<'_>,
        key: &NewKey,
        pins: &mut dyn AskPin,
    ) -> Result<(), EstablishError> {
        let is_born_here = matches!(new.source, Source::Generate(..));
        if is_born_here || new.of_another == OfAnother::Moved {
            return Ok(());
        }
        let named = signer::bound_to(&key.locator, &key.public_key, pins)?;
        let own = match &self.ledger {
            Some(ledger) => origin(ledger)?,
            None => None,
        };
        match named
            .into_iter()
            .flatten()
            .find(|name| Some(name) != own.as_ref())
        {
            Some(ledger) => Err(EstablishError::BoundToAnother {
                fingerprint: fingerprint(&key.public_key),
                ledger,
                name: new.name.clone(),
                locator: key.locator.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Has the token name the ledger of `ca`, and the ledger keep that it does.
pub(super) fn bind(
    ledger: &mut Ledger,
    ca: &Ca,
    key: &NewKey,
    keyboard: String,
    time: u64,
    pins: &mut dyn AskPin,
) -> Result<Binding, EstablishError> {
    let Some(name) = origin(ledger)? else {
        return Ok(Binding::Cannot);
    };
    match in_token(key, &name, pins) {
        Ok(true) => {}
        Ok(false) => return Ok(Binding::Cannot),
        Err(refused) => return Ok(Binding::Refused(refused)),
    }
    let device = key.locator.to_string();
    let is_kept = ledger
        .bindings(ca)?
        .iter()
        .any(|bound| bound.device == device);
    if !is_kept {
        let bound = Bound {
            ca: ca.position(),
            device,
            keyboard,
        };
        ledger.record_binding(bound, time)?;
    }
    Ok(Binding::Named)
}

/// A token that names this ledger alone is left as it is.
fn in_token(key: &NewKey, ledger: &str, pins: &mut dyn AskPin) -> Result<bool, BindError> {
    match signer::bound_to(&key.locator, &key.public_key, pins)? {
        None => Ok(false),
        Some(named) if named == [ledger] => Ok(true),
        Some(_) => signer::bind(&key.locator, &key.public_key, ledger, pins),
    }
}

fn origin(ledger: &Ledger) -> Result<Option<String>, LedgerError> {
    Ok(ledger.checkpoint()?.map(|head| head.origin))
}
