//! What signs: a key named by a locator, in hardware unless somebody allowed less.
//!
//! The last step before a certificate is released. A signer is opened once a run: the
//! token and the key are found, the PIN is asked for and the public key is read; after that
//! a signature is one private-key operation and nothing else.

pub mod agent;
mod blob;
mod card;
pub(crate) mod copy;
mod device;
#[cfg_attr(
    not(any(feature = "pkcs11", feature = "yubikey")),
    allow(dead_code, reason = "an ssh-agent and a key file need a part of it")
)]
mod ecdsa;
pub mod error;
pub mod file;
#[cfg(any(feature = "pkcs11", feature = "yubikey"))]
mod halves;
mod holder;
mod key;
mod locators;
pub mod pkcs11;
#[cfg_attr(
    not(any(feature = "pkcs11", feature = "yubikey")),
    allow(dead_code, reason = "an ssh-agent and a key file need a part of it")
)]
mod scheme;
mod software;
pub(crate) mod spki;
#[cfg(test)]
mod tests;
mod token_user;
pub mod yubikey;

use std::fmt;
use std::str::FromStr;

use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use blob::{AesWrap, Blob};
#[cfg(test)]
pub(crate) use device::describe;
pub(crate) use device::{
    attest, bind, bound_to, describe_knowing, destroy, generate, holder, import, pin_tries,
    require_free, shown,
};
pub(crate) use device::{change_token_pin, token_opens};
pub use device::{inventory, yubikeys};
pub use error::{
    BindError, DestroyError, GenerateError, Gone, ImportError, LoginError, OpeningError, PinTries,
    PlaceError, Seen, SignatureError, SignerError, WrapError,
};
pub use holder::Holder;
pub use key::{KeyAlgorithm, NewKey, Origin, RsaHash, UnknownAlgorithm};
pub use locators::{Locators, LocatorsError};
pub use pkcs11::{Inventory, KeyEntry, SlotEntry, TokenEntry};
pub(crate) use token_user::TokenUser;

use crate::secret::AskPin;

/// Where a key is, in the ecosystem's own notation.
///
/// It must match exactly one key when it is opened. It holds no PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locator {
    /// A key behind a PKCS#11 module (RFC 7512).
    Pkcs11(Box<pkcs11::Uri>),
    /// A slot of a YubiKey's PIV applet.
    YubiKey(yubikey::SlotLocator),
    /// A key behind an ssh-agent.
    Agent(agent::AgentLocator),
    /// A private key file.
    File(file::FileLocator),
}

impl Locator {
    /// Whether all that this locator says, `other` says too: it may name the same key.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pkcs11(this), Self::Pkcs11(other)) => this.covers(other),
            (Self::YubiKey(this), Self::YubiKey(other)) => this.covers(other),
            (Self::Agent(this), Self::Agent(other)) => this.covers(other),
            (Self::File(this), Self::File(other)) => this == other,
            _ => false,
        }
    }

    /// This locator, with the source of the PIN that `other` names, if it names one and this doesn't.
    #[must_use]
    pub(crate) fn with_pin_source_of(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Pkcs11(this), Self::Pkcs11(other)) => {
                Self::Pkcs11(Box::new(this.with_pin_source_of(other)))
            }
            (Self::YubiKey(this), Self::YubiKey(other)) => {
                let mut slot = this.clone();
                slot.pin_source = slot.pin_source.or_else(|| other.pin_source.clone());
                Self::YubiKey(slot)
            }
            _ => self.clone(),
        }
    }

    /// The id of the key in a PKCS#11 token, where the locator says it.
    pub(crate) fn key_id(&self) -> Option<&[u8]> {
        match self {
            Self::Pkcs11(this) => this.key_id(),
            _ => None,
        }
    }

    /// This locator, of a key in a PKCS#11 token, with this id.
    #[must_use]
    pub(crate) fn with_id(&self, id: &[u8]) -> Self {
        match self {
            Self::Pkcs11(this) => Self::Pkcs11(Box::new(this.with_id(id))),
            _ => self.clone(),
        }
    }

    /// Whether nothing shows that the key lies in hardware.
    #[must_use]
    pub fn is_software(&self) -> bool {
        matches!(self, Self::Agent(_) | Self::File(_))
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        let (scheme, rest) = text.split_once(':').ok_or(LocatorError::UnknownScheme)?;
        // RFC 3986, 3.1: the case of a scheme means nothing.
        let scheme = scheme.to_ascii_lowercase();
        let text = format!("{scheme}:{rest}");
        match scheme.as_str() {
            "pkcs11" => Ok(Self::Pkcs11(Box::new(text.parse()?))),
            "yubikey" => Ok(Self::YubiKey(text.parse()?)),
            "agent" => Ok(Self::Agent(text.parse()?)),
            "file" => Ok(Self::File(text.parse()?)),
            _ => Err(LocatorError::UnknownScheme),
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pkcs11(uri) => uri.fmt(f),
            Self::YubiKey(slot) => slot.fmt(f),
            Self::Agent(key) => key.fmt(f),
            Self::File(file) => file.fmt(f),
        }
    }
}

