//! The entries that say whose a key or a card is.

use ssh_encoding::{Decode, Encode, Reader};

use super::EntryError;

/// What a requester is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A public key blob (RFC 4253, section 6.6).
    Key(Vec<u8>),
    /// The serial number of a card.
    Card(u64),
}

/// A key or card became a requester's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequesterAdded {
    /// Whose it is.
    pub name: String,
    /// What it is.
    pub credential: Credential,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A key or card is no longer a requester's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequesterRemoved {
    /// Whose it was.
    pub name: String,
    /// What it is.
    pub credential: Credential,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl Encode for Credential {
    fn encoded_len(&self) -> Result<usize, ssh_encoding::Error> {
        Ok(match self {
            Self::Key(key) => key.encoded_len()?,
            Self::Card(card) => card.encoded_len()?,
        } + 1)
    }

    fn encode(&self, out: &mut impl ssh_encoding::Writer) -> Result<(), ssh_encoding::Error> {
        match self {
            Self::Key(key) => {
                KEY.encode(out)?;
                key.encode(out)
            }
            Self::Card(card) => {
                CARD.encode(out)?;
                card.encode(out)
            }
        }
    }
}

impl Decode for Credential {
    type Error = EntryError;

    fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        match u8::decode(input)? {
            KEY => Ok(Self::Key(Vec::decode(input)?)),
            CARD => Ok(Self::Card(u64::decode(input)?)),
            value => Err(EntryError::Unknown {
                field: "credential",
                value,
            }),
        }
    }
}

const KEY: u8 = 1;
const CARD: u8 = 2;

wire!(RequesterAdded: name, credential, keyboard);
wire!(RequesterRemoved: name, credential, keyboard);
