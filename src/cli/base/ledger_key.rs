//! The ledger key: named on the command line or in the config, and opened for use.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::context::Context;
use super::failure::{Advised, At, Failure};
use super::private_key::read_private_key;
use super::terminal::warn;
use crate::config::{self, Config, LedgerKeyPlace, read_limited};
use crate::ledger::key::{LedgerKey, LedgerKeyError};
use crate::ledger::{Ca, Ledger, LedgerKeyAdded};

/// The place that an argument names, else the config's.
pub(crate) fn place(
    argument: Option<&OsString>,
    config: &Config,
) -> Result<Option<LedgerKeyPlace>, Failure> {
    match argument {
        Some(argument) => Ok(Some(LedgerKeyPlace::parse(argument)?)),
        None => Ok(config.ledger_key()),
    }
}

/// The public half of the config's key, so that it is nobody's, also before it signs. It is
/// none where the file isn't there, and of a key in a device, which the ledger knows once
/// `ledger key add` recorded it.
pub(crate) fn of_config(config: &Config) -> Option<KeyData> {
    let Some(LedgerKeyPlace::File(path)) = config.ledger_key() else {
        return None;
    };
    let public_file = with_pub(&path);
    // The public half of a private key file stands in it in clear.
    if let Ok(text) = read_limited(&path, LARGEST).map(Zeroizing::new)
        && let Ok(key) = PrivateKey::from_openssh(text.as_bytes())
    {
        return Some(key.public_key().key_data().clone());
    }
    let text = read_limited(&public_file, LARGEST).ok()?;
    let key = PublicKey::from_openssh(&text).ok()?;
    Some(key.key_data().clone())
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// Records what a key signs, before it does so for the first time.
pub(crate) fn signs(ledger: &mut Ledger, key: &KeyData, purposes: u8) -> Result<(), Failure> {
    let added = LedgerKeyAdded {
        key: blob(key)?,
        purposes,
        keyboard: config::keyboard(),
    };
    Ok(ledger.ledger_key_signs(added, config::now())?)
}

/// The public key blob of a ledger key.
pub(crate) fn blob(key: &KeyData) -> Result<Vec<u8>, Failure> {
    PublicKey::from(key.clone()).to_bytes().at("the ledger key")
}

/// Opens the key, by its passphrase or PIN. A key of `cas` is refused.
pub(crate) fn open(
    context: &Context,
    place: &LedgerKeyPlace,
    cas: &[Ca],
) -> Result<LedgerKey, Failure> {
    match place {
        LedgerKeyPlace::File(path) => open_file(context, path, cas),
        LedgerKeyPlace::Device(locator) => Ok(LedgerKey::open(locator, &mut context.pins(), cas)?),
    }
}

fn open_file(context: &Context, path: &Path, cas: &[Ca]) -> Result<LedgerKey, Failure> {
    let (key, was_encrypted) = read_private_key(path)?;
    if !was_encrypted && context.talks() {
        warn("this key file has no passphrase: whoever reads it can sign heads and KRLs");
    }
    match key.key_data() {
        KeypairData::Ed25519(pair) => Ok(LedgerKey::from_keypair(pair.clone(), cas)?),
        _ => Err(Failure::new(format!(
            "{} is {}; a ledger key in a file is ssh-ed25519",
            path.display(),
            key.algorithm()
        ))
        .hint(MAKE_ONE)),
    }
}

impl Advised for LedgerKeyError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Opening(error) => error.hint(),
            Self::Signer(error) => error.hint(),
            Self::IsCa { .. } => Some(MAKE_ONE.to_owned()),
            _ => None,
        }
    }
}

/// An RSA-16384 private key takes 13 KiB.
const LARGEST: u64 = 64 * 1024;
const MAKE_ONE: &str = "make one: ssh-keygen -t ed25519 -C 'ledger key' -f ledger_key";
