//! What two ledger keys sign when one takes over from the other.
//!
//! Both make an SSHSIG in a namespace of its own, as `ssh-keygen -Y verify -n
//! rollover@punchmark` takes it. The statement names the ledger, so that it counts for no other.

use ssh_encoding::{Decode, Encode, Reader};
use ssh_key::{HashAlg, PublicKey, Signature, SshSig};

use super::rows::sha256;
use crate::wire::hex;
use crate::wire::verify::verify_signature;

/// That one key takes over from another in one ledger; nobody signed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloverStatement(String);

impl RolloverStatement {
    /// The statement about the ledger of this name, and two public key blobs.
    #[must_use]
    pub fn new(origin: &str, old: &[u8], new: &[u8]) -> Self {
        let (old, new) = (hex(&sha256(old)), hex(&sha256(new)));
        Self(format!("{FIRST_LINE}\n{origin}\n{old}\n{new}\n"))
    }

    /// What a key signs, so that [`Self::signed`] makes an SSHSIG of it.
    pub(super) fn to_be_signed(&self) -> ssh_key::Result<Vec<u8>> {
        SshSig::signed_data(ROLLOVER_NAMESPACE, HASH, self.0.as_bytes())
    }

    /// The bytes of the SSHSIG that a key's signature of [`Self::to_be_signed`] makes.
    pub(super) fn signed(key: &PublicKey, signature: Signature) -> ssh_key::Result<Vec<u8>> {
        let key = key.key_data().clone();
        Ok(SshSig::new(key, ROLLOVER_NAMESPACE, HASH, signature)?.encode_vec()?)
    }

    /// Whether the key with this blob signed exactly this statement.
    #[must_use]
    pub fn is_signed_by(&self, key: &[u8], mut signature: &[u8]) -> bool {
        let (Ok(key), Ok(read)) = (PublicKey::from_bytes(key), SshSig::decode(&mut signature))
        else {
            return false;
        };
        let is_ours = signature.is_finished()
            && read.version() == SshSig::VERSION
            && read.reserved().is_empty()
            && read.namespace() == ROLLOVER_NAMESPACE
            && read.public_key() == key.key_data();
        let message = SshSig::signed_data(ROLLOVER_NAMESPACE, read.hash_alg(), self.0.as_bytes());
        is_ours
            && message.is_ok_and(|message| {
                verify_signature(&message, read.signature(), key.key_data()).is_ok()
            })
    }
}

/// What the signatures are for.
pub const ROLLOVER_NAMESPACE: &str = "rollover@punchmark";

const FIRST_LINE: &str = "punchmark ledger key rollover";
const HASH: HashAlg = HashAlg::Sha512;

#[cfg(test)]
pub(super) mod tests {
    use ssh_key::PrivateKey;

    use super::*;
    use ssh_key::private::{Ed25519Keypair, KeypairData};

    fn key(seed: u8) -> PrivateKey {
        let pair = Ed25519Keypair::from_seed(&[seed; 32]);
        PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
    }

    fn blob(seed: u8) -> Vec<u8> {
        key(seed).public_key().to_bytes().unwrap()
    }

    /// The word of a key for a statement.
    pub(in crate::ledger) fn word(key: &PrivateKey, statement: &RolloverStatement) -> Vec<u8> {
        let message = statement.to_be_signed().unwrap();
        let signature: Signature = signature::Signer::sign(key, &message);
        RolloverStatement::signed(key.public_key(), signature).unwrap()
    }

    #[test]
    fn a_word_counts_for_its_ledger_its_keys_and_its_signer_alone() {
        let statement = RolloverStatement::new("a", &blob(1), &blob(2));
        let word = word(&key(1), &statement);
        assert!(statement.is_signed_by(&blob(1), &word));
        assert!(!statement.is_signed_by(&blob(2), &word));
        for other in [
            RolloverStatement::new("b", &blob(1), &blob(2)),
            RolloverStatement::new("a", &blob(2), &blob(1)),
            RolloverStatement::new("a", &blob(1), &blob(3)),
        ] {
            assert!(!other.is_signed_by(&blob(1), &word));
        }
        let longer = [&word[..], &[0]].concat();
        for broken in [&longer[..], &word[..word.len() - 1], &[]] {
            assert!(!statement.is_signed_by(&blob(1), broken));
        }
    }

    #[test]
    fn a_signature_for_another_purpose_does_not_count() {
        let statement = RolloverStatement::new("a", &blob(1), &blob(2));
        let text = statement.0.as_bytes();
        let other = SshSig::sign(&key(1), "krl@punchmark", HASH, text).unwrap();
        assert!(!statement.is_signed_by(&blob(1), &other.encode_vec().unwrap()));
    }
}
