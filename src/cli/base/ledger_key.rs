//! The ledger key: named on the command line or in the config, and opened for use.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use ssh_key::private::KeypairData;
use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::asks_for_pins::AsksForPins;
use super::context::Context;
use super::failure::{Advised, At, Failure};
use super::private_key::{PassphraseFile, read_with};
use super::terminal::warn;
use crate::config::{self, Config, LedgerKeyPlace, OwnLedgerKeyError, ledger_key_in_file};
use crate::ledger::key::{LedgerKey, LedgerKeyError};
use crate::ledger::{Ca, LISTS, Ledger, LedgerKeyAdded};
use crate::secret::AskPin;

/// Which ledger key signs a list, if any does.
#[derive(Debug, Args)]
pub(crate) struct SigningKey {
    /// The key that signs it beside, into FILE.sig [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,

    /// Sign nothing, although the config has a ledger key
    #[arg(long, conflicts_with = "ledger_key")]
    unsigned: bool,

    #[command(flatten)]
    asks: AsksForPins,
}

impl SigningKey {
    /// Opens the key that is named, else that of the config, if there is one.
    pub(crate) fn open(
        &self,
        context: &Context,
        config: Option<&Config>,
        cas: &[Ca],
    ) -> Result<Option<(LedgerKeyPlace, LedgerKey)>, Failure> {
        if self.unsigned {
            return Ok(None);
        }
        let place = match (&self.ledger_key, config) {
            (Some(named), _) => Some(LedgerKeyPlace::parse(named)?),
            (None, Some(config)) => config.ledger_key(),
            (None, None) => None,
        };
        let open = |place| {
            let key = open(context, &place, cas, (&self.passphrase, self.asks))?;
            Ok((place, key))
        };
        place.map(open).transpose()
    }
}

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

/// Records what a key signs, before it does so for the first time.
pub(crate) fn signs(
    ledger: &mut Ledger,
    key: &KeyData,
    place: &LedgerKeyPlace,
    purposes: u8,
) -> Result<(), Failure> {
    Ok(ledger.ledger_key_signs(added(key, place, purposes)?, config::now())?)
}

/// What is recorded of a key before it signs.
pub(crate) fn added(
    key: &KeyData,
    place: &LedgerKeyPlace,
    purposes: u8,
) -> Result<LedgerKeyAdded, Failure> {
    Ok(LedgerKeyAdded {
        key: blob(key)?,
        purposes,
        place: match place {
            LedgerKeyPlace::File(_) => String::new(),
            LedgerKeyPlace::Device(locator) => locator.to_string(),
        },
        keyboard: config::keyboard(),
    })
}

/// Records what a key signs that lies with somebody else, by its blob.
#[cfg_attr(
    not(any(feature = "daily", feature = "two-sides")),
    allow(dead_code, reason = "a set without both has no such key")
)]
pub(crate) fn signs_elsewhere(
    ledger: &mut Ledger,
    key: &[u8],
    purposes: u8,
) -> Result<(), Failure> {
    let added = LedgerKeyAdded {
        key: key.to_vec(),
        purposes,
        place: String::new(),
        keyboard: config::keyboard(),
    };
    Ok(ledger.ledger_key_signs(added, config::now())?)
}

/// Records the config's key with its blob where the ledger knows it by its fingerprint alone, as
/// one that signed heads before 0.2.0: what is published of the ledger shall name it.
pub(crate) fn complete(ledger: &mut Ledger, config: &Config) -> Result<(), Failure> {
    let Some(LedgerKeyPlace::File(path)) = config.ledger_key() else {
        return Ok(());
    };
    let Some(key) = ledger_key_in_file(&path) else {
        return Ok(());
    };
    let hash = key.fingerprint(HashAlg::Sha256).sha256();
    let known = hash.map(|hash| ledger.ledger_key(&hash)).transpose()?;
    match known.flatten() {
        Some(known) if known.recorded == 0 && !known.rolled && known.believed_to.is_none() => {
            signs(ledger, &key, &LedgerKeyPlace::File(path), known.purposes)
        }
        _ => Ok(()),
    }
}

/// Whether the ledger knows this key as one that signs its lists, and nobody ended that.
pub(crate) fn signs_lists(ledger: &Ledger, key: &KeyData) -> Result<bool, Failure> {
    let Some(hash) = key.fingerprint(HashAlg::Sha256).sha256() else {
        return Ok(false);
    };
    if ledger.key_is_revoked(&hash)? {
        return Ok(false);
    }
    let known = ledger.ledger_key(&hash)?;
    Ok(known.is_some_and(|known| {
        known.purposes & LISTS != 0 && !known.rolled && known.believed_to.is_none()
    }))
}

/// The public key blob of a ledger key.
pub(crate) fn blob(key: &KeyData) -> Result<Vec<u8>, Failure> {
    PublicKey::from(key.clone()).to_bytes().at("the ledger key")
}

/// Opens the key, by its passphrase, from a file where one is named, or its PIN. A key of `cas` is
/// refused.
pub(crate) fn open(
    context: &Context,
    place: &LedgerKeyPlace,
    cas: &[Ca],
    (passphrase, asks): (&PassphraseFile, AsksForPins),
) -> Result<LedgerKey, Failure> {
    open_with(context, place, cas, (passphrase, &mut context.pins(asks)))
}

/// The same by PINs that another key of the same device may have asked for.
pub(crate) fn open_with(
    context: &Context,
    place: &LedgerKeyPlace,
    cas: &[Ca],
    (passphrase, pins): (&PassphraseFile, &mut dyn AskPin),
) -> Result<LedgerKey, Failure> {
    match place {
        LedgerKeyPlace::File(path) => open_file(context, path, cas, passphrase),
        LedgerKeyPlace::Device(locator) => Ok(LedgerKey::open(locator, pins, cas)?),
    }
}

fn open_file(
    context: &Context,
    path: &Path,
    cas: &[Ca],
    passphrase: &PassphraseFile,
) -> Result<LedgerKey, Failure> {
    let (key, was_encrypted) = read_with(path, passphrase)?;
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

impl Advised for OwnLedgerKeyError {
    fn hint(&self) -> Option<String> {
        let own = match self {
            Self::Ledger(error) => return error.hint(),
            Self::Opening(error) => error.hint(),
            Self::Hidden(_) => None,
        };
        Some(own.map_or_else(|| RECORD_IT.to_owned(), |own| format!("{own}; {RECORD_IT}")))
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

const RECORD_IT: &str = "the config's ledger key must be known, so that it is never certified: \
    where its device is, run once: punchmark ledger key add";
const MAKE_ONE: &str = "make one: ssh-keygen -t ed25519 -C 'ledger key' -f ledger_key";
