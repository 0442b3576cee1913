//! The file of a CA's known certificates, as a list that a ledger key signs.

use super::list::SignedList;
use super::{KeyHash, Refusal, Shrunk};
use crate::krl::{ListBase, ListHead, ListName, OutsideBase};
use crate::server::access::{KNOWN_BYTES_MAX, KnownError, KnownList};

impl SignedList for KnownList {
    const NAMESPACE: &'static str = KNOWN_NAMESPACE;
    const BYTES_MAX: usize = KNOWN_BYTES_MAX;

    fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let list = Self::parse(bytes)?;
        match list.header().head() {
            Some(head) if ListHead::parse(head).is_none() => Err(KnownError::Line("head").into()),
            _ => Ok(list),
        }
    }

    fn version(&self) -> u64 {
        self.header().version()
    }

    fn generated(&self) -> u64 {
        self.header().generated()
    }

    fn list_name(&self) -> ListName {
        ListName {
            name: self.header().name().to_owned(),
            head: self.header().head().and_then(ListHead::parse),
        }
    }

    /// It revokes nothing.
    fn revoked_keys(&self) -> Vec<KeyHash> {
        Vec::new()
    }

    /// It revokes nothing, so that the base has nothing that it could lack; that it is of the same head is all
    /// that can be seen.
    fn held_to(&self, base: &ListBase) -> Result<(), Refusal> {
        if self.list_name().head.as_ref() == Some(base.head()) {
            return Ok(());
        }
        Err(OutsideBase::Head.into())
    }

    /// Certificates expire, many at once: what is gone says nothing.
    fn shrunk(&self, _before: &Self) -> Option<Shrunk> {
        None
    }
}

/// What a signature of known certificates is for.
pub const KNOWN_NAMESPACE: &str = "known@punchmark";
