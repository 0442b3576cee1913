//! One entry of the ledger, and the canonical bytes it is kept as.
//!
//! The bytes are SSH's own wire types (RFC 4251, section 5): an entry has exactly one
//! encoding, and that is what a hash of it is taken over. `docs/formats/ledger.md`
//! gives the layout field by field.

mod revocation;

use ssh_encoding::{Decode, Encode, Reader};

pub use revocation::{KrlMade, Resumed, Revoked};

/// What happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unix time in seconds, by the clock of the machine that wrote the entry.
    pub time: u64,
    /// Random, so that the hash of an entry tells nothing about its contents.
    pub salt: [u8; SALT],
    /// What happened.
    pub event: Event,
}

/// The kinds of entries. A change of state is a new entry, never an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key became a CA.
    CaAdded(CaAdded),
    /// A serial was taken for exactly this content, before the key was used.
    Reserved(Reserved),
    /// The content of a reservation was signed; the certificate may be released.
    Issued(Issued),
    /// A reservation was given up; its serial stays taken.
    Failed(Failed),
    /// Certificates or keys were revoked.
    Revoked(Revoked),
    /// A KRL was made of all that was revoked until then.
    KrlMade(KrlMade),
    /// An older ledger was put back, and goes on behind the gap.
    Resumed(Resumed),
}

/// A key became a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaAdded {
    /// The name it has in the config.
    pub name: String,
    /// Its public key blob (RFC 4253, section 6.6).
    pub public_key: Vec<u8>,
    /// What it may sign.
    pub purpose: Purpose,
    /// Where its private key comes from.
    pub origin: Origin,
    /// What the token says of the key, unsigned: `local, sensitive, never extractable`.
    pub token_says: String,
    /// The first serial that may be given out, at least 1.
    pub next_serial: u64,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// A serial was taken for exactly this content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The position of the CA's [`CaAdded`] entry.
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

/// What a CA may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// User certificates alone.
    User,
    /// Host certificates alone.
    Host,
    /// Both, which only somebody who must should choose.
    Both,
}

/// Where a CA's private key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Made in the token by `init`.
    Generated,
    /// Was in the token before; nobody here saw it made.
    Adopted,
    /// Was in a file once; copies may exist.
    Imported,
    /// In an ssh-agent or a file: nothing shows that it is in hardware.
    Software,
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

/// Bytes that are not an entry of format 1.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Cut, too long, or a field that is no text.
    #[error("not an entry: {0}")]
    Encoding(#[from] ssh_encoding::Error),
    /// A kind or choice that this version does not know.
    #[error("entry has an unknown {field} ({value})")]
    Unknown {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u8,
    },
}

impl Entry {
    /// The canonical bytes.
    ///
    /// # Errors
    /// [`EntryError::Encoding`] if a field is longer than the 4 GiB that the wire allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let out = &mut Vec::with_capacity(1024);
        self.kind().encode(out)?;
        self.time.encode(out)?;
        self.salt.encode(out)?;
        match &self.event {
            Event::CaAdded(event) => event.encode(out)?,
            Event::Reserved(event) => event.encode(out)?,
            Event::Issued(event) => {
                event.reserved.encode(out)?;
                event.signature.encode(out)?;
            }
            Event::Failed(event) => {
                event.reserved.encode(out)?;
                event.reason.encode(out)?;
            }
            Event::Revoked(event) => event.encode(out)?,
            Event::KrlMade(event) => event.encode(out)?,
            Event::Resumed(event) => event.encode(out)?,
        }
        Ok(std::mem::take(out))
    }

    /// Reads canonical bytes back; all of them, or it is an error.
    ///
    /// # Errors
    /// [`EntryError`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, EntryError> {
        let input = &mut bytes;
        let kind = u8::decode(input)?;
        let time = u64::decode(input)?;
        let salt = <[u8; SALT]>::decode(input)?;
        let event = match kind {
            1 => Event::CaAdded(CaAdded::decode(input)?),
            2 => Event::Reserved(Reserved::decode(input)?),
            3 => Event::Issued(Issued {
                reserved: u64::decode(input)?,
                signature: Vec::decode(input)?,
            }),
            4 => Event::Failed(Failed {
                reserved: u64::decode(input)?,
                reason: String::decode(input)?,
            }),
            5 => Event::Revoked(Revoked::decode(input)?),
            6 => Event::KrlMade(KrlMade::decode(input)?),
            7 => Event::Resumed(Resumed::decode(input)?),
            value => {
                return Err(EntryError::Unknown {
                    field: "kind",
                    value,
                });
            }
        };
        Ok(input.finish(Self { time, salt, event })?)
    }

    fn kind(&self) -> u8 {
        match self.event {
            Event::CaAdded(_) => 1,
            Event::Reserved(_) => 2,
            Event::Issued(_) => 3,
            Event::Failed(_) => 4,
            Event::Revoked(_) => 5,
            Event::KrlMade(_) => 6,
            Event::Resumed(_) => 7,
        }
    }
}

