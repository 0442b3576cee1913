//! A key in an OpenSSH private key file: for migration, and for trying things out.

mod locator;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, PrivateKey, Signature};
use zeroize::Zeroizing;

pub use super::error::KeyFileFault;
pub use locator::{FileLocator, FileLocatorError};

use super::error::OpeningError;
use super::error::SignerError;
use super::error::{KEY_FILE_MAX, LoginError};
use super::scheme::Scheme;
use super::{Locator, NewKey, Origin, RsaHash, Signer};
use crate::secret::AskPin;
use crate::wire::private_key;

/// A key that was read and decrypted; wiped when dropped.
struct FileSigner {
    key: PrivateKey,
    public_key: KeyData,
    hash: Option<HashAlg>,
    name: String,
}

/// Reads the file, and asks for its passphrase where it has one.
pub(super) fn open(
    locator: &FileLocator,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpeningError> {
    let name = locator.device();
    let key = read(locator.path()).map_err(|source| at(&name, source))?;
    let algorithm = usable(&key, rsa_hash, &name)?;
    let key = if key.is_encrypted() {
        decrypt(&key, &name, pins)?
    } else {
        key
    };
    Ok(Box::new(FileSigner {
        public_key: of_private_half(&key).map_err(|source| at(&name, source))?,
        hash: match algorithm {
            Algorithm::Rsa { hash } => hash,
            _ => None,
        },
        key,
        name,
    }))
}

/// The facts of the key, which stand in the file in clear.
pub(super) fn describe(locator: &FileLocator) -> Result<NewKey, OpeningError> {
    let name = locator.device();
    let key = read(locator.path()).map_err(|source| at(&name, source))?;
    usable(&key, RsaHash::default(), &name)?;
    Ok(NewKey {
        public_key: key.public_key().key_data().clone(),
        origin: Origin::default(),
        locator: Locator::File(locator.clone()),
    })
}

impl Signer for FileSigner {
    fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    fn device(&self) -> &str {
        &self.name
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        let signature = match self.key.key_data() {
            KeypairData::Rsa(pair) => signature::Signer::try_sign(&(pair, self.hash), message),
            pair => signature::Signer::try_sign(pair, message),
        };
        signature.map_err(|source| unsigned(&self.name, KeyFileFault::Sign(source)))
    }

    /// A key in memory was never away.
    fn reopen(&mut self) -> Result<(), OpeningError> {
        Ok(())
    }
}

/// Opened once, so what was checked is what is read; never waits for a pipe's writer.
fn read(path: &Path) -> Result<PrivateKey, KeyFileFault> {
    let non_blocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options()
        .read(true)
        .custom_flags(non_blocking)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(KeyFileFault::NotRegular);
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileFault::OpenToOthers { mode });
    }
    let room = usize::try_from(KEY_FILE_MAX + 1).unwrap_or_default();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let length = file.take(KEY_FILE_MAX + 1).read_to_end(&mut text)?;
    if length >= room {
        return Err(KeyFileFault::TooLong);
    }
    // Its own error speaks of bytes of PEM, which tells nobody what to do.
    private_key::from_openssh(&text).map_err(|_| KeyFileFault::Form)
}

/// How a signature of the key is called; checked before anybody is asked for a passphrase.
fn usable(key: &PrivateKey, rsa_hash: RsaHash, name: &str) -> Result<Algorithm, OpeningError> {
    let public = key.public_key().key_data();
    super::software::refuse_short_rsa(public, name)?;
    match Scheme::of(public, rsa_hash) {
        Some(scheme) => Ok(scheme.algorithm()),
        None => Err(at(name, KeyFileFault::KeyType)),
    }
}

fn decrypt(
    key: &PrivateKey,
    name: &str,
    pins: &mut dyn AskPin,
) -> Result<PrivateKey, OpeningError> {
    let passphrase = pins.passphrase(name).map_err(LoginError::from)?;
    let decrypted = private_key::decrypt(key, passphrase.expose());
    decrypted.map_err(|error| match error {
        ssh_key::Error::Crypto => at(name, KeyFileFault::Passphrase),
        other => at(name, KeyFileFault::Decrypt(other)),
    })
}

/// The public key that belongs to what signs, not the one that stands beside it.
fn of_private_half(key: &PrivateKey) -> Result<KeyData, KeyFileFault> {
    KeyData::try_from(key.key_data()).map_err(|_| KeyFileFault::KeyType)
}

fn at(device: &str, source: KeyFileFault) -> OpeningError {
    OpeningError::KeyFile {
        device: device.to_owned(),
        source,
    }
}

fn unsigned(device: &str, source: KeyFileFault) -> SignerError {
    SignerError::KeyFile {
        device: device.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
