//! The entries of revocation: what was revoked, and which KRLs said so.

use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode, Reader};

use super::{EntryError, list};

/// Certificates or keys were revoked, for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// The public key blob of the CA whose serials and key IDs are meant; empty where
    /// there are none, or where they are meant whoever the CA is.
    pub ca: Vec<u8>,
    /// Serials, as first and last of each range.
    pub serials: Vec<(u64, u64)>,
    /// Key IDs.
    pub key_ids: Vec<String>,
    /// Public key blobs: each key itself, and every certificate for it.
    pub keys: Vec<Vec<u8>>,
    /// SHA-256 fingerprints of public key blobs, with the same effect.
    pub sha256s: Vec<[u8; 32]>,
    /// Why, in the words of who revoked.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Serials that an earlier, lost state of the ledger may have given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The position of the CA's entry.
    pub ca: u64,
    /// The first serial of the gap.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Cards and requesters that are never served again, whatever they ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barred {
    /// Serial numbers of cards.
    pub cards: Vec<u64>,
    /// Names of requesters.
    pub requesters: Vec<String>,
    /// Why, in the words of who barred them.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A KRL was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KrlMade {
    /// Its version, greater than that of every KRL before.
    pub version: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl Revoked {
    /// The SHA-256 of every key that is revoked.
    pub fn key_hashes(&self) -> impl Iterator<Item = [u8; 32]> {
        let of_keys = self.keys.iter().map(|key| Sha256::digest(key).into());
        of_keys.chain(self.sha256s.iter().copied())
    }

    /// Whether it revokes nothing.
    pub fn is_empty(&self) -> bool {
        self.serials.is_empty()
            && self.key_ids.is_empty()
            && self.keys.is_empty()
            && self.sha256s.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.ca.encode(out)?;
        self.serials.len().encode(out)?;
        for (first, last) in &self.serials {
            first.encode(out)?;
            last.encode(out)?;
        }
        self.key_ids.len().encode(out)?;
        self.key_ids
            .iter()
            .try_for_each(|key_id| key_id.encode(out))?;
        self.keys.len().encode(out)?;
        self.keys.iter().try_for_each(|key| key.encode(out))?;
        self.sha256s.len().encode(out)?;
        self.sha256s.iter().try_for_each(|hash| hash.encode(out))?;
        self.reason.encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            ca: Vec::decode(input)?,
            serials: list(input, |input| {
                Ok((u64::decode(input)?, u64::decode(input)?))
            })?,
            key_ids: list(input, String::decode)?,
            keys: list(input, Vec::decode)?,
            sha256s: list(input, Decode::decode)?,
            reason: String::decode(input)?,
            keyboard: String::decode(input)?,
        })
    }
}

impl Barred {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.cards.len().encode(out)?;
        self.cards.iter().try_for_each(|card| card.encode(out))?;
        self.requesters.len().encode(out)?;
        self.requesters
            .iter()
            .try_for_each(|name| name.encode(out))?;
        self.reason.encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            cards: list(input, u64::decode)?,
            requesters: list(input, String::decode)?,
            reason: String::decode(input)?,
            keyboard: String::decode(input)?,
        })
    }
}

wire!(Resumed: ca, first, last, keyboard);
wire!(KrlMade: version, sha256, keyboard);
