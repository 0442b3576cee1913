//! The entries of a serial: taken, and what became of it.

use ssh_encoding::{Decode, Encode, Reader};

use super::{EntryError, Grounds};

/// A serial was taken for exactly this content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The position of the CA's [`CaAdded`](super::CaAdded) entry.
    pub ca: u64,
    /// The serial, which the content holds too.
    pub serial: u64,
    /// Whether the serial is the next of the sequence or was asked for by number.
    pub sequence: Sequence,
    /// The role that allowed it.
    pub role: String,
    /// The program that decided, with its version.
    pub decided_by: String,
    /// Who asked.
    pub requester: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
    /// What was proved of the subject key's storage; `none` without evidence.
    pub proof: String,
    /// SHA-256 of the request, to find it again with `--resume`.
    pub request: [u8; 32],
    /// The whole to-be-signed part of the certificate (PROTOCOL.certkeys): everything
    /// but the signature.
    pub to_be_signed: Vec<u8>,
    /// What stood behind the decision; none in an entry of kind 2, which format 1 and 2
    /// have.
    pub grounds: Option<Grounds>,
}

/// The signature that makes a reservation a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The position of the [`Reserved`] entry.
    pub reserved: u64,
    /// The signature blob; the certificate is the to-be-signed part, then this as a string.
    pub signature: Vec<u8>,
}

/// Why a reservation was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The position of the [`Reserved`] entry.
    pub reserved: u64,
    /// The fault, in words.
    pub reason: String,
}

/// Where a serial comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sequence {
    /// The next one of the CA's sequence.
    Automatic,
    /// Asked for by number; does not move the sequence.
    Explicit,
}

impl Reserved {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.ca.encode(out)?;
        self.serial.encode(out)?;
        self.sequence.encode(out)?;
        self.role.encode(out)?;
        self.decided_by.encode(out)?;
        self.requester.encode(out)?;
        self.keyboard.encode(out)?;
        self.proof.encode(out)?;
        self.request.encode(out)?;
        self.to_be_signed.encode(out)?;
        self.grounds
            .iter()
            .try_for_each(|grounds| grounds.encode(out))
    }

    /// Reads an entry of kind 18.
    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut reserved = Self::decode_before_format_3(input)?;
        reserved.grounds = Some(Grounds::decode(input)?);
        Ok(reserved)
    }

    /// Reads an entry of kind 46.
    pub(super) fn decode_served(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut reserved = Self::decode_before_format_3(input)?;
        reserved.grounds = Some(Grounds::decode_served(input)?);
        Ok(reserved)
    }

    /// Reads an entry of kind 8.
    pub(super) fn decode_before_format_4(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut reserved = Self::decode_before_format_3(input)?;
        reserved.grounds = Some(Grounds::decode_before_format_4(input)?);
        Ok(reserved)
    }

    /// Reads an entry of kind 2.
    pub(super) fn decode_before_format_3(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            ca: u64::decode(input)?,
            serial: u64::decode(input)?,
            sequence: Sequence::decode(input)?,
            role: String::decode(input)?,
            decided_by: String::decode(input)?,
            requester: String::decode(input)?,
            keyboard: String::decode(input)?,
            proof: String::decode(input)?,
            request: Decode::decode(input)?,
            to_be_signed: Vec::decode(input)?,
            grounds: None,
        })
    }
}

wire!(Issued: reserved, signature);
wire!(Failed: reserved, reason);
codes!(Sequence, "sequence", Automatic = 0, Explicit = 1);