impl CaAdded {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.name.encode(out)?;
        self.public_key.encode(out)?;
        self.purpose.code().encode(out)?;
        self.origin.code().encode(out)?;
        self.token_says.encode(out)?;
        self.next_serial.encode(out)?;
        Ok(self.keyboard.encode(out)?)
    }

    fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            name: String::decode(input)?,
            public_key: Vec::decode(input)?,
            purpose: Purpose::from_code(u8::decode(input)?)?,
            origin: Origin::from_code(u8::decode(input)?)?,
            token_says: String::decode(input)?,
            next_serial: u64::decode(input)?,
            keyboard: String::decode(input)?,
        })
    }
}

impl Reserved {
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.ca.encode(out)?;
        self.serial.encode(out)?;
        self.sequence.code().encode(out)?;
        self.role.encode(out)?;
        self.decided_by.encode(out)?;
        self.requester.encode(out)?;
        self.keyboard.encode(out)?;
        self.proof.encode(out)?;
        self.request.encode(out)?;
        Ok(self.to_be_signed.encode(out)?)
    }

    fn decode(input: &mut impl Reader) -> Result<Self, EntryError> {
        Ok(Self {
            ca: u64::decode(input)?,
            serial: u64::decode(input)?,
            sequence: Sequence::from_code(u8::decode(input)?)?,
            role: String::decode(input)?,
            decided_by: String::decode(input)?,
            requester: String::decode(input)?,
            keyboard: String::decode(input)?,
            proof: String::decode(input)?,
            request: Decode::decode(input)?,
            to_be_signed: Vec::decode(input)?,
        })
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Host => "host",
            Self::Both => "both",
        })
    }
}

/// A choice of one byte, as the canonical bytes spell it.
macro_rules! codes {
    ($type:ident, $field:literal, $($variant:ident = $code:literal),+) => {
        impl $type {
            fn code(self) -> u8 {
                match self { $(Self::$variant => $code),+ }
            }

            fn from_code(value: u8) -> Result<Self, EntryError> {
                match value {
                    $($code => Ok(Self::$variant),)+
                    value => Err(EntryError::Unknown { field: $field, value }),
                }
            }
        }
    };
}

codes!(Purpose, "purpose", User = 1, Host = 2, Both = 3);
codes!(
    Origin,
    "origin",
    Generated = 1,
    Adopted = 2,
    Imported = 3,
    Software = 4
);
codes!(Sequence, "sequence", Automatic = 0, Explicit = 1);

/// Random bytes an entry.
pub(super) const SALT: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reserved() -> Entry {
        Entry {
            time: 1_795_000_000,
            salt: [7; SALT],
            event: Event::Reserved(Reserved {
                ca: 1,
                serial: 42,
                sequence: Sequence::Explicit,
                role: "operator".into(),
                decided_by: "punchmark 0.1.0".into(),
                requester: "operator".into(),
                keyboard: "root on ca1".into(),
                proof: "none".into(),
                request: [3; 32],
                to_be_signed: vec![1, 2, 3],
            }),
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        let entry = reserved();
        let bytes = entry.to_bytes().unwrap();
        assert_eq!(Entry::from_bytes(&bytes).unwrap(), entry);
    }

    #[test]
    fn the_bytes_of_format_1_stay_what_they_are() {
        let entry = Entry {
            time: 1,
            salt: [0xaa; SALT],
            event: Event::Failed(Failed {
                reserved: 2,
                reason: "no".into(),
            }),
        };
        let mut expected = vec![4, 0, 0, 0, 0, 0, 0, 0, 1];
        expected.extend([0xaa; SALT]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, b'n', b'o']);
        assert_eq!(entry.to_bytes().unwrap(), expected);
    }

    #[test]
    fn refuses_a_byte_too_many_and_a_byte_too_few() {
        let mut bytes = reserved().to_bytes().unwrap();
        bytes.push(0);
        assert!(matches!(
            Entry::from_bytes(&bytes),
            Err(EntryError::Encoding(_))
        ));
        bytes.truncate(bytes.len() - 2);
        assert!(matches!(
            Entry::from_bytes(&bytes),
            Err(EntryError::Encoding(_))
        ));
    }

    #[test]
    fn refuses_a_kind_of_a_later_version() {
        let mut bytes = reserved().to_bytes().unwrap();
        bytes[0] = 200;
        assert!(matches!(
            Entry::from_bytes(&bytes),
            Err(EntryError::Unknown {
                field: "kind",
                value: 200
            })
        ));
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes_and_is_canonical(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entry) = Entry::from_bytes(&bytes) {
                prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
            }
        }
    }
}
