//! Making a bundle: items are gathered, the header is drawn over them, and its registrar signs it.

use sha2::{Digest, Sha256};
use ssh_encoding::Encode;
use ssh_key::SshSig;

use super::limit::limit;
use super::{
    BundleError, BundleId, Header, Item, LARGEST_ITEM, LARGEST_ITEMS, MOST_ITEMS, Registrar,
};
use crate::ledger::checkpoint::Checkpoint;

/// A bundle that nobody signed yet.
#[derive(Debug, Default)]
pub struct Draft {
    items: Vec<u8>,
    count: u64,
}

impl Draft {
    /// Puts an item behind those before.
    ///
    /// # Errors
    /// [`BundleError`] if it is too large, or there are too many.
    pub fn add(&mut self, item: &Item) -> Result<(), BundleError> {
        let number = self.count.saturating_add(1);
        if number > MOST_ITEMS {
            return Err(BundleError::TooMany(number));
        }
        let wrong = |source| BundleError::Item { number, source };
        let bytes = item.to_bytes().map_err(wrong)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        limit("an item", length, LARGEST_ITEM)?;
        bytes.encode(&mut self.items)?;
        limit("the sum of all items", self.bytes(), LARGEST_ITEMS)?;
        self.count = number;
        Ok(())
    }

    fn bytes(&self) -> u64 {
        u64::try_from(self.items.len()).unwrap_or(u64::MAX)
    }

    /// The header over the items so far.
    pub fn header(
        &self,
        (id, before): (BundleId, [u8; 32]),
        made: u64,
        against: Checkpoint,
        registrar: Registrar,
    ) -> Header {
        Header {
            id,
            before,
            made,
            against,
            registrar,
            list_version: 0,
            pending: Vec::new(),
            enrolments: Vec::new(),
            items: self.count,
            bytes: self.bytes(),
            sha256: Sha256::digest(&self.items).into(),
        }
    }

    /// The whole bundle, with the registrar's signature of its header.
    ///
    /// # Errors
    /// [`BundleError::Header`] if a part is longer than the wire allows.
    pub fn to_bytes(&self, header: &Header, signature: &SshSig) -> Result<Vec<u8>, BundleError> {
        let mut out = Vec::with_capacity(self.items.len().saturating_add(4096));
        header.to_bytes()?.encode(&mut out)?;
        signature.encode_prefixed(&mut out)?;
        out.extend_from_slice(&self.items);
        Ok(out)
    }
}
