//! The parts of the file of pending revocations (`docs/formats/pending.md`).

use ssh_encoding::{Decode, Encode};

use crate::ledger::{Entry, Event, Revoked};
use crate::wire::Cursor;

/// One part of the file.
pub(super) enum Part {
    /// A statement: the bytes that its revoker signed, and the signature.
    Statement(Vec<u8>, Vec<u8>),
    /// A list, with its SHA-256.
    List(ListMade, [u8; 32]),
    /// The file was begun, beside the mirror of the ledger of this name.
    Begun(Vec<u8>),
    /// What a published list revoked, which the file had lost.
    Published(Revoked),
    /// The mirror began anew.
    Rebased(Rebased),
}

/// That a mirror begins anew, since its ledger and it have parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebased {
    /// How many entries it had, and the root over them.
    pub before: (u64, [u8; 32]),
    /// How many it has then, and the root over them.
    pub after: (u64, [u8; 32]),
    /// How many both have in common.
    pub common: u64,
    /// When, in Unix seconds.
    pub time: u64,
}

/// A list that was made beside a mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListMade {
    /// Its version: the Unix second in which it was made, where no list before was ahead of the clock.
    pub version: u64,
    /// How many entries the mirror had.
    pub size: u64,
}

impl Part {
    /// Its bytes: the kind, and what it holds; none where that is too long.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![self.kind()];
        match self {
            Self::Statement(signed, signature) => {
                signed.encode(&mut bytes).ok()?;
                signature.encode(&mut bytes).ok()?;
            }
            Self::List(made, sha256) => {
                bytes.extend(made.version.to_be_bytes());
                bytes.extend(sha256);
                bytes.extend(made.size.to_be_bytes());
            }
            Self::Begun(origin) => bytes.extend(origin),
            Self::Published(revoked) => {
                let entry = Entry {
                    time: 0,
                    salt: [0; 16],
                    event: Event::Revoked(revoked.clone()),
                };
                bytes.extend(entry.to_bytes().ok()?);
            }
            Self::Rebased(rebased) => {
                for (size, root) in [rebased.before, rebased.after] {
                    bytes.extend(size.to_be_bytes());
                    bytes.extend(root);
                }
                bytes.extend(rebased.common.to_be_bytes());
                bytes.extend(rebased.time.to_be_bytes());
            }
        }
        Some(bytes)
    }

    /// Reads a part; none where this version never wrote it so.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            STATEMENT => {
                let input = &mut &*rest;
                let both = (Vec::decode(input).ok()?, Vec::decode(input).ok()?);
                input.is_empty().then_some(Self::Statement(both.0, both.1))
            }
            LIST => {
                let mut wire = Cursor::new(rest);
                let version = wire.u64().ok()?;
                let sha256 = *wire.array().ok()?;
                let size = wire.u64().ok()?;
                wire.finish().ok()?;
                Some(Self::List(ListMade { version, size }, sha256))
            }
            BEGUN => Some(Self::Begun(rest.to_vec())),
            PUBLISHED => match Entry::from_bytes(rest).ok()?.event {
                Event::Revoked(revoked) => Some(Self::Published(revoked)),
                _ => None,
            },
            REBASED => rebased(rest).map(Self::Rebased),
            _ => None,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Statement(..) => STATEMENT,
            Self::List(..) => LIST,
            Self::Begun(_) => BEGUN,
            Self::Published(_) => PUBLISHED,
            Self::Rebased(_) => REBASED,
        }
    }
}

fn rebased(bytes: &[u8]) -> Option<Rebased> {
    let mut wire = Cursor::new(bytes);
    let mut head = || Some((wire.u64().ok()?, *wire.array().ok()?));
    let (before, after) = (head()?, head()?);
    let (common, time) = (wire.u64().ok()?, wire.u64().ok()?);
    wire.finish().ok()?;
    Some(Rebased {
        before,
        after,
        common,
        time,
    })
}

const STATEMENT: u8 = 1;
const LIST: u8 = 2;
const BEGUN: u8 = 3;
const PUBLISHED: u8 = 4;
const REBASED: u8 = 5;
