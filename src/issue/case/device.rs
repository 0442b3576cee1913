//! A first step for a new device: one that is enrolled already signs the request too.

use ssh_key::{PublicKey, SshSig};

use super::Enrolments;
use super::intake::{IntakeError, enrolled, proved_by};
use crate::attestation::{Proof, Roots};
use crate::ledger::{CardId, Credential};
use crate::request::{Content, DetachedError, RequesterName, verify_detached};

/// What a device says for the key of a request: its signature over the request, and the evidence that it is one.
#[derive(Clone, Debug)]
pub struct DeviceWord {
    signature: SshSig,
    evidence: Vec<u8>,
}

/// Why the word of a device counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceWordError {
    /// Longer than any, or no SSHSIG in its armour.
    #[error("the device's signature is none of the form that ssh-keygen -Y sign makes")]
    Form,
    /// It is one, of something else.
    #[error("the device's signature")]
    Signature(#[source] DetachedError),
    /// A key in a file could say as much.
    #[error("the key that vouches is not proved to be in a device: {0}")]
    NoDevice(String),
    /// It is somebody else's, or nobody's.
    #[error("the device that vouches is not enrolled for `{0}`")]
    NotTheirs(RequesterName),
    /// There is nothing to be vouched for.
    #[error("an enrolled device vouches for another device, and the request proves none")]
    NothingProved,
}

impl DeviceWord {
    /// The namespace of the signature, which is over what the request's own key signs.
    pub const NAMESPACE: &'static str = "enroll@punchmark";

    /// Reads a signature in its armour; the evidence is that of a request, in its bytes.
    ///
    /// # Errors
    /// [`DeviceWordError::Form`].
    pub fn parse(armour: &str, evidence: Vec<u8>) -> Result<Self, DeviceWordError> {
        if armour.len() > SIGNATURE_MAX {
            return Err(DeviceWordError::Form);
        }
        let signature = SshSig::from_pem(armour).map_err(|_where| DeviceWordError::Form)?;
        Ok(Self {
            signature,
            evidence,
        })
    }

    /// Whether it is a device of this requester's that signed this very request.
    pub(super) fn check(
        &self,
        content: &Content,
        requester: &RequesterName,
        (roots, whose): (&Roots, &Enrolments<'_>),
    ) -> Result<(), IntakeError> {
        let key = self.signature.public_key();
        let text = content.to_bytes().map_err(|_form| DeviceWordError::Form)?;
        let encoded = encoded(&PublicKey::from(key.clone()), &self.signature)?;
        verify_detached(&encoded.0, Self::NAMESPACE, &text, &encoded.1)
            .map_err(DeviceWordError::Signature)?;
        if self.evidence.is_empty() {
            return Err(DeviceWordError::NoDevice("there is no evidence of it".to_owned()).into());
        }
        let (proof, unbelieved) = proved_by(&self.evidence, key, roots)?;
        if let Some(why) = unbelieved {
            return Err(DeviceWordError::NoDevice(why).into());
        }
        let theirs = enrolled(key, proof.as_ref(), whose)?;
        if theirs.is_none_or(|theirs| theirs.name() != requester) {
            return Err(DeviceWordError::NotTheirs(requester.clone()).into());
        }
        Ok(())
    }
}

/// Key and signature as they were read.
fn encoded(key: &PublicKey, signature: &SshSig) -> Result<(Vec<u8>, Vec<u8>), DeviceWordError> {
    use ssh_encoding::Encode as _;
    let key = key.to_bytes().map_err(|_form| DeviceWordError::Form)?;
    let signature = signature.encode_vec();
    Ok((key, signature.map_err(|_form| DeviceWordError::Form)?))
}

/// What a device is enrolled by: the card that holds the key, else the key.
pub(super) fn credential(proof: &Proof) -> Result<Credential, IntakeError> {
    Ok(match proof.card() {
        Some((family, serial)) => Credential::FamilyCard(CardId {
            family: family.to_string(),
            serial: serial.into(),
        }),
        None => {
            let key = PublicKey::from(proof.key().clone()).to_bytes();
            Credential::Key(key.map_err(|_form| ssh_encoding::Error::Length)?)
        }
    })
}

/// An RSA key of 16384 bits signs in less.
const SIGNATURE_MAX: usize = 16 * 1024;
