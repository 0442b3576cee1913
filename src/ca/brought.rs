//! A CA's key that comes out of its wrapped file into another token, where it can never leave.
//!
//! The ledger has the copy before it is there, so that a run that was cut short leaves nothing that nobody
//! knows of: the next one removes what has the id that was written down, and brings it anew.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::EstablishError;
use super::binding::Binder;
use super::copied::{Seen, record_copy};
use super::copying::{is_unfinished, remove};
use super::home::open_when_free;
use super::spare::known_ca;
use super::wrapped_key::WrappedKeyFile;
use crate::config::Config;
use crate::ledger::{Became, CopyKind, Ledger};
use crate::secret::AskPin;
use crate::secret::share::SharedSecret;
use crate::signer::yubikey::ManagementKey;
use crate::signer::{self, Locator, NewKey, copy};

/// A key on its way out of its file.
pub struct Bring<'a> {
    /// The key that the ledger has.
    pub key: &'a KeyData,
    /// What is in the file.
    pub file: &'a WrappedKeyFile,
    /// What opens it.
    pub secret: &'a SharedSecret,
    /// Where the key goes, with an id that was written down before.
    pub locator: &'a Locator,
    /// Who is at the keyboard.
    pub keyboard: &'a str,
    /// Unix seconds.
    pub time: u64,
}

impl Bring<'_> {
    /// Puts the key into its place; or finds it there, as an earlier run left it.
    ///
    /// # Errors
    /// [`EstablishError`]. The same call goes on.
    pub fn put(&self, config: &Config, pins: &mut dyn AskPin) -> Result<NewKey, EstablishError> {
        let wanted = PublicKey::from(self.key.clone()).to_bytes()?;
        if wanted != self.file.public_key || self.file.check != self.secret.check() {
            return Err(EstablishError::OtherKey);
        }
        match signer::describe_knowing(self.locator, None, pins) {
            Ok(there) if there.public_key == *self.key && is_sealed(&there) => return Ok(there),
            Ok(_other) => remove(self.locator, pins)?,
            Err(error) if is_unfinished(&error) => remove(self.locator, pins)?,
            Err(error) => return Err(error.into()),
        }
        self.tell(config)?;
        let by = self.secret.expose();
        let key = copy::unwrap_by(self.locator, &self.file.blob, by, self.key, pins)?;
        if !is_sealed(&key) {
            return Err(EstablishError::Unsealed(key.locator.to_string()));
        }
        Ok(key)
    }

    /// Has the token name the ledger that counts the serials of the key, where it can.
    ///
    /// # Errors
    /// [`EstablishError`].
    pub fn bind(&self, config: &Config, pins: &mut dyn AskPin) -> Result<(), EstablishError> {
        let mut ledger = open_when_free(config)?;
        let ca = known_ca(&ledger, self.key)?;
        let binder = Binder {
            ledger: &mut ledger,
            ca: &ca,
            management_key: ManagementKey::Protected,
            keyboard: self.keyboard.to_owned(),
            time: self.time,
        };
        binder.bind(self.locator, self.key, pins).map(drop)
    }

    /// Has the ledger keep, once, that there is a copy in this place.
    fn tell(&self, config: &Config) -> Result<(), EstablishError> {
        let holder = signer::holder(self.locator)?;
        let device = holder.locator.to_string();
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let left = ledger.copies_left(&known_ca(&ledger, self.key)?)?;
        if left.iter().any(|copy| copy.seen.device == device) {
            return Ok(());
        }
        drop(ledger);
        let seen = Seen {
            kind: CopyKind::Wrapped,
            became: Became::Made,
            device: &device,
            holder: &holder.words,
            word: "out of its wrapped file",
        };
        record_copy(config, self.key, &seen, (self.keyboard, self.time))
    }
}

fn is_sealed(key: &NewKey) -> bool {
    key.origin.extractable == Some(false)
}
