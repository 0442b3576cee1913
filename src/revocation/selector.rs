//! What somebody wants revoked, and which certificates are meant by it.

use std::ops::RangeInclusive;

use crate::certificate::explain::Fields;
use crate::ledger::{OPERATOR, Record};
use crate::wire::{PublicKey, RawCertificate};

/// What somebody wants revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// These serials of the CA, issued or not.
    Serials(RangeInclusive<u64>),
    /// Every certificate of the CA with this key ID, issued here or not.
    KeyId(String),
    /// This certificate, by its serial, else by its key ID.
    Certificate(Box<RawCertificate>),
    /// This key, and every certificate for it.
    Key(PublicKey),
    /// The key of this SHA-256 fingerprint, with the same effect.
    Fingerprint([u8; 32]),
    /// Every certificate of the CA in the ledger that names this principal.
    Principal(String),
    /// Every certificate of the CA in the ledger that this role allowed.
    Role(String),
    /// Every certificate of the CA in the ledger that this requester asked for, and every key
    /// of theirs, whichever CA certified it.
    Requester(String),
    /// Every certificate of the CA in the ledger whose key is in the card of this serial, and
    /// every such key, whichever CA certified it. Without a family, of every family.
    Card {
        /// The serial.
        serial: u64,
        /// Whose number it is, in the ledger's words.
        family: Option<String>,
    },
    /// Every certificate of the CA in the ledger that was reserved before, in Unix seconds.
    IssuedBefore(u64),
}

impl Selector {
    /// Whether it is answered by looking through the ledger, rather than by itself.
    pub(super) fn is_by_record(&self) -> bool {
        matches!(
            self,
            Self::Principal(_)
                | Self::Role(_)
                | Self::Requester(_)
                | Self::Card { .. }
                | Self::IssuedBefore(_)
        )
    }

    /// Whether it means somebody or a card, and so every key that was certified for them, by
    /// whichever CA: none of those keys is to be certified again under another name.
    pub(super) fn is_of_a_person(&self) -> bool {
        match self {
            Self::Card { .. } => true,
            Self::Requester(name) => name != OPERATOR,
            _ => false,
        }
    }

    /// Whether it means this certificate.
    pub(super) fn means(&self, record: &Record, fields: &Fields) -> bool {
        let reserved = &record.reserved;
        match self {
            Self::Serials(range) => range.contains(&reserved.serial),
            Self::KeyId(key_id) => fields.key_id == *key_id,
            Self::Certificate(certificate) => match certificate.serial() {
                0 => fields.key_id == key_id(certificate),
                serial => serial == reserved.serial,
            },
            Self::Key(key) => fingerprint(&key.sha256()) == fields.key,
            Self::Fingerprint(hash) => fingerprint(hash) == fields.key,
            Self::Principal(principal) => fields.principals.contains(principal),
            Self::Role(role) => reserved.role == *role,
            Self::Requester(requester) => reserved.requester == *requester,
            Self::Card { serial, family } => {
                let grounds = reserved.grounds.as_ref();
                // Of what was issued before a card had a family, the number alone is known.
                grounds.is_some_and(|grounds| {
                    let of = grounds.known.as_ref().map(|known| &known.family);
                    let is_its = family
                        .as_ref()
                        .zip(of)
                        .is_none_or(|(family, of)| family == of);
                    grounds.card == Some(*serial) && is_its
                })
            }
            Self::IssuedBefore(time) => record.time < *time,
        }
    }
}

fn key_id(certificate: &RawCertificate) -> String {
    String::from_utf8_lossy(certificate.key_id()).into_owned()
}

/// `SHA256:…`, as ssh-keygen prints it.
pub(super) fn fingerprint(sha256: &[u8; 32]) -> String {
    ssh_key::Fingerprint::Sha256(*sha256).to_string()
}
