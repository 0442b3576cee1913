//! Signing a request with the user's own key, which shows that they hold it.
//!
//! The other place, beside the spine, where a key in a device is asked to sign. What it
//! signs is an SSHSIG in a namespace of its own, whose preamble no certificate can begin
//! with (PROTOCOL.sshsig); a CA's own key is refused all the same.

use std::io;
use std::path::Path;

use ssh_key::SshSig;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;

use super::ssh_keygen::{SshKeygenError, by_ssh_keygen};
use super::{Content, ContentError, PossessionError, RequestFile};
use crate::secret::{AskPin, Pin, PinError};
use crate::signer::agent::AgentLocator;
use crate::signer::file::FileLocator;
use crate::signer::yubikey::{NewSlotKey, SlotLocator};
use crate::signer::{
    self, GenerateError, KeyAlgorithm, Locator, NewKey, OpeningError, PlaceError, RsaHash,
    SignerError,
};

/// Who has the user's key.
pub enum Holder<'a> {
    /// `ssh-keygen`, which asks ssh-agent, a security key, or for a passphrase. The path is
    /// that of the public or the private key. On a machine without it, the private key beside
    /// it signs by itself, and whoever knows its passphrase.
    SshKeygen(&'a Path, &'a mut dyn AskPin),
    /// A slot of a YubiKey, and whoever knows its PIN.
    Card(&'a SlotLocator, &'a mut dyn AskPin),
    /// An ssh-agent, asked without `ssh-keygen`.
    Agent(&'a AgentLocator),
}

/// Why a request was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignRequestError {
    /// A CA does not ask itself.
    #[error("the key is a CA's; a CA key is never certified")]
    CaKey,
    /// It holds what no request may.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The card was not opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The card did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// `ssh-keygen` did not sign.
    #[error(transparent)]
    SshKeygen(#[from] SshKeygenError),
    /// What the card signed can't be put together.
    #[error("the answer is no SSHSIG signature")]
    Signature(#[source] ssh_key::Error),
    /// It is one, of another key or another text.
    #[error("the signature does not prove that the key is held")]
    Possession(#[from] PossessionError),
}

/// Has the key of a request sign it.
///
/// `ca_keys` are those that are known to be a CA's.
///
/// # Errors
/// [`SignRequestError`].
pub fn sign(
    content: Content,
    holder: Holder<'_>,
    ca_keys: &[KeyData],
) -> Result<RequestFile, SignRequestError> {
    let key = content.subject.key();
    if content.target.is(key) || ca_keys.contains(key) {
        return Err(SignRequestError::CaKey);
    }
    let bytes = content.to_bytes()?;
    let signature = sign_text(&bytes, RequestFile::NAMESPACE, holder)?;
    let file = RequestFile::new(content, signature)?;
    file.possession()?;
    Ok(file)
}

/// Has a user's key sign a text in a namespace, as `ssh-keygen -Y sign` does: by SHA-512.
///
/// # Errors
/// [`SignRequestError`].
pub fn sign_text(
    text: &[u8],
    namespace: &str,
    holder: Holder<'_>,
) -> Result<SshSig, SignRequestError> {
    match holder {
        Holder::SshKeygen(key, pins) => by_file((text, namespace), key, pins),
        Holder::Card(slot, pins) => {
            by_device((text, namespace), &Locator::YubiKey(slot.clone()), pins)
        }
        Holder::Agent(key) => {
            by_device((text, namespace), &Locator::Agent(key.clone()), &mut Nobody)
        }
    }
}

/// An agent asks for no PIN of ours.
struct Nobody;

impl AskPin for Nobody {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        let device = device.to_owned();
        Err(PinError::NobodyToAsk { device })
    }
}

/// Makes a user's key in a slot, which it never leaves.
///
/// # Errors
/// [`GenerateError`], also if there is a key that was not named as one to replace.
pub fn new_key_in_card(
    slot: &SlotLocator,
    algorithm: KeyAlgorithm,
    wanted: &NewSlotKey<'_>,
    pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    signer::generate(&Locator::YubiKey(slot.clone()), algorithm, wanted, pins)
}

/// Makes sure that a user's key may be made in a slot, as far as the card tells without a PIN.
///
/// # Errors
/// [`PlaceError`], also if there is a key that was not named as one to replace.
pub fn require_free(slot: &Locator, wanted: &NewSlotKey<'_>) -> Result<(), PlaceError> {
    signer::require_free(slot, wanted)
}

/// Makes sure that there is a key in a slot.
///
/// # Errors
/// [`OpeningError`].
pub fn require_key(slot: &Locator) -> Result<(), OpeningError> {
    signer::shown(slot).map(drop)
}

/// The user's key that is in a slot already.
///
/// # Errors
/// [`OpeningError`].
pub fn key_in_card(slot: &SlotLocator, pins: &mut dyn AskPin) -> Result<NewKey, OpeningError> {
    signer::describe_knowing(&Locator::YubiKey(slot.clone()), None, pins)
}

/// Has `ssh-keygen` sign; where there is none, the private key itself.
fn by_file(
    (text, namespace): (&[u8], &str),
    key: &Path,
    pins: &mut dyn AskPin,
) -> Result<SshSig, SignRequestError> {
    let signed = by_ssh_keygen(text, namespace, key);
    match (&signed, private_half(key)) {
        (Err(SshKeygenError::Start(missing)), Some(file))
            if missing.kind() == io::ErrorKind::NotFound =>
        {
            by_device((text, namespace), &Locator::File(file), pins)
        }
        _ => Ok(signed?),
    }
}

/// The private key of a path that ssh-keygen would be given.
fn private_half(key: &Path) -> Option<FileLocator> {
    let public = key.extension().is_some_and(|extension| extension == "pub");
    let private = if public {
        key.with_extension("")
    } else {
        key.to_path_buf()
    };
    let private = std::path::absolute(private).ok()?;
    format!("file:{}", private.to_str()?).parse().ok()
}

fn by_device(
    (text, namespace): (&[u8], &str),
    locator: &Locator,
    pins: &mut dyn AskPin,
) -> Result<SshSig, SignRequestError> {
    let hash = RequestFile::HASH;
    let message =
        SshSig::signed_data(namespace, hash, text).map_err(SignRequestError::Signature)?;
    let mut signer = signer::open(locator, RsaHash::default(), pins)?;
    let signature = signer.sign(&message)?;
    SshSig::new(signer.public_key().clone(), namespace, hash, signature)
        .map_err(SignRequestError::Signature)
}

/// Signs with a key pair that is in memory, as `ssh-keygen -Y sign` does: one of a rehearsal, which ends with the
/// run that made it.
///
/// # Errors
/// [`SignRequestError::Signature`].
pub fn sign_in_memory(
    bytes: &[u8],
    namespace: &str,
    pair: &Ed25519Keypair,
) -> Result<SshSig, SignRequestError> {
    let hash = RequestFile::HASH;
    let message =
        SshSig::signed_data(namespace, hash, bytes).map_err(SignRequestError::Signature)?;
    let signature = signature::Signer::try_sign(pair, &message);
    let signature = signature.map_err(|_never| SignRequestError::Signature(ssh_key::Error::Crypto));
    SshSig::new(KeyData::from(pair.public), namespace, hash, signature?)
        .map_err(SignRequestError::Signature)
}
