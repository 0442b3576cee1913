//! The entries of revocation: what was revoked, and which KRLs said so.

use sha2::{Digest, Sha256};
use ssh_encoding::{Decode, Encode, Reader};

use super::{CardId, EntryError, list};

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
    /// What else was taken over or barred; none in an entry of kind 7, which format 3 has.
    pub recovery: Option<Recovery>,
}

/// What going on behind a gap takes over from the lost part, and what it bars.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Requests made before this second are refused, in Unix seconds.
    pub requests_from: u64,
    /// The version of the last published KRL, whose revocations were taken over; 0 where
    /// somebody said that there was none.
    pub krl_version: u64,
    /// Whether enrolments serve on: 1 if the list's state said so, 0 if each must be
    /// confirmed first.
    pub enrolments: u8,
    /// What a person typed in place of a proof; empty where there was one.
    pub word: String,
}

/// Cards and requesters that are never served again, whatever they ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barred {
    /// Serial numbers of cards, each of every family, as before format 4.
    pub cards: Vec<u64>,
    /// Cards of a known family; none in an entry of kind 14.
    pub family_cards: Vec<CardId>,
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
    /// The version of the KRL, greater than that of every KRL before.
    pub version: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
    /// Who signed it, and the head that it carries; none in an entry of kind 6.
    pub list: Option<ListSigned>,
}

/// What a published list says of itself beside what it revokes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSigned {
    /// The public key blob of the ledger key that signed it; empty where none did.
    pub signer: Vec<u8>,
    /// How many entries the head covers that the list carries.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
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
        if !self.family_cards.is_empty() {
            self.family_cards.len().encode(out)?;
            self.family_cards
                .iter()
                .try_for_each(|card| card.encode(out))?;
        }
        self.requesters.len().encode(out)?;
        self.requesters
            .iter()
            .try_for_each(|name| name.encode(out))?;
        self.reason.encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    /// Reads what an entry of kind 17 has.
    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        let cards = list(input, u64::decode)?;
        let family_cards = list(input, CardId::decode)?;
        if family_cards.is_empty() {
            // Kind 14 is the one encoding of a bar without them.
            return Err(ssh_encoding::Error::Length.into());
        }
        Self::decode_rest(cards, family_cards, input)
    }

    /// Reads what an entry of kind 14 has.
    pub(super) fn decode_before_format_4(input: &mut impl Reader) -> Result<Self, EntryError> {
        let cards = list(input, u64::decode)?;
        Self::decode_rest(cards, Vec::new(), input)
    }

    fn decode_rest(
        cards: Vec<u64>,
        family_cards: Vec<CardId>,
        input: &mut impl Reader,
    ) -> Result<Self, EntryError> {
        Ok(Self {
            cards,
            family_cards,
            requesters: list(input, String::decode)?,
            reason: String::decode(input)?,
            keyboard: String::decode(input)?,
        })
    }
}

impl Resumed {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.ca.encode(out)?;
        self.first.encode(out)?;
        self.last.encode(out)?;
        self.keyboard.encode(out)?;
        match &self.recovery {
            Some(recovery) => recovery.encode(out),
            None => Ok(()),
        }
    }

    /// Reads what an entry of kind 26 has.
    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut resumed = Self::decode_before_format_4(input)?;
        resumed.recovery = Some(Recovery::decode(input)?);
        Ok(resumed)
    }

    /// Reads what an entry of kind 7 has.
    pub(super) fn decode_before_format_4(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            ca: u64::decode(input)?,
            first: u64::decode(input)?,
            last: u64::decode(input)?,
            keyboard: String::decode(input)?,
            recovery: None,
        })
    }
}

impl KrlMade {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.version.encode(out)?;
        self.sha256.encode(out)?;
        self.keyboard.encode(out)?;
        match &self.list {
            Some(list) => list.encode(out),
            None => Ok(()),
        }
    }

    /// Reads what an entry of kind 25 has.
    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut made = Self::decode_before_format_4(input)?;
        made.list = Some(ListSigned::decode(input)?);
        Ok(made)
    }

    /// Reads what an entry of kind 6 has.
    pub(super) fn decode_before_format_4(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            version: u64::decode(input)?,
            sha256: Decode::decode(input)?,
            keyboard: String::decode(input)?,
            list: None,
        })
    }
}

wire!(Recovery: requests_from, krl_version, enrolments, word);
wire!(ListSigned: signer, size, root);
