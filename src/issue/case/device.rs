//! A first step for a new device: one that is enrolled already signs the request too.

use ssh_key::public::KeyData;
use ssh_key::{PublicKey, SshSig};

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

    /// The key that says to have signed.
    pub(super) fn key(&self) -> &KeyData {
        self.signature.public_key()
    }

    /// What is to prove that it is a device's.
    pub(super) fn evidence(&self) -> &[u8] {
        &self.evidence
    }

    /// Whether its key signed this very request.
    pub(super) fn is_of(&self, content: &Content) -> Result<(), DeviceWordError> {
        let text = content.to_bytes().map_err(|_form| DeviceWordError::Form)?;
        let (key, signature) = encoded(&PublicKey::from(self.key().clone()), &self.signature)?;
        verify_detached(&key, Self::NAMESPACE, &text, &signature)
            .map_err(DeviceWordError::Signature)
    }
}

/// Key and signature as they were read.
fn encoded(key: &PublicKey, signature: &SshSig) -> Result<(Vec<u8>, Vec<u8>), DeviceWordError> {
    use ssh_encoding::Encode as _;
    let key = key.to_bytes().map_err(|_form| DeviceWordError::Form)?;
    let signature = signature.encode_vec();
    Ok((key, signature.map_err(|_form| DeviceWordError::Form)?))
}

/// An RSA key of 16384 bits signs in less.
const SIGNATURE_MAX: usize = 16 * 1024;
