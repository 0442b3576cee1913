//! P-384 and Ed25519 by the faster of two, where the processor allows it.
//!
//! graviola checks P-384 in less than half of ring's time. It asserts that the processor has
//! what its assembly needs, and so would end the program on another one: it is asked first,
//! here, before every call, and ring does the work where the answer is no.

use ring::signature::{ECDSA_P384_SHA384_FIXED, ED25519};

use super::{SignatureError, verify_by};

/// Whose code does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Runs on every processor.
    Ring,
    /// Was asked whether it runs on this one.
    #[cfg(all(
        feature = "graviola",
        any(target_arch = "x86_64", target_arch = "aarch64")
    ))]
    Graviola,
}

impl Engine {
    /// The faster one that runs on this processor.
    pub(super) fn here() -> Self {
        #[cfg(all(
            feature = "graviola",
            any(target_arch = "x86_64", target_arch = "aarch64")
        ))]
        if graviola::util::is_cpu_supported() {
            return Self::Graviola;
        }
        Self::Ring
    }

    /// Ed25519 (RFC 8032), by a key of 32 bytes.
    pub(super) fn ed25519(
        self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        match self {
            Self::Ring => verify_by(&ED25519, key, message, signature),
            #[cfg(all(
                feature = "graviola",
                any(target_arch = "x86_64", target_arch = "aarch64")
            ))]
            Self::Graviola => graviola::signing::eddsa::Ed25519VerifyingKey::from_bytes(key)
                .and_then(|key| key.verify(signature, message))
                .map_err(|_why| SignatureError::Mismatch),
        }
    }

    /// ECDSA on P-384 with SHA-384, by an uncompressed point; r and s have 48 bytes each.
    pub(super) fn p384(
        self,
        point: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        match self {
            Self::Ring => verify_by(&ECDSA_P384_SHA384_FIXED, point, message, signature),
            #[cfg(all(
                feature = "graviola",
                any(target_arch = "x86_64", target_arch = "aarch64")
            ))]
            Self::Graviola => {
                use graviola::hashing::Sha384;
                use graviola::signing::ecdsa::{P384, VerifyingKey};
                VerifyingKey::<P384>::from_x962_uncompressed(point)
                    .and_then(|key| key.verify::<Sha384>(&[message], signature))
                    .map_err(|_why| SignatureError::Mismatch)
            }
        }
    }
}
