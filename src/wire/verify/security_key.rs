//! Signatures of FIDO security keys (PROTOCOL.u2f, "SSH U2F Signatures").

use ring::signature::ECDSA_P256_SHA256_FIXED;
use serde::Serialize;
use sha2::{Digest, Sha256};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, Signature};

use super::engine::Engine;
use super::{SignatureError, fixed_size, verify_by};

/// How a security key was used for one signature, by its own signed word.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecurityKeyUse {
    /// Somebody touched it.
    pub present: bool,
    /// Somebody gave PIN or fingerprint.
    pub verified: bool,
    /// How often it was used; 0 where it doesn't count.
    pub counter: u32,
}

/// The key signs SHA-256 of its application, flags, counter and SHA-256 of the message.
pub(super) fn verify(
    message: &[u8],
    signature: &Signature,
    key: &KeyData,
) -> Result<SecurityKeyUse, SignatureError> {
    let same = signature.algorithm() == key.algorithm();
    let (bare, flags, counter) = parts(signature)?;
    let signed = |application: &str| {
        let hashes = [application.as_bytes(), message].map(Sha256::digest);
        let [application, message] = hashes.each_ref();
        [
            application.as_slice(),
            &[flags],
            &counter,
            message.as_slice(),
        ]
        .concat()
    };
    match key {
        KeyData::SkEd25519(key) if same => {
            let public = key.public_key();
            let signed = signed(key.application());
            Engine::here().ed25519(public.as_ref(), &signed, bare)
        }
        KeyData::SkEcdsaSha2NistP256(key) if same => {
            let point = key.ec_point().as_bytes();
            let signature = fixed_size(bare, P256_SIZE)?;
            let signed = signed(key.application());
            verify_by(&ECDSA_P256_SHA256_FIXED, point, &signed, &signature)
        }
        key => Err(SignatureError::Algorithm {
            key: key.algorithm().to_string(),
            signature: signature.algorithm().to_string(),
        }),
    }?;
    Ok(SecurityKeyUse {
        present: flags & USER_PRESENT != 0,
        verified: flags & USER_VERIFIED != 0,
        counter: u32::from_be_bytes(counter),
    })
}

/// The signature itself, the flags and the counter, as ssh-key keeps them.
fn parts(signature: &Signature) -> Result<(&[u8], u8, [u8; 4]), SignatureError> {
    let is_sk = matches!(
        signature.algorithm(),
        Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256
    );
    match signature.as_bytes().split_last_chunk::<5>() {
        Some((bare, [flags, counter @ ..])) if is_sk => Ok((bare, *flags, *counter)),
        _ => Err(SignatureError::Malformed),
    }
}

/// WebAuthn, section 6.1.
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const P256_SIZE: usize = 32;
