//! Reading a bundle: limits, then the signature, then one item after the other.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::limit::string;
use super::{
    BundleError, Header, Item, ItemError, LARGEST_HEADER, LARGEST_ITEM, LARGEST_SIGNATURE,
    NAMESPACE,
};
use crate::request::verify_detached;

/// A bundle whose header was read and verified; its items were not looked at.
#[derive(Debug)]
pub struct Opened<R> {
    header: Header,
    input: R,
}

/// The items of a bundle, as they are read.
#[derive(Debug)]
pub struct Items<R> {
    input: R,
    left: u64,
    number: u64,
    hash: Sha256,
    sha256: [u8; 32],
    bytes: u64,
}

impl<R: Read> Opened<R> {
    /// Reads the header of a bundle of `length` bytes, and checks that the key that it names signed
    /// it. Whose that key is, the ledger says.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn read(mut input: R, length: u64) -> Result<Self, BundleError> {
        let signed = string::<BundleError>(&mut input, "header", LARGEST_HEADER)?;
        let header = Header::from_bytes(&signed)?;
        let signature = string::<BundleError>(&mut input, "signature", LARGEST_SIGNATURE)?;
        let before =
            [&signed, &signature].map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX));
        let before = before
            .iter()
            .fold(8_u64, |sum, part| sum.saturating_add(*part));
        let found = length.saturating_sub(before);
        if found != header.bytes {
            let said = header.bytes;
            return Err(BundleError::Length { found, said });
        }
        verify_detached(&header.registrar.key, NAMESPACE, &signed, &signature)?;
        Ok(Self { header, input })
    }

    /// What the registrar signed.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The items in their order. None counts before the last was read without an error: only then
    /// is it known that they are those that were signed.
    pub fn items(self) -> Items<R> {
        Items {
            input: self.input,
            left: self.header.items,
            number: 0,
            hash: Sha256::new(),
            sha256: self.header.sha256,
            bytes: self.header.bytes,
        }
    }
}

impl<R: Read> Items<R> {
    fn item(&mut self) -> Result<Item, BundleError> {
        let most = LARGEST_ITEM.min(self.bytes.saturating_sub(4));
        let bytes = string::<BundleError>(&mut self.input, "an item", most)?;
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.bytes = self.bytes.saturating_sub(u64::from(length) + 4);
        self.hash.update(length.to_be_bytes());
        self.hash.update(&bytes);
        self.number += 1;
        self.left -= 1;
        if self.left == 0 {
            self.end()?;
        }
        Item::from_bytes(&bytes).map_err(|source| self.wrong(source))
    }

    /// Behind the last item nothing is left, and all of them are what was signed.
    fn end(&mut self) -> Result<(), BundleError> {
        let found: [u8; 32] = std::mem::take(&mut self.hash).finalize().into();
        match self.bytes {
            0 if found == self.sha256 => Ok(()),
            _ => Err(BundleError::Items),
        }
    }

    fn wrong(&self, source: ItemError) -> BundleError {
        let number = self.number;
        BundleError::Item { number, source }
    }
}

impl<R: Read> Iterator for Items<R> {
    type Item = Result<Item, BundleError>;

    /// After an error there is nothing more: what follows it was not signed as it stands.
    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let item = self.item();
        if item.is_err() {
            self.left = 0;
        }
        Some(item)
    }
}
