//! One ledger key hands over to another, so that whoever knows the old one follows.
//!
//! Both keys sign the same [`RolloverStatement`]. A [`Rollover`] is such a statement with the keys
//! and their words, and exists only where both signatures verify. [`Rollovers`] is the file that
//! lies beside a published list (`docs/formats/rollover.md`).

mod chain;
mod statement;

pub use chain::{ROLLOVERS_BYTES_MAX, ROLLOVERS_MAX, Rollovers, RolloversError};
pub use statement::{LISTS, ROLLOVER_NAMESPACE, RolloverStatement};

use sha2::{Digest, Sha256};

use super::word::is_canonical;

/// That one key took over from another in one ledger, by the word of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollover {
    statement: RolloverStatement,
    old: Vec<u8>,
    new: Vec<u8>,
    by_old: Vec<u8>,
    by_new: Vec<u8>,
}

/// The parts of a rollover, of which nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloverParts {
    /// The name of the ledger.
    pub ledger: String,
    /// What the new key signs from here on: the sum of 1 (heads), 2 (lists) and 4 (receipts).
    pub purposes: u8,
    /// The public key blob of the key that ends.
    pub old: Vec<u8>,
    /// The public key blob of the key that takes over.
    pub new: Vec<u8>,
    /// The SSHSIG of the old key over the statement.
    pub by_old: Vec<u8>,
    /// The SSHSIG of the new key over the same.
    pub by_new: Vec<u8>,
}

impl Rollover {
    /// The rollover of these parts; none where it is of one key to itself, a key is none, or one
    /// of the two signatures is not that of its key over this very statement.
    #[must_use]
    pub fn new(parts: RolloverParts) -> Option<Self> {
        let RolloverParts { old, new, .. } = &parts;
        let statement = RolloverStatement::new(&parts.ledger, parts.purposes, old, new);
        let is_signed = statement.is_signed_by(old, &parts.by_old)
            && statement.is_signed_by(new, &parts.by_new);
        (is_signed && old != new && is_canonical(old) && is_canonical(new)).then_some(Self {
            statement,
            old: parts.old,
            new: parts.new,
            by_old: parts.by_old,
            by_new: parts.by_new,
        })
    }

    /// The name of the ledger that it counts for.
    #[must_use]
    pub fn ledger(&self) -> &str {
        self.statement.ledger()
    }

    /// Whether the new key signs lists from here on.
    #[must_use]
    pub fn is_for_lists(&self) -> bool {
        self.statement.purposes() & LISTS != 0
    }

    /// The SHA-256 of the old key's blob.
    #[must_use]
    pub fn old_key(&self) -> [u8; 32] {
        Sha256::digest(&self.old).into()
    }

    /// The SHA-256 of the new key's blob.
    #[must_use]
    pub fn new_key(&self) -> [u8; 32] {
        Sha256::digest(&self.new).into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use ssh_key::private::{Ed25519Keypair, KeypairData};
    use ssh_key::{PrivateKey, Signature};

    use super::*;

    pub(crate) const LEDGER: &str = "punchmark.ledger/0123456789abcdef";

    pub(crate) fn key(seed: u8) -> PrivateKey {
        let pair = Ed25519Keypair::from_seed(&[seed; 32]);
        PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
    }

    pub(crate) fn blob(seed: u8) -> Vec<u8> {
        key(seed).public_key().to_bytes().unwrap()
    }

    pub(crate) fn hash(seed: u8) -> [u8; 32] {
        Sha256::digest(blob(seed)).into()
    }

    /// The word of a key for a statement.
    pub(crate) fn word(key: &PrivateKey, statement: &RolloverStatement) -> Vec<u8> {
        let message = statement.to_be_signed().unwrap();
        let signature: Signature = signature::Signer::sign(key, &message);
        RolloverStatement::signed(key.public_key(), signature).unwrap()
    }

    pub(crate) fn parts(purposes: u8, old: u8, new: u8) -> RolloverParts {
        let statement = RolloverStatement::new(LEDGER, purposes, &blob(old), &blob(new));
        RolloverParts {
            ledger: LEDGER.to_owned(),
            purposes,
            old: blob(old),
            new: blob(new),
            by_old: word(&key(old), &statement),
            by_new: word(&key(new), &statement),
        }
    }

    pub(crate) fn rollover(old: u8, new: u8) -> Rollover {
        Rollover::new(parts(LISTS, old, new)).unwrap()
    }

    #[test]
    fn a_rollover_wants_the_words_of_both_keys_over_all_of_it() {
        let good = || parts(LISTS, 1, 2);
        assert!(Rollover::new(good()).is_some());
        let changes: [fn(&mut RolloverParts); 7] = [
            |parts| parts.ledger.push('0'),
            |parts| parts.purposes = 3,
            |parts| parts.old = blob(3),
            |parts| parts.new = blob(3),
            |parts| std::mem::swap(&mut parts.by_old, &mut parts.by_new),
            |parts| parts.by_old.clear(),
            |parts| parts.by_new.push(0),
        ];
        for change in changes {
            let mut changed = good();
            change(&mut changed);
            assert_eq!(Rollover::new(changed.clone()), None, "{changed:?}");
        }
        assert_eq!(Rollover::new(parts(LISTS, 1, 1)), None);
    }
}
