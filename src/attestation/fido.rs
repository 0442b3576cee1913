//! A FIDO2 security key's attestation, in the file that `ssh-keygen -O write-attestation=` makes.

use ssh_key::public::KeyData;

use super::Proof;
use super::chain::ChainError;
use super::roots::Roots;

/// What a security key gives as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FidoEvidence {
    /// The file of `ssh-keygen -O write-attestation=` (PROTOCOL.u2f, "ssh-sk-attest-v01").
    pub attestation: Vec<u8>,
    /// The file of `ssh-keygen -O challenge=`.
    pub challenge: Vec<u8>,
}

/// Why a FIDO attestation proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FidoError {
    /// The certificates don't lead to a root.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Not taken yet.
    #[error("FIDO attestation is not read by this version")]
    Unread,
}

pub(super) fn verify(_: &FidoEvidence, _: &KeyData, _: &Roots) -> Result<Proof, FidoError> {
    Err(FidoError::Unread)
}

pub(super) fn claimed_key(_: &FidoEvidence) -> Result<KeyData, FidoError> {
    Err(FidoError::Unread)
}
