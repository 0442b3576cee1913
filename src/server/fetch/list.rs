//! What a ledger key signs for servers: lists that never go back.

use sha2::{Digest, Sha256};

use super::shrink::shrunk;
use super::{KeyHash, Refusal, Shrunk};
use crate::krl::{KRL_BYTES_MAX, KRL_NAMESPACE, Krl, ListBase, ListName};

/// A list that a ledger key signs, and that servers fetch.
pub trait SignedList: Sized + PartialEq {
    /// What a signature of such a list is for.
    const NAMESPACE: &'static str;
    /// The largest that is read, in bytes.
    const BYTES_MAX: usize;

    /// Reads a list, strictly.
    ///
    /// # Errors
    /// [`Refusal`] of bytes that are no such list.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal>;

    /// Its version, which moves forward: Unix seconds, where clocks are right.
    fn version(&self) -> u64;

    /// When it was made, in Unix seconds.
    fn generated(&self) -> u64;

    /// Its name, and the head of the ledger that it was made from.
    fn list_name(&self) -> ListName;

    /// The keys that it revokes, of which some may sign lists.
    fn revoked_keys(&self) -> Vec<KeyHash>;

    /// Whether a list by a delegated key keeps within the base beside it.
    ///
    /// # Errors
    /// [`Refusal::OutsideBase`].
    fn held_to(&self, base: &ListBase) -> Result<(), Refusal>;

    /// How much of the list before it is gone, where that is much.
    fn shrunk(&self, before: &Self) -> Option<Shrunk>;
}

impl SignedList for Krl {
    const NAMESPACE: &'static str = KRL_NAMESPACE;
    const BYTES_MAX: usize = KRL_BYTES_MAX;

    fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        Ok(Self::from_bytes(bytes)?)
    }

    fn version(&self) -> u64 {
        self.header().version
    }

    fn generated(&self) -> u64 {
        self.header().generated
    }

    fn list_name(&self) -> ListName {
        ListName::of_comment(&self.header().comment)
    }

    fn revoked_keys(&self) -> Vec<KeyHash> {
        let named = self.keys().iter().map(|blob| Sha256::digest(blob).into());
        named.chain(self.sha256s().iter().copied()).collect()
    }

    fn held_to(&self, base: &ListBase) -> Result<(), Refusal> {
        Ok(base.hold(self)?)
    }

    fn shrunk(&self, before: &Self) -> Option<Shrunk> {
        shrunk(before, self)
    }
}
