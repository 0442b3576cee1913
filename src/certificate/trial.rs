//! A certificate that is signed by a key which nobody keeps, to be looked at before the CA signs the same.

use ssh_key::Signature;
use ssh_key::private::Ed25519Keypair;
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::{Body, EncodeError, Serial};

/// Builds a certificate of a body by an Ed25519 key that is made for it and forgotten; it comes with its
/// serial and the public half of that key.
///
/// # Errors
/// [`EncodeError`].
pub fn tried(body: &Body) -> Result<(Vec<u8>, Serial, KeyData), EncodeError> {
    let (mut seed, mut nonce) = (Zeroizing::new([0; 32]), [0; 32]);
    let builder = |error: Box<dyn std::error::Error + Send + Sync>| EncodeError::Builder(error);
    getrandom::fill(&mut *seed).map_err(|error| builder(Box::new(error)))?;
    getrandom::fill(&mut nonce).map_err(|error| builder(Box::new(error)))?;
    let pair = Ed25519Keypair::from_seed(&seed);
    let ca = KeyData::Ed25519(pair.public);
    let unsigned = body.to_be_signed(Serial::FIRST, &nonce, &ca)?;
    let signature = signature::Signer::<Signature>::try_sign(&pair, unsigned.as_bytes());
    let signature = signature.map_err(|error| builder(Box::new(error)))?;
    Ok((unsigned.with_signature(&signature), Serial::FIRST, ca))
}
