//! Private key files: read with limits, decrypted with a passphrase that is asked for once.

use std::path::Path;

use ssh_key::PrivateKey;
use zeroize::Zeroizing;

use super::failure::Failure;
use super::pin::ask_passphrase;
use crate::config::read_limited;

/// The key of an OpenSSH private key file, and whether the file was encrypted.
pub(crate) fn read_private_key(path: &Path) -> Result<(PrivateKey, bool), Failure> {
    let name = path.display().to_string();
    let text = read_limited(path, LARGEST).map(Zeroizing::new);
    let text = text.map_err(|source| Failure::File {
        path: name.clone(),
        source,
    })?;
    let key = PrivateKey::from_openssh(text.as_bytes());
    // Its own error speaks of bytes of PEM, which tells nobody what to do.
    let key = key.map_err(|_| Failure::NoPrivateKey { path: name.clone() })?;
    if !key.is_encrypted() {
        return Ok((key, false));
    }
    let passphrase = ask_passphrase(&name).map_err(Failure::Passphrase)?;
    match key.decrypt(passphrase.expose()) {
        Ok(key) => Ok((key, true)),
        Err(ssh_key::Error::Crypto) => Err(Failure::WrongPassphrase { path: name }),
        Err(source) => Err(Failure::KeyFile { path: name, source }),
    }
}

/// An RSA-16384 private key takes 13 KiB.
const LARGEST: u64 = 64 * 1024;
