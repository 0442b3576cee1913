//! The signature beside a list that a ledger key signs: an SSHSIG in a namespace of the list's kind.
//!
//! It covers the whole file, and so version, date and name of the list.
//! `ssh-keygen -Y sign -n krl@punchmark` makes the same beside a KRL.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, LineEnding, Signature, SshSig};

use crate::wire::verify::{SignatureError, verify_signature};

/// A signature that says whose it claims to be; nothing is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSignature(SshSig);

/// Why a list is not taken for signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListSignatureError {
    /// The text is no SSHSIG.
    #[error("no SSH signature")]
    Form(#[source] ssh_key::Error),
    /// Signed for another purpose.
    #[error("signed in namespace {found:?}, not {wanted:?}")]
    Namespace {
        /// The purpose that the signature names.
        found: String,
        /// That of such lists.
        wanted: &'static str,
    },
    /// Signed by somebody who is not asked for.
    #[error("signed by {0}, who is not the signer that was named")]
    Signer(String),
    /// Not a signature of this list.
    #[error("not the signature of this list")]
    Signature(#[from] SignatureError),
}

impl ListSignature {
    /// What `key` signs, so that [`Self::new`] makes a signature of it.
    pub(crate) fn to_be_signed(namespace: &str, list: &[u8]) -> ssh_key::Result<Vec<u8>> {
        SshSig::signed_data(namespace, HashAlg::Sha512, list)
    }

    /// What a key made of [`Self::to_be_signed`].
    pub(crate) fn new(
        namespace: &str,
        key: KeyData,
        signature: Signature,
    ) -> ssh_key::Result<Self> {
        Ok(Self(SshSig::new(
            key,
            namespace,
            HashAlg::Sha512,
            signature,
        )?))
    }

    /// Reads the armoured form, of at most [`LIST_SIGNATURE_BYTES_MAX`].
    ///
    /// # Errors
    /// [`ListSignatureError::Form`].
    pub fn read(text: &[u8]) -> Result<Self, ListSignatureError> {
        if text.len() > LIST_SIGNATURE_BYTES_MAX {
            return Err(ListSignatureError::Form(ssh_key::Error::FormatEncoding));
        }
        let signature = SshSig::from_pem(text).map_err(ListSignatureError::Form)?;
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

    /// Whether one of `signers` signed exactly these bytes as a list of this namespace's kind.
    ///
    /// # Errors
    /// [`ListSignatureError`], in the order in which it is checked: namespace, signer,
    /// signature.
    pub fn verify(
        &self,
        namespace: &'static str,
        list: &[u8],
        signers: &[KeyData],
    ) -> Result<(), ListSignatureError> {
        let Self(signature) = self;
        if signature.namespace() != namespace {
            return Err(ListSignatureError::Namespace {
                found: signature.namespace().to_owned(),
                wanted: namespace,
            });
        }
        if !signers.contains(signature.public_key()) {
            let print = signature.public_key().fingerprint(HashAlg::Sha256);
            return Err(ListSignatureError::Signer(print.to_string()));
        }
        // What is signed (PROTOCOL.sshsig, section 3).
        let message = SshSig::signed_data(namespace, signature.hash_alg(), list);
        let message = message.map_err(ListSignatureError::Form)?;
        verify_signature(&message, signature.signature(), signature.public_key())?;
        Ok(())
    }

    /// Whether its own signer, whoever that is, signed exactly these bytes as such a list.
    #[must_use]
    pub fn is_of(&self, namespace: &'static str, list: &[u8]) -> bool {
        self.verify(namespace, list, std::slice::from_ref(self.signer()))
            .is_ok()
    }
}

/// What the signature of a KRL is for.
pub const KRL_NAMESPACE: &str = "krl@punchmark";

/// The longest signature that is read, in bytes; one of RSA-16384 takes some 6 KiB.
pub const LIST_SIGNATURE_BYTES_MAX: usize = 64 * 1024;

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

    fn signed(seed: u8) -> ListSignature {
        let message = ListSignature::to_be_signed(KRL_NAMESPACE, KRL).unwrap();
        let signature = signature::Signer::try_sign(&pair(seed), &message).unwrap();
        let signature = ListSignature::new(KRL_NAMESPACE, signer(seed), signature).unwrap();
        ListSignature::read(signature.to_armour().unwrap().as_bytes()).unwrap()
    }

    #[test]
    fn a_signature_is_believed_for_its_krl_and_its_signer_alone() {
        let signature = signed(1);
        assert_eq!(
            signature.verify(KRL_NAMESPACE, KRL, &[signer(2), signer(1)]),
            Ok(())
        );
        assert_eq!(
            signature.verify(KRL_NAMESPACE, b"SSHKRL\n\0, or not", &[signer(1)]),
            Err(SignatureError::Mismatch.into())
        );
        for others in [&[signer(2)][..], &[]] {
            let error = signature.verify(KRL_NAMESPACE, KRL, others).unwrap_err();
            assert!(matches!(error, ListSignatureError::Signer(_)), "{error}");
        }
    }

    #[test]
    fn a_signature_for_another_purpose_is_refused() {
        let key = PrivateKey::new(KeypairData::Ed25519(pair(1)), "").unwrap();
        let other = key.sign("file", HashAlg::Sha512, KRL).unwrap();
        let text = other.to_pem(LineEnding::LF).unwrap();
        let read = ListSignature::read(text.as_bytes()).unwrap();
        assert_eq!(
            read.verify(KRL_NAMESPACE, KRL, &[signer(1)]),
            Err(ListSignatureError::Namespace {
                found: "file".into(),
                wanted: KRL_NAMESPACE
            })
        );
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let long = vec![b'-'; LIST_SIGNATURE_BYTES_MAX + 1];
        let text = signed(1).to_armour().unwrap();
        let cut = text.get(..text.len() / 2).unwrap();
        for text in [b"".as_slice(), b"<html>", cut.as_bytes(), &long] {
            let error = ListSignature::read(text).unwrap_err();
            assert!(matches!(error, ListSignatureError::Form(_)), "{error}");
        }
    }
}