/// Why a text is no locator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocatorError {
    /// Another scheme, or none. The text is not repeated: it may be a mistyped secret.
    #[error("a key's locator begins with pkcs11: (RFC 7512), yubikey:, agent: or file:")]
    UnknownScheme,
    /// A `pkcs11:` URI that is not understood.
    #[error(transparent)]
    Pkcs11(#[from] pkcs11::UriError),
    /// A `yubikey:` locator that is not understood.
    #[error(transparent)]
    YubiKey(#[from] yubikey::SlotLocatorError),
    /// An `agent:` locator that is not understood.
    #[error(transparent)]
    Agent(#[from] agent::AgentLocatorError),
    /// A `file:` locator that is not understood.
    #[error(transparent)]
    File(#[from] file::FileLocatorError),
}

/// A key that can sign; its public key was read once, when it was opened.
pub(crate) trait Signer: Send {
    /// The public half of the key that signs.
    fn public_key(&self) -> &KeyData;

    /// The device for a person, as in `token "Root CA" (SoftHSM v2, slot 0)`.
    fn device(&self) -> &str;

    /// The longest message that the device takes, in bytes; none if any that we make fits.
    fn longest_message(&self) -> Option<usize> {
        None
    }

    /// When a signature wants a finger; none if the device does not tell.
    fn touch(&self) -> Option<yubikey::TouchPolicy> {
        None
    }

    /// Signs the whole `message` by exactly one private-key operation.
    ///
    /// The hash that the key's type calls for is computed on the host. The signature is
    /// not verified here.
    ///
    /// # Errors
    /// [`SignerError`]; when its [`SignerError::ends_the_run`] is true, no later signature
    /// can work. Nothing was released by a call that failed.
    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError>;

    /// Looks for a device that could sign no more, and gets the same key in it back, with what
    /// it was opened by. Nobody is asked; how long to wait before it is the caller's choice.
    ///
    /// # Errors
    /// [`OpeningError`] if the device is not there, holds another key, or refused the PIN: a
    /// refused PIN is never shown again, so that a signer which met that is of no use any more.
    fn reopen(&mut self) -> Result<(), OpeningError>;
}

/// Loads and starts the modules of `keys` on a thread of its own, while the caller does what
/// comes before [`open`]: a module takes longer to load than a ledger to open.
///
/// Nothing is looked for and nobody is asked. Each module is started once a process, so that
/// opening a key finds it there, or waits for it. What fails here fails there again, and is
/// told by whoever needs the key.
pub(crate) fn load_ahead(keys: &Locators) {
    let uris = keys.iter().filter_map(|key| match key {
        Locator::Pkcs11(uri) => Some((**uri).clone()),
        _ => None,
    });
    let uris: Vec<pkcs11::Uri> = uris.collect();
    if !uris.is_empty() {
        let load = move || uris.iter().for_each(pkcs11::load_ahead);
        // Without a thread it is loaded when it is needed.
        let _none = std::thread::Builder::new().spawn(load);
    }
}

/// Opens the one key that `locator` names, by one session.
///
/// `rsa_hash` matters for an RSA key only.
///
/// # Errors
/// [`OpeningError`] if module, token, key or PIN is not there or not the one. Whatever can be
/// known without a PIN is checked before one is asked for, and no PIN is tried twice.
pub(crate) fn open(
    locator: &Locator,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpeningError> {
    open_knowing(locator, None, rsa_hash, pins)
}

/// The same, where the public key is known: a YubiKey of firmware before 5.3 doesn't tell of
/// an imported key without a certificate, and a token may hold a private key alone. What a device
/// does tell is believed instead.
///
/// # Errors
/// As for [`open`].
pub(crate) fn open_knowing(
    locator: &Locator,
    known: Option<&KeyData>,
    rsa_hash: RsaHash,
    pins: &mut dyn AskPin,
) -> Result<Box<dyn Signer>, OpeningError> {
    Ok(open_all(locator, known, rsa_hash, 1, pins)?.0)
}

/// Opens the one key that `locator` names, by as many sessions as one login covers, at least
/// one and no more than `at_most`; all have the same public key. `known` counts as for
/// [`open_knowing`].
///
/// More than one only behind a PKCS#11 module: not where the key wants its PIN for each
/// signature, where the PIN is typed on the token itself, where the token is a card that can be
/// pulled out, behind a proxy, and never more than the token says it has room for (`ulMaxSessionCount`). Each may sign on a thread of its own.
/// They share the login, which ends with the last of them. A restart of the module ends all of
/// them at once, and each gets itself back at its next signature.
///
/// # Errors
/// As for [`open`].
pub(crate) fn open_sessions(
    locator: &Locator,
    known: Option<&KeyData>,
    rsa_hash: RsaHash,
    at_most: usize,
    pins: &mut dyn AskPin,
) -> Result<Vec<Box<dyn Signer>>, OpeningError> {
    let (first, more) = open_all(locator, known, rsa_hash, at_most, pins)?;
    Ok(std::iter::once(first).chain(more).collect())
}

/// The first session, and those beside it.
type Sessions = (Box<dyn Signer>, Vec<Box<dyn Signer>>);

fn open_all(
    locator: &Locator,
    known: Option<&KeyData>,
    rsa_hash: RsaHash,
    at_most: usize,
    pins: &mut dyn AskPin,
) -> Result<Sessions, OpeningError> {
    let one = match locator {
        Locator::Pkcs11(uri) => return pkcs11::open(uri, known, rsa_hash, at_most, pins),
        Locator::YubiKey(slot) => yubikey::open(slot, known, rsa_hash, pins),
        Locator::Agent(key) => agent::open(key, rsa_hash),
        Locator::File(file) => file::open(file, rsa_hash, pins),
    };
    Ok((one?, Vec::new()))
}
