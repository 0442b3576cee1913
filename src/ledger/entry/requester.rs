//! The entries that say whose a key or a card is.

use std::fmt::{self, Display, Formatter};

use ssh_encoding::{Decode, Encode, Reader};
use ssh_key::PublicKey;

use super::{EntryError, list};
use crate::certificate::subject::fingerprint;
use crate::request::RoleName;

/// What a requester is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A public key blob (RFC 4253, section 6.6).
    Key(Vec<u8>),
    /// The serial number of a card whose family is not known, as before format 4.
    Card(u64),
    /// A card of a known family.
    FamilyCard(CardId),
}

impl Credential {
    /// The fingerprint of a key; none of a card, and of what is no key.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        let Self::Key(blob) = self else {
            return None;
        };
        let key = PublicKey::from_bytes(blob).ok()?;
        Some(fingerprint(key.key_data()))
    }
}

/// As people know it: a key by its fingerprint, a card by the number on it.
impl Display for Credential {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(card) => write!(f, "card {card}, by its number alone"),
            Self::FamilyCard(CardId { family, serial }) if family == "yubico" => {
                write!(f, "YubiKey {serial}")
            }
            Self::FamilyCard(card) => write!(f, "card {} of {}", card.serial, card.family),
            Self::Key(_) => match self.fingerprint() {
                Some(fingerprint) => write!(f, "key {fingerprint}"),
                None => f.write_str("a key that cannot be read"),
            },
        }
    }
}

/// A card, by the number that its maker gave it and by who that maker is.
///
/// A serial alone says nothing: two makers, or two private roots, give the same number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId {
    /// The set of roots that attest the number: `yubico`, or `SHA256:` and the fingerprint
    /// of one private root's certificate.
    pub family: String,
    /// The serial, not 0.
    pub serial: u64,
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

/// The names that a requester's certificates may be valid for, in place of all that were recorded
/// for them before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequesterNamed {
    /// Whose they are.
    pub name: String,
    /// The names; none takes them away.
    pub names: Vec<String>,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// What a requester may do beside asking, in place of all that was recorded before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DutiesSet {
    /// Whose duties they are.
    pub name: String,
    /// The roles for which their word says whose a key is: they are a registrar for these; none
    /// where they are no registrar.
    pub registrar: Vec<String>,
    /// Whether they may revoke where the ledger is only mirrored.
    pub revoker: bool,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

impl Encode for Credential {
    fn encoded_len(&self) -> Result<usize, ssh_encoding::Error> {
        Ok(match self {
            Self::Key(key) => key.encoded_len()?,
            Self::Card(card) => card.encoded_len()?,
            Self::FamilyCard(card) => card.encoded_len()?,
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
            Self::FamilyCard(card) => {
                FAMILY_CARD.encode(out)?;
                card.encode(out)
            }
        }
    }
}

impl Encode for CardId {
    fn encoded_len(&self) -> Result<usize, ssh_encoding::Error> {
        Ok(self.family.encoded_len()? + self.serial.encoded_len()?)
    }

    fn encode(&self, out: &mut impl ssh_encoding::Writer) -> Result<(), ssh_encoding::Error> {
        self.family.encode(out)?;
        self.serial.encode(out)
    }
}

impl Decode for CardId {
    type Error = ssh_encoding::Error;

    fn decode(input: &mut impl Reader) -> Result<Self, ssh_encoding::Error> {
        Ok(Self {
            family: String::decode(input)?,
            serial: u64::decode(input)?,
        })
    }
}

impl Decode for Credential {
    type Error = EntryError;

    fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        match u8::decode(input)? {
            KEY => Ok(Self::Key(Vec::decode(input)?)),
            CARD => Ok(Self::Card(u64::decode(input)?)),
            FAMILY_CARD => Ok(Self::FamilyCard(CardId::decode(input)?)),
            value => Err(EntryError::Unknown {
                field: "credential",
                value,
            }),
        }
    }
}

impl RequesterNamed {
    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.name.encode(out)?;
        self.names.len().encode(out)?;
        self.names.iter().try_for_each(|name| name.encode(out))?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            name: String::decode(input)?,
            names: list(input, String::decode)?,
            keyboard: String::decode(input)?,
        })
    }
}

impl DutiesSet {
    /// The first role that nobody can be a registrar for: `operator` is for whoever holds token and
    /// PIN.
    pub fn unfit_role(&self) -> Option<&str> {
        let can_be_asked_for =
            |role: &String| role.parse().is_ok_and(|role: RoleName| !role.is_operator());
        let mut roles = self.registrar.iter();
        roles
            .find(|role| !can_be_asked_for(role))
            .map(String::as_str)
    }

    /// Whether it gives any duty.
    pub fn has_some(&self) -> bool {
        self.revoker || !self.registrar.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.name.encode(out)?;
        self.registrar.len().encode(out)?;
        self.registrar
            .iter()
            .try_for_each(|role| role.encode(out))?;
        u8::from(self.revoker).encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    pub(super) fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            name: String::decode(input)?,
            registrar: list(input, String::decode)?,
            revoker: match u8::decode(input)? {
                0 => false,
                1 => true,
                value => {
                    return Err(EntryError::Unknown {
                        field: "revoker",
                        value,
                    });
                }
            },
            keyboard: String::decode(input)?,
        })
    }
}

const KEY: u8 = 1;
const CARD: u8 = 2;
const FAMILY_CARD: u8 = 3;

wire!(RequesterAdded: name, credential, keyboard);
wire!(RequesterRemoved: name, credential, keyboard);
