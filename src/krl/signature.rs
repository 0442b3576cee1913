//! The signature beside a KRL: an SSHSIG in a namespace of its own.
//!
//! It covers the whole file, and so version, date and comment, which names the list.
//! `ssh-keygen -Y sign -n krl@punchmark` makes the same.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, Signature, SshSig};

use crate::wire::verify::{SignatureError, verify_signature};

/// A signature that says whose it claims to be; nothing is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KrlSignature(SshSig);

/// Why a KRL is not taken for signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KrlSignatureError {
    /// The text is no SSHSIG.
    #[error("no SSH signature")]
    Form(#[source] ssh_key::Error),
    /// Signed for another purpose.
    #[error("signed in namespace {0:?}, not {KRL_NAMESPACE:?}")]
    Namespace(String),
    /// Signed by somebody who is not asked for.
    #[error("signed by {0}, who is not the signer that was named")]
    Signer(String),
    /// Not a signature of this KRL.
    #[error("not the signature of this KRL")]
    Signature(#[from] SignatureError),
}

impl KrlSignature {
    /// What `key` signs, so that [`Self::new`] makes a signature of it.
    pub(crate) fn to_be_signed(krl: &[u8]) -> ssh_key::Result<Vec<u8>> {
        message(krl, HashAlg::Sha512)
    }

    /// What a key made of [`Self::to_be_signed`].
    pub(crate) fn new(key: KeyData, signature: Signature) -> ssh_key::Result<Self> {
        Ok(Self(SshSig::new(
            key,
            KRL_NAMESPACE,
            HashAlg::Sha512,
            signature,
        )?))
    }

    /// Reads the armoured form, of at most [`KRL_SIGNATURE_BYTES_MAX`].
    ///
    /// # Errors
    /// [`KrlSignatureError::Form`].
    pub fn read(text: &[u8]) -> Result<Self, KrlSignatureError> {
        if text.len() > KRL_SIGNATURE_BYTES_MAX {
            return Err(KrlSignatureError::Form(ssh_key::Error::FormatEncoding));
        }
        let signature = SshSig::from_pem(text).map_err(KrlSignatureError::Form)?;
        Ok(Self(signature))
    }

    pub(crate) fn to_armour(&self) -> ssh_key::Result<String> {
        self.0.to_pem(LineEnding::LF)
    }

    /// Who signed, by the signature's own word.
    #[must_use]
    pub fn signer(&self) -> &KeyData {
        self.0.public_key()
    }

    /// Whether one of `signers` signed exactly these bytes as a KRL.
    ///
    /// # Errors
    /// [`KrlSignatureError`], in the order in which it is checked: namespace, signer,
    /// signature.
    pub fn verify(&self, krl: &[u8], signers: &[KeyData]) -> Result<(), KrlSignatureError> {
        let Self(signature) = self;
        if signature.namespace() != KRL_NAMESPACE {
            return Err(KrlSignatureError::Namespace(
                signature.namespace().to_owned(),
            ));
        }
        if !signers.contains(signature.public_key()) {
            let print = signature.public_key().fingerprint(HashAlg::Sha256);
            return Err(KrlSignatureError::Signer(print.to_string()));
        }
        let message = message(krl, signature.hash_alg()).map_err(KrlSignatureError::Form)?;
        verify_signature(&message, signature.signature(), signature.public_key())?;
        Ok(())
    }
}

impl KrlSignature {
    /// Whether its own signer, whoever that is, signed exactly these bytes as a KRL.
    #[must_use]
    pub fn is_of(&self, krl: &[u8]) -> bool {
        self.verify(krl, std::slice::from_ref(self.signer()))
            .is_ok()
    }
}

/// What is signed (PROTOCOL.sshsig, section 3).
fn message(krl: &[u8], hash: HashAlg) -> ssh_key::Result<Vec<u8>> {
    SshSig::signed_data(KRL_NAMESPACE, hash, krl)
}

/// What the signature is for.
pub const KRL_NAMESPACE: &str = "krl@punchmark";

/// The longest signature that is read, in bytes; one of RSA-16384 takes some 6 KiB.
pub const KRL_SIGNATURE_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use ssh_key::private::{Ed25519Keypair, KeypairData};
    use ssh_key::{LineEnding, PrivateKey};

    use super::*;

    const KRL: &[u8] = b"SSHKRL\n\0, or so";

    fn pair(seed: u8) -> Ed25519Keypair {
        Ed25519Keypair::from_seed(&[seed; 32])
    }

    fn signer(seed: u8) -> KeyData {
        KeyData::Ed25519(pair(seed).public)
    }

    fn signed(seed: u8) -> KrlSignature {
        let message = KrlSignature::to_be_signed(KRL).unwrap();
        let signature = signature::Signer::try_sign(&pair(seed), &message).unwrap();
        let signature = KrlSignature::new(signer(seed), signature).unwrap();
        KrlSignature::read(signature.to_armour().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn a_signature_is_believed_for_its_krl_and_its_signer_alone() {
        let signature = signed(1);
        assert_eq!(signature.verify(KRL, &[signer(2), signer(1)]), Ok(()));
        assert_eq!(
            signature.verify(b"SSHKRL\n\0, or not", &[signer(1)]),
            Err(SignatureError::Mismatch.into())
        );
        for others in [&[signer(2)][..], &[]] {
            let error = signature.verify(KRL, others).unwrap_err();
            assert!(matches!(error, KrlSignatureError::Signer(_)), "{error}");
        }
    }

    #[test]
    fn a_signature_for_another_purpose_is_refused() {
        let key = PrivateKey::new(KeypairData::Ed25519(pair(1)), "").unwrap();
        let other = key.sign("file", HashAlg::Sha512, KRL).unwrap();
        let text = other.to_pem(LineEnding::LF).unwrap();
        let read = KrlSignature::read(text.as_bytes()).unwrap();
        assert_eq!(
            read.verify(KRL, &[signer(1)]),
            Err(KrlSignatureError::Namespace("file".into()))
        );
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let long = vec![b'-'; KRL_SIGNATURE_BYTES_MAX + 1];
        let text = signed(1).to_armour().unwrap();
        let cut = text.get(..text.len() / 2).unwrap();
        for text in [b"".as_slice(), b"<html>", cut.as_bytes(), &long] {
            let error = KrlSignature::read(text).unwrap_err();
            assert!(matches!(error, KrlSignatureError::Form(_)), "{error}");
        }
    }
}
