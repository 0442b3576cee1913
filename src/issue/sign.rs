//! The only place that asks a CA key for a signature.
//!
//! An SSH CA signature has no domain separation, so what reaches the key is only what
//! we built: the content of a reservation, or the self-test's SSHSIG, whose magic
//! preamble no certificate can begin with (PROTOCOL.sshsig).

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey, Signature, SshSig};

use crate::ledger::Reservation;
use crate::secret::AskPin;
use crate::signer::{self, Locator, OpeningError, RsaHash, Signer, SignerError};

/// Signs the content of a reservation.
pub(super) fn sign(
    signer: &mut dyn Signer,
    reservation: &Reservation,
) -> Result<Signature, SignerError> {
    signer.sign(reservation.to_be_signed().as_bytes())
}

/// Why a key failed its self-test.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelfTestError {
    /// The key cannot be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// It signed, and the signature is not that of its public key.
    #[error("the key's signature does not verify with its own public key")]
    Signature(#[source] ssh_key::Error),
    /// The message could not be put together.
    #[error("the self-test message cannot be built")]
    Message(#[source] ssh_key::Error),
}

/// Opens a key and has it sign a fixed message once, as an SSHSIG in a namespace of
/// its own; then verifies that. Returns the public key that it verified with: `known` where
/// the device tells of none.
///
/// # Errors
/// [`SelfTestError`].
pub fn self_test(
    locator: &Locator,
    known: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<PublicKey, SelfTestError> {
    let mut signer = signer::open_knowing(locator, Some(known), RsaHash::default(), pins)?;
    let public_key = PublicKey::from(signer.public_key().clone());
    let message =
        SshSig::signed_data(NAMESPACE, HashAlg::Sha512, MESSAGE).map_err(SelfTestError::Message)?;
    let signature = signer.sign(&message)?;
    SshSig::new(
        signer.public_key().clone(),
        NAMESPACE,
        HashAlg::Sha512,
        signature,
    )
    .and_then(|signature| public_key.verify(NAMESPACE, MESSAGE, &signature))
    .map_err(SelfTestError::Signature)?;
    Ok(public_key)
}

const NAMESPACE: &str = "self-test@punchmark";
const MESSAGE: &[u8] = b"this key can sign";
