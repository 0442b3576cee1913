//! The only place that asks a CA key for a signature.
//!
//! An SSH CA signature has no domain separation, so what reaches the key is only what
//! we built: the content of a reservation, or the self-test's SSHSIG, whose magic
//! preamble no certificate can begin with (PROTOCOL.sshsig).

use base64ct::{Base64, Encoding as _};
use ssh_encoding::{Decode as _, Encode as _, Reader as _};
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
    let (public_key, _) = test_signature(locator, known, MESSAGE, pins)?;
    Ok(public_key)
}

/// What a CA key signed to show that it is there: an SSHSIG of the self-test's namespace.
///
/// It can't be misused. It is no certificate and no answer to a login: both begin with the length of
/// their first field, and this with a magic preamble (PROTOCOL.sshsig; PROTOCOL.certkeys; RFC 4252,
/// section 7). No tool takes its namespace, and its message names the one occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestSignature(SshSig);

/// The same as [`self_test`] with a message of its own, which names the occasion; gives the signature too.
///
/// # Errors
/// [`SelfTestError`].
pub fn test_signature(
    locator: &Locator,
    known: &KeyData,
    message: &[u8],
    pins: &mut dyn AskPin,
) -> Result<(PublicKey, TestSignature), SelfTestError> {
    let mut signer = signer::open_knowing(locator, Some(known), RsaHash::default(), pins)?;
    let key = signer.public_key().clone();
    let signature = signed_by(signer.as_mut(), &key, message)?;
    Ok((key.into(), signature))
}

/// Has a key that is open already sign the self-test's message, and verifies it with the key that was recorded.
pub(super) fn try_key(signer: &mut dyn Signer, recorded: &KeyData) -> Result<(), SelfTestError> {
    signed_by(signer, recorded, MESSAGE).map(drop)
}

fn signed_by(
    signer: &mut dyn Signer,
    key: &KeyData,
    message: &[u8],
) -> Result<TestSignature, SelfTestError> {
    let signed =
        SshSig::signed_data(NAMESPACE, HashAlg::Sha512, message).map_err(SelfTestError::Message)?;
    let signature = signer.sign(&signed)?;
    let signature = SshSig::new(key.clone(), NAMESPACE, HashAlg::Sha512, signature);
    let signature = TestSignature(signature.map_err(SelfTestError::Signature)?);
    let verified = signature.verify(key, message);
    verified.map_err(SelfTestError::Signature)?;
    Ok(signature)
}

impl TestSignature {
    /// Reads what [`Self::to_text`] made; none for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let blob = Base64::decode_vec(text).ok()?;
        let input = &mut blob.as_slice();
        let signature = SshSig::decode(input).ok()?;
        input.finish(Self(signature)).ok()
    }

    /// The blob of the signature (PROTOCOL.sshsig) in Base64, on one line.
    ///
    /// # Errors
    /// [`ssh_key::Error`] if it can't be encoded.
    pub fn to_text(&self) -> Result<String, ssh_key::Error> {
        let mut blob = Vec::new();
        self.0.encode(&mut blob)?;
        Ok(Base64::encode_string(&blob))
    }

    /// Whether this key signed this message.
    ///
    /// # Errors
    /// [`ssh_key::Error`] if it did not.
    pub fn verify(&self, key: &KeyData, message: &[u8]) -> Result<(), ssh_key::Error> {
        PublicKey::from(key.clone()).verify(NAMESPACE, message, &self.0)
    }
}

const NAMESPACE: &str = "self-test@punchmark";
const MESSAGE: &[u8] = b"this key can sign";

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> ssh_key::PrivateKey {
        ssh_key::private::Ed25519Keypair::from_seed(&[seed; 32]).into()
    }

    #[test]
    fn a_test_signature_is_of_one_key_and_one_message() {
        let (key, other) = (key(1), key(2));
        let signed = key.sign(NAMESPACE, HashAlg::Sha512, b"today").unwrap();
        let text = TestSignature(signed).to_text().unwrap();
        let signature = TestSignature::read(&text).unwrap();
        let of = |key: &ssh_key::PrivateKey| key.public_key().key_data().clone();
        signature.verify(&of(&key), b"today").unwrap();
        assert_eq!(
            signature.verify(&of(&key), b"tomorrow"),
            Err(ssh_key::Error::Signature)
        );
        assert_eq!(
            signature.verify(&of(&other), b"today"),
            Err(ssh_key::Error::PublicKey)
        );
        // A signature that says something else is none of these.
        let of_file = key.sign("file", HashAlg::Sha512, b"today").unwrap();
        let of_file = TestSignature(of_file).verify(&of(&key), b"today");
        assert_eq!(of_file, Err(ssh_key::Error::Namespace));
        assert_eq!(TestSignature::read(&format!("{text}AAAA")), None);
        assert_eq!(TestSignature::read("AAAA"), None);
    }
}
