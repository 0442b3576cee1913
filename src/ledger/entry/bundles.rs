//! The entries of bundles: which were taken to be signed, and what ended each.

use ssh_encoding::{Decode, Encode, Reader};

use super::{EntryError, list};

/// A bundle that a registrar made is signed from here on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleTaken {
    /// Its id.
    pub id: [u8; 16],
    /// SHA-256 of its header.
    pub sha256: [u8; 32],
    /// That of the bundle that it follows; zeros for the first.
    pub before: [u8; 32],
    /// When it was made, in Unix seconds.
    pub made: u64,
    /// How many items it has.
    pub items: u64,
    /// Who made it.
    pub registrar: String,
    /// The public key blob of the key that signed it.
    pub key: Vec<u8>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Nothing more is signed for a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundleClosed {
    /// Its id.
    pub id: [u8; 16],
    /// 1 if each of its items has its certificate or its refusal; 0 if it was declared void, as one that
    /// was lost: the next bundle follows the one before it.
    pub is_signed: u8,
    /// The items that were refused, by their numbers from 1, upward, each with every reason.
    pub refused: Vec<(u64, String)>,
    /// Why it was declared void; else empty.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A revocation that was pending outside was taken: what it revokes stands in the entries before, in the same
/// frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingTaken {
    /// SHA-256 of what the revoker signed.
    pub sha256: [u8; 32],
    /// When that was, in Unix seconds.
    pub made: u64,
    /// Who revoked.
    pub revoker: String,
    /// The public key blob of the key that signed it.
    pub key: Vec<u8>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A revocation that was pending outside does not count, and never will: nothing is revoked by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingRefused {
    /// SHA-256 of what was signed.
    pub sha256: [u8; 32],
    /// When that was, in Unix seconds.
    pub made: u64,
    /// Who is said to revoke.
    pub revoker: String,
    /// The public key blob of the key that signed it.
    pub key: Vec<u8>,
    /// Why it does not count; never empty.
    pub why: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl PendingTaken {
    /// The entry that refuses it instead.
    #[must_use]
    pub fn refused(self, why: String) -> PendingRefused {
        PendingRefused {
            sha256: self.sha256,
            made: self.made,
            revoker: self.revoker,
            key: self.key,
            why,
            keyboard: self.keyboard,
        }
    }

    /// The keyboard of the entries that say what it revokes and whom it bars: by that they are told from a
    /// revocation that was made where the ledger is.
    #[must_use]
    pub fn keyboard_of_its_own(&self) -> String {
        format!("{}, a revoker; taken in by {}", self.revoker, self.keyboard)
    }
}

impl BundleClosed {
    /// Whether it says what can't be of a bundle of so many items.
    pub(in crate::ledger) fn is_malformed(&self, items: u64) -> bool {
        let numbers = || self.refused.iter().map(|(number, _)| *number);
        let rise = numbers()
            .zip(numbers().skip(1))
            .all(|(one, next)| one < next);
        let are_items = numbers().all(|number| (1..=items).contains(&number));
        let has_reasons = self.refused.iter().all(|(_, why)| !why.is_empty());
        let is_void = self.is_signed == 0;
        let is_one = self.is_signed <= 1 && is_void != self.reason.is_empty();
        !(rise && are_items && has_reasons && is_one) || (is_void && !self.refused.is_empty())
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.id.encode(out)?;
        self.is_signed.encode(out)?;
        self.refused.len().encode(out)?;
        for (number, why) in &self.refused {
            number.encode(out)?;
            why.encode(out)?;
        }
        self.reason.encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            id: Decode::decode(input)?,
            is_signed: u8::decode(input)?,
            refused: list(input, |input| {
                Ok((u64::decode(input)?, String::decode(input)?))
            })?,
            reason: String::decode(input)?,
            keyboard: String::decode(input)?,
        })
    }
}

wire!(BundleTaken: id, sha256, before, made, items, registrar, key, keyboard);
wire!(PendingTaken: sha256, made, revoker, key, keyboard);
wire!(PendingRefused: sha256, made, revoker, key, why, keyboard);
