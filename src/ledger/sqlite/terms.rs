//! What reservations are found by, without reading them all.

use sha2::{Digest, Sha256};

use crate::ledger::entry::Reserved;
use crate::wire::RawCertificate;

/// Something that a reservation can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term<'a> {
    /// A principal.
    Principal(&'a str),
    /// A key ID.
    KeyId(&'a str),
    /// The SHA-256 of the subject key's blob: its fingerprint.
    Key(&'a [u8; 32]),
    /// The role that allowed it.
    Role(&'a str),
    /// Who asked.
    Requester(&'a str),
    /// The serial of the card that the key is in.
    Card(u64),
}

/// The terms of one reservation.
pub(super) struct Terms {
    /// Hashes, as [`Term::hash`] makes them.
    pub(super) hashes: Vec<i64>,
    /// The SHA-256 of the subject key's blob.
    pub(super) subject: [u8; 32],
}

impl Term<'_> {
    /// The first 8 bytes of a SHA-256. Two terms may share one: whoever searches looks at
    /// what was found.
    pub(super) fn hash(&self) -> i64 {
        match self {
            Self::Principal(text) => hash(b"principal", text.as_bytes()),
            Self::KeyId(text) => hash(b"key ID", text.as_bytes()),
            Self::Key(sha256) => hash(b"key", *sha256),
            Self::Role(text) => hash(b"role", text.as_bytes()),
            Self::Requester(text) => hash(b"requester", text.as_bytes()),
            Self::Card(serial) => hash(b"card", &serial.to_be_bytes()),
        }
    }
}

/// Everything that a reservation is found by.
pub(super) fn of(reserved: &Reserved) -> Terms {
    let mut hashes = vec![
        Term::Role(&reserved.role).hash(),
        Term::Requester(&reserved.requester).hash(),
    ];
    if let Some(card) = reserved.grounds.as_ref().and_then(|grounds| grounds.card) {
        hashes.push(Term::Card(card).hash());
    }
    let mut subject = [0; 32];
    if let Ok(content) = RawCertificate::of_to_be_signed(&reserved.to_be_signed) {
        subject = Sha256::digest(content.public_key()).into();
        hashes.push(Term::Key(&subject).hash());
        hashes.push(hash(b"key ID", content.key_id()));
        let principals = content.principals().iter();
        hashes.extend(principals.map(|name| hash(b"principal", name)));
    }
    Terms { hashes, subject }
}

fn hash(kind: &[u8], value: &[u8]) -> i64 {
    let hash = Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(value)
        .finalize();
    let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
    i64::from_be_bytes(*first)
}
