//! The config's own ledger key, before the ledger knows of it.

use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;
use ssh_key::{Fingerprint, HashAlg};
use zeroize::Zeroizing;

use super::{Config, LedgerKeyPlace, SubjectFile, read_limited};
use crate::ledger::{Ledger, LedgerError};
use crate::signer::{self, Locator, OpeningError};
use crate::wire;

/// Why it is not known which key is the ledger's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnLedgerKeyError {
    /// The ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Its device can't be reached.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// Its device shows it to nobody without a PIN, and the ledger doesn't know it yet.
    #[error(
        "the config's ledger key {0} is not known to the ledger yet, and its device shows \
         it to nobody without a PIN"
    )]
    Hidden(Locator),
}

impl Config {
    /// The config's key, so that it is nobody's, also before it signs. It is none where its file isn't
    /// there; a key in a device is asked for until the ledger knows what lies there.
    ///
    /// # Errors
    /// [`OwnLedgerKeyError`].
    pub fn own_ledger_key(
        &self,
        ledger: &Ledger,
    ) -> Result<Option<Fingerprint>, OwnLedgerKeyError> {
        match self.ledger_key() {
            None => Ok(None),
            Some(LedgerKeyPlace::File(path)) => {
                let key = ledger_key_in_file(&path);
                Ok(key.map(|key| key.fingerprint(HashAlg::Sha256)))
            }
            Some(LedgerKeyPlace::Device(Locator::Agent(key))) => Ok(Some(key.fingerprint())),
            Some(LedgerKeyPlace::Device(locator)) => in_device(&locator, ledger),
        }
    }
}

/// The key of a device that the ledger doesn't know of yet. Where the device doesn't show it,
/// nothing is certified: it could be that very key.
fn in_device(locator: &Locator, ledger: &Ledger) -> Result<Option<Fingerprint>, OwnLedgerKeyError> {
    if ledger.knows_ledger_key_at(&locator.to_string())? {
        return Ok(None);
    }
    let shown = signer::shown(locator)?;
    let key = shown.ok_or_else(|| OwnLedgerKeyError::Hidden(locator.clone()))?;
    Ok(Some(key.fingerprint(HashAlg::Sha256)))
}

/// The public half of a key file, by itself or by the file beside it.
#[must_use]
pub fn ledger_key_in_file(path: &Path) -> Option<KeyData> {
    let public_file = with_pub(path);
    // The public half of a private key file stands in it in clear.
    if let Ok(text) = read_limited(path, LARGEST).map(Zeroizing::new)
        && let Ok(key) = wire::private_key::from_openssh(text.as_bytes())
    {
        return Some(key.public_key().key_data().clone());
    }
    Some(SubjectFile::read(&public_file).ok()?.key)
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// An RSA-16384 private key takes 13 KiB.
const LARGEST: u64 = 64 * 1024;
