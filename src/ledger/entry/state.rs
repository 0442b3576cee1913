//! The entries about the ledger itself: its heads, its clock, its place, its own keys, and
//! what is recorded of a CA for good.

use ssh_encoding::{Decode, Encode, Reader};

use super::{EntryError, list};
use crate::krl::rollover::{Rollover, RolloverParts};

pub use crate::krl::rollover::LISTS;

/// A head of this ledger was signed, to be kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointSigned {
    /// How many entries the head covers.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
    /// The fingerprint of the key that signed.
    pub key: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The clock had been wrong. The time of this entry is the corrected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockCorrected {
    /// The time of the entry before, which is not to be believed, in Unix seconds.
    pub wrong: u64,
    /// Why, in the words of who corrected it.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The suffixes that a CA reserves from here on, in place of all that were set before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuffixesSet {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// Every suffix that was ever reserved; none is ever taken off the list.
    pub suffixes: Vec<SuffixSet>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// One reserved suffix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuffixSet {
    /// The class in the config: `physical`.
    pub class: String,
    /// What principals of that class end in: `_physical`.
    pub suffix: String,
    /// The least proof of the class, in the canonical JSON that policy writes down.
    pub proof: String,
    /// 1 if certificates of this class are made no more, else 0.
    pub ended: u8,
}

/// A ledger without a kept head is the newest copy, by this ground.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadAdopted {
    /// The size of the head that was shown; 0 where there is only a person's word.
    pub size: u64,
    /// The root of that head; zeros without one.
    pub root: [u8; 32],
    /// Where the head came from, or what the person typed.
    pub word: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Where the head of this ledger is kept from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadPlaces {
    /// Absolute paths of the folders.
    pub places: Vec<String>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A frame that a crash left unfinished behind the last whole one was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailCut {
    /// Where it began in the file, in bytes.
    pub offset: u64,
    /// How many bytes it had.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// The name of the file beside the ledger that has the copy.
    pub copy: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A key signs heads, lists or receipts of this ledger from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKeyAdded {
    /// The public key blob of the ledger key.
    pub key: Vec<u8>,
    /// What it signs: the sum of [`HEADS`], [`LISTS`] and [`RECEIPTS`].
    pub purposes: u8,
    /// The locator of the device's key, so that the config's ledger key is known for nobody's
    /// without the device; empty for a key in a file.
    pub place: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// One ledger key took over from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKeyRolled {
    /// The public key blob of the key that ends.
    pub old: Vec<u8>,
    /// The public key blob of the key that takes over its purposes.
    pub new: Vec<u8>,
    /// What is handed over: all that the old key signs, as [`LedgerKeyAdded::purposes`] has it.
    pub purposes: u8,
    /// SSHSIG by the old key over the statement of the rollover.
    pub by_old: Vec<u8>,
    /// SSHSIG by the new key over the same statement.
    pub by_new: Vec<u8>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What a ledger key signed is no longer believed beyond a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerKeyRevoked {
    /// The public key blob of the ledger key.
    pub key: Vec<u8>,
    /// The last size of a head by this key that is believed.
    pub last_size: u64,
    /// Why, in the words of who revoked it.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What leads to this root proves nothing from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDistrusted {
    /// SHA-256 of the root's certificate (DER).
    pub root: [u8; 32],
    /// Why, in the words of who said so.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The token of a CA's key holds the name of this ledger, so that no second one is begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// The device that holds it, by its locator.
    pub device: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The token of a CA's key does not hold the name of this ledger: nothing keeps a second one
/// from being begun for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotBound {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// The device that does not hold it, by its locator.
    pub device: String,
    /// Why, by the device's own word.
    pub reason: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// The config allows a place for the ledger that is refused by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceAllowed {
    /// What it is: `hard links`, or the name of the file system.
    pub what: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A ceremony was held: people made or used keys by a plan, and a transcript says how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CeremonyHeld {
    /// SHA-256 of the plan.
    pub plan: [u8; 32],
    /// The value of the transcript: SHA-256 of its last line.
    pub transcript: [u8; 32],
    /// The words of that value, as they were copied onto paper.
    pub words: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl SuffixesSet {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.ca.encode(out)?;
        self.suffixes.len().encode(out)?;
        for suffix in &self.suffixes {
            suffix.class.encode(out)?;
            suffix.suffix.encode(out)?;
            suffix.proof.encode(out)?;
            suffix.ended.encode(out)?;
        }
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            ca: u64::decode(input)?,
            suffixes: list(input, |input| {
                Ok(SuffixSet {
                    class: String::decode(input)?,
                    suffix: String::decode(input)?,
                    proof: String::decode(input)?,
                    ended: u8::decode(input)?,
                })
            })?,
            keyboard: String::decode(input)?,
        })
    }
}

impl LedgerKeyRolled {
    /// The rollover in the ledger of this name; none where one of the keys did not sign it.
    #[must_use]
    pub fn in_ledger(&self, ledger: &str) -> Option<Rollover> {
        Rollover::new(RolloverParts {
            ledger: ledger.to_owned(),
            purposes: self.purposes,
            old: self.old.clone(),
            new: self.new.clone(),
            by_old: self.by_old.clone(),
            by_new: self.by_new.clone(),
        })
    }
}

impl HeadPlaces {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.places.len().encode(out)?;
        self.places.iter().try_for_each(|place| place.encode(out))?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            places: list(input, String::decode)?,
            keyboard: String::decode(input)?,
        })
    }
}

/// A ledger key with this purpose signs heads.
pub const HEADS: u8 = 1;
/// A ledger key with this purpose signs receipts.
pub const RECEIPTS: u8 = 4;

wire!(CheckpointSigned: size, root, key, keyboard);
wire!(ClockCorrected: wrong, reason, keyboard);
wire!(HeadAdopted: size, root, word, keyboard);
wire!(TailCut: offset, length, sha256, copy, keyboard);
wire!(LedgerKeyAdded: key, purposes, place, keyboard);
wire!(LedgerKeyRolled: old, new, purposes, by_old, by_new, keyboard);
wire!(LedgerKeyRevoked: key, last_size, reason, keyboard);
wire!(RootDistrusted: root, reason, keyboard);
wire!(Bound: ca, device, keyboard);
wire!(PlaceAllowed: what, keyboard);
wire!(CeremonyHeld: plan, transcript, words, keyboard);
wire!(NotBound: ca, device, reason, keyboard);
