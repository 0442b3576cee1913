//! Private key files: read with limits, decrypted with a passphrase that is asked for once.

use std::path::{Path, PathBuf};

use clap::Args;
use ssh_key::PrivateKey;
use zeroize::Zeroizing;

use super::failure::{At, Failure, Kind};
use super::pin::ask_passphrase;
use crate::cli::base::advice::file_kind::into_private_key;
use crate::config::read_bytes;
use crate::secret::{SecretKind, read_short_secret};
use crate::wire::{FileKind, private_key};

/// The passphrase of a ledger key's file, where nobody is there to type it.
#[derive(Debug, Default, Args)]
pub(crate) struct PassphraseFile {
    /// Read the passphrase of a ledger key in a file from this file, that nobody else can read
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseFile {
    /// The passphrase in this file; a person's to type, where none is named.
    pub(crate) fn named(passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase_file }
    }
}

/// The key of an OpenSSH private key file, and whether the file was encrypted. A person is asked
/// for its passphrase.
pub(crate) fn read_private_key(path: &Path) -> Result<(PrivateKey, bool), Failure> {
    read_with(path, &PassphraseFile::default())
}

/// The same, by a passphrase from a file where one is named.
pub(crate) fn read_with(
    path: &Path,
    passphrase: &PassphraseFile,
) -> Result<(PrivateKey, bool), Failure> {
    let name = path.display().to_string();
    let file = read_bytes(path, LARGEST)
        .map(Zeroizing::new)
        .in_file(path)?;
    let key = private_key::from_openssh(&file);
    // Its own error speaks of bytes of PEM, which tells nobody what to do.
    let key = key.map_err(|_| no_private_key(&name, FileKind::of(&file)))?;
    if !key.is_encrypted() {
        return Ok((key, false));
    }
    let passphrase = match &passphrase.passphrase_file {
        Some(file) => read_short_secret(file, SecretKind::Passphrase)?,
        // --pin-file is for a device's PIN, so that the hint of a PIN would be a wrong one here.
        None => ask_passphrase(&name)
            .map_err(|error| Failure::of(Kind::Failed, error).hint(FROM_A_FILE))?,
    };
    match private_key::decrypt(&key, passphrase.expose()) {
        Ok(key) => Ok((key, true)),
        Err(ssh_key::Error::Crypto) => Err(Failure::new(format!("{name}: wrong passphrase"))),
        Err(error) => Err(error).in_file(path),
    }
}

fn no_private_key(name: &str, kind: FileKind) -> Failure {
    let words = "is no private key in OpenSSH's form";
    match kind {
        FileKind::PrivateKey => Failure::new(format!("{name} {words}")).hint(format!(
            "an older form is made a new one by: ssh-keygen -p -f {name}"
        )),
        kind => {
            let failure = Failure::new(format!("{name} {words}{}", kind.instead()));
            match into_private_key(kind) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
    }
}

/// An RSA-16384 private key takes 13 KiB.
const LARGEST: usize = 64 * 1024;
const FROM_A_FILE: &str = "where nobody can type it: --passphrase-file FILE for a ledger key";
