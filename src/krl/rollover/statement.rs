//! What two ledger keys sign when one takes over from the other.
//!
//! Both make an SSHSIG in a namespace of its own, as `ssh-keygen -Y verify -n
//! rollover@punchmark` takes it. The statement names the ledger and what is handed over, so that it
//! counts for nothing else.

use sha2::{Digest, Sha256};
use ssh_key::{PublicKey, Signature};

use crate::krl::word;
use crate::wire::hex;

/// That one key takes over from another in one ledger; nobody signed it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloverStatement {
    ledger: String,
    purposes: u8,
    old: [u8; 32],
    new: [u8; 32],
}

impl RolloverStatement {
    /// The statement about the ledger of this name, what is handed over (the sum of 1 for heads,
    /// 2 for lists and 4 for receipts), and two public key blobs.
    #[must_use]
    pub fn new(ledger: &str, purposes: u8, old: &[u8], new: &[u8]) -> Self {
        Self {
            ledger: ledger.to_owned(),
            purposes,
            old: Sha256::digest(old).into(),
            new: Sha256::digest(new).into(),
        }
    }

    /// The name of the ledger.
    #[must_use]
    pub fn ledger(&self) -> &str {
        &self.ledger
    }

    /// What is handed over.
    #[must_use]
    pub fn purposes(&self) -> u8 {
        self.purposes
    }

    /// What a key signs, so that [`Self::signed`] makes an SSHSIG of it.
    pub(crate) fn to_be_signed(&self) -> ssh_key::Result<Vec<u8>> {
        word::to_be_signed(ROLLOVER_NAMESPACE, &self.text())
    }

    /// The bytes of the SSHSIG that a key's signature of [`Self::to_be_signed`] makes.
    pub(crate) fn signed(key: &PublicKey, signature: Signature) -> ssh_key::Result<Vec<u8>> {
        word::signed(ROLLOVER_NAMESPACE, key, signature)
    }

    /// Whether the key with this blob signed exactly this statement.
    #[must_use]
    pub fn is_signed_by(&self, key: &[u8], signature: &[u8]) -> bool {
        word::is_signed_by(ROLLOVER_NAMESPACE, &self.text(), key, signature)
    }

    /// The text that is signed (`docs/formats/rollover.md`).
    fn text(&self) -> String {
        let (old, new) = (hex(&self.old), hex(&self.new));
        let Self {
            ledger, purposes, ..
        } = self;
        format!("{FIRST_LINE}\n{ledger}\n{purposes}\n{old}\n{new}\n")
    }
}

/// What the signatures are for.
pub const ROLLOVER_NAMESPACE: &str = "rollover@punchmark";

/// A ledger key with this purpose signs lists: KRLs and what is published like them.
pub const LISTS: u8 = 2;

const FIRST_LINE: &str = "punchmark ledger key rollover";

#[cfg(test)]
mod tests {
    use ssh_encoding::Encode;
    use ssh_key::{HashAlg, SshSig};

    use super::super::tests::{blob, key, word};
    use super::*;

    #[test]
    fn a_word_counts_for_its_ledger_its_purposes_its_keys_and_its_signer_alone() {
        let statement = RolloverStatement::new("a", LISTS, &blob(1), &blob(2));
        let word = word(&key(1), &statement);
        assert!(statement.is_signed_by(&blob(1), &word));
        assert!(!statement.is_signed_by(&blob(2), &word));
        for other in [
            RolloverStatement::new("b", LISTS, &blob(1), &blob(2)),
            RolloverStatement::new("a", 3, &blob(1), &blob(2)),
            RolloverStatement::new("a", LISTS, &blob(2), &blob(1)),
            RolloverStatement::new("a", LISTS, &blob(1), &blob(3)),
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
        let statement = RolloverStatement::new("a", LISTS, &blob(1), &blob(2));
        let text = statement.text();
        let other =
            SshSig::sign(&key(1), "krl@punchmark", HashAlg::Sha512, text.as_bytes()).unwrap();
        assert!(!statement.is_signed_by(&blob(1), &other.encode_vec().unwrap()));
    }
}
