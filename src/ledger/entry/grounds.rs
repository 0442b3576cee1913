//! What stood behind a decision: the policy, the request, the challenge, the evidence.

use ssh_encoding::{Decode, Encode, Reader};

use super::{EntryError, Served};

/// What stood behind the decision to reserve a serial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grounds {
    /// SHA-256 of the policy that decided; its text is in a [`PolicySeen`] entry before.
    pub policy: [u8; 32],
    /// The id of the request, which is used once; none without a request file.
    pub request_id: Option<RequestId>,
    /// The position of the [`ChallengeMade`] entry that the request answers, if any.
    pub challenge: Option<u64>,
    /// The position of the [`EvidenceSeen`] entry that was believed, if any.
    pub evidence: Option<u64>,
    /// The serial of the card that the key is in, if that was proved; not 0.
    pub card: Option<u64>,
    /// Why it was asked for, where a role wants a reason; else empty.
    pub reason: String,
    /// How the requester is known, and whose number the card's is; none in an entry of
    /// kind 8, which format 3 has.
    pub known: Option<Box<Known>>,
    /// The way by which a server was asked; none where a command reserved it.
    pub served: Option<Box<Served>>,
}

/// How a requester is known, and the authority that a card's serial belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The ground in one word: `operator`, `vouch`, `key`, `card`, `allowed-signers`, `login`.
    pub by: String,
    /// The family of the card in [`Grounds::card`]; empty where that is none.
    pub family: String,
}

/// The id that a request made up for itself.
pub type RequestId = [u8; 16];

/// The random number of a challenge.
pub type Nonce = [u8; 32];

/// Evidence of what a key is made of was checked and believed, or a person saw it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceSeen {
    /// The public key blob of the key that it is about.
    pub subject: Vec<u8>,
    /// The kind of proof: `piv`, `fido`, `witnessed`, `sk`.
    pub kind: String,
    /// What was read out of it: a JSON object.
    pub facts: String,
    /// The evidence itself, to be checked again later; empty where there is only a word.
    pub evidence: Vec<u8>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A policy decides from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySeen {
    /// SHA-256 of the text.
    pub digest: [u8; 32],
    /// Role, suffixes, roots and program version, as the policy itself writes them down.
    pub text: String,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A number was made that one request can be bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeMade {
    /// The number.
    pub nonce: Nonce,
    /// The first second in which it can no longer be used, in Unix seconds.
    pub expires: u64,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl Grounds {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.policy.encode(out)?;
        let id = self.request_id.as_ref();
        id.map_or(&[][..], |id| id.as_slice()).encode(out)?;
        self.challenge.unwrap_or_default().encode(out)?;
        self.evidence.unwrap_or_default().encode(out)?;
        self.card.unwrap_or_default().encode(out)?;
        self.reason.encode(out)?;
        let Some(known) = &self.known else {
            return Ok(());
        };
        known.by.encode(out)?;
        known.family.encode(out)?;
        self.served.iter().try_for_each(|served| served.encode(out))
    }

    /// Reads what an entry of kind 18 has.
    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut grounds = Self::decode_before_format_4(input)?;
        grounds.known = Some(Box::new(Known {
            by: String::decode(input)?,
            family: String::decode(input)?,
        }));
        Ok(grounds)
    }

    /// Reads what an entry of kind 46 has.
    pub(super) fn decode_served(input: &mut impl Reader) -> Result<Self, EntryError> {
        let mut grounds = Self::decode(input)?;
        grounds.served = Some(Box::new(Served::decode(input)?));
        Ok(grounds)
    }

    /// Reads what an entry of kind 8 has.
    pub(super) fn decode_before_format_4(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            policy: Decode::decode(input)?,
            request_id: request_id(input)?,
            challenge: unless_zero(input)?,
            evidence: unless_zero(input)?,
            card: unless_zero(input)?,
            reason: String::decode(input)?,
            known: None,
            served: None,
        })
    }
}

/// 16 bytes or none.
fn request_id(input: &mut impl Reader) -> Result<Option<RequestId>, EntryError> {
    let id = Vec::decode(input)?;
    if id.is_empty() {
        Ok(None)
    } else {
        match id.try_into() {
            Ok(id) => Ok(Some(id)),
            Err(_other_length) => Err(ssh_encoding::Error::Length.into()),
        }
    }
}

fn unless_zero(input: &mut impl Reader) -> Result<Option<u64>, EntryError> {
    Ok(Some(u64::decode(input)?).filter(|number| *number != 0))
}

wire!(EvidenceSeen: subject, kind, facts, evidence, keyboard);
wire!(PolicySeen: digest, text, keyboard);
wire!(ChallengeMade: nonce, expires, keyboard);
