//! What somebody wants revoked, and which certificates are meant by it.

use std::ops::RangeInclusive;

use crate::certificate::explain::Fields;
use crate::ledger::{Ca, OPERATOR, Record, Term, before_private_root};
use crate::wire::{PublicKey, RawCertificate};

/// What somebody wants revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// These serials of the CA, issued or not.
    Serials(RangeInclusive<u64>),
    /// Every certificate of the CA with this key ID, issued here or not.
    KeyId(String),
    /// Every certificate of the CA in the ledger for which this key ID was asked, and behind
    /// which a version before 0.2.0 wrote a private root.
    KeyIdAsAsked(String),
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
            Self::KeyIdAsAsked(_)
                | Self::Principal(_)
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
            Self::KeyId(key_id) => fields.has_key_id(key_id),
            Self::KeyIdAsAsked(key_id) => was_asked(&reserved.to_be_signed, key_id),
            Self::Certificate(certificate) => match certificate.serial() {
                0 => fields.has_key_id(&key_id(certificate)),
                serial => serial == reserved.serial,
            },
            Self::Key(key) => fingerprint(&key.sha256()) == fields.key,
            Self::Fingerprint(hash) => fingerprint(hash) == fields.key,
            Self::Principal(principal) => fields.has_principal(principal),
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

impl Selector {
    /// By what the ledger finds what it means.
    pub(super) fn term<'s>(&'s self, ca: Option<&'s Ca>) -> Option<Term<'s>> {
        Some(match self {
            Self::Serials(range) => Term::Serials(ca?, *range.start(), *range.end()),
            Self::KeyId(key_id) | Self::KeyIdAsAsked(key_id) => Term::KeyId(key_id),
            Self::Certificate(certificate) => match certificate.serial() {
                // No record has this serial; one by its key ID is of another certificate.
                0 => Term::KeyId(std::str::from_utf8(certificate.key_id()).ok()?),
                serial => Term::Serials(ca?, serial, serial),
            },
            Self::Key(key) => Term::Key(key.sha256()),
            Self::Fingerprint(hash) => Term::Key(*hash),
            Self::Principal(principal) => Term::Principal(principal),
            Self::Role(role) => Term::Role(role),
            Self::Requester(name) => Term::Requester(name),
            Self::Card { serial, .. } => Term::Card(*serial),
            Self::IssuedBefore(time) => Term::Before(*time),
        })
    }
}

/// Whether this is the key ID that was asked for, where the certificate has a longer one.
fn was_asked(to_be_signed: &[u8], key_id: &str) -> bool {
    RawCertificate::of_to_be_signed(to_be_signed).is_ok_and(|certificate| {
        before_private_root(certificate.key_id()) == Some(key_id.as_bytes())
    })
}

fn key_id(certificate: &RawCertificate) -> String {
    String::from_utf8_lossy(certificate.key_id()).into_owned()
}

/// `SHA256:…`, as ssh-keygen prints it.
pub(super) fn fingerprint(sha256: &[u8; 32]) -> String {
    ssh_key::Fingerprint::Sha256(*sha256).to_string()
}
