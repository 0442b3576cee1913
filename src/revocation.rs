//! Revoking: from what somebody names to what the ledger records, and from there to a KRL.
//!
//! A revocation names serials, key IDs or keys, so that it says the same for ever,
//! whatever is issued later under the same principal or role.

mod list;

use std::ops::RangeInclusive;

use ssh_key::PublicKey;

use crate::certificate::explain::Fields;
use crate::krl;
use crate::ledger::{
    Barred, Ca, Credential, Ledger, LedgerError, OPERATOR, Record, Revoked, SqliteLedger,
};
use crate::wire::RawCertificate;

pub use list::{KrlError, Prune, krl};

/// What somebody wants revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// These serials of the CA, issued or not.
    Serials(RangeInclusive<u64>),
    /// Every certificate of the CA with this key ID, issued here or not.
    KeyId(String),
    /// This certificate, by its serial, else by its key ID.
    Certificate(Box<RawCertificate>),
    /// This key: its blob. The key itself, and every certificate for it.
    Key(Vec<u8>),
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
    /// every such key, whichever CA certified it.
    Card(u64),
    /// Every certificate of the CA in the ledger that was reserved before, in Unix seconds.
    IssuedBefore(u64),
}

/// What a revocation would catch, before it is recorded.
#[derive(Debug, Default)]
pub struct Caught {
    /// What would be recorded, without reason and keyboard.
    pub revoked: Revoked,
    /// Cards and requesters that would never be served again, without reason and keyboard.
    pub barred: Barred,
    /// The certificates in the ledger that it hits.
    pub certificates: Vec<Hit>,
}

/// A certificate that a revocation hits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hit {
    /// Its CA.
    pub ca: String,
    /// Its serial.
    pub serial: u64,
    /// Its key ID.
    pub key_id: String,
    /// Its principals.
    pub principals: Vec<String>,
    /// Its validity in words.
    pub validity: String,
}

/// Why nothing can be revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The selectors mean no key, and no certificate that is known.
    #[error("nothing is caught: no certificate of CA `{0}` in the ledger is meant")]
    Nothing(String),
    /// A certificate of another CA, among selectors of this one.
    #[error("the certificate is not by CA `{0}`")]
    OtherCa(String),
    /// A certificate that no CA made.
    #[error("the certificate is not signed by CA `{0}`, whose key it names")]
    Forged(String),
    /// A KRL could not name it (PROTOCOL.krl, "Certificate key ID section").
    #[error("the key ID is no text without NUL, which a KRL can't name")]
    KeyId,
    /// Serial 0, which no KRL can name, or a range that runs backwards.
    #[error("serials run from 1 up, and a range from its lower end")]
    Serials,
    /// The CA's key cannot be encoded.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
}

/// Finds what `selectors` mean for the CA.
///
/// # Errors
/// [`RevokeError`].
pub fn catch(
    ledger: &SqliteLedger,
    ca: &Ca,
    selectors: &[Selector],
) -> Result<Caught, RevokeError> {
    let mut caught = Caught::default();
    caught.revoked.ca = PublicKey::from(ca.public_key().clone()).to_bytes()?;
    for selector in selectors {
        name(&mut caught.revoked, selector, ca.name())?;
    }
    ledger.each_record(&mut |record| {
        let fields = Fields::of_to_be_signed(&record.reserved.to_be_signed);
        if selectors
            .iter()
            .any(|s| s.is_of_a_person() && means(s, &record, &fields))
        {
            caught.revoked.sha256s.extend(sha256_of(&fields.key));
        }
        if record.ca != ca.name() || !selectors.iter().any(|s| means(s, &record, &fields)) {
            return;
        }
        let serial = record.reserved.serial;
        if selectors
            .iter()
            .any(|s| s.is_by_record() && means(s, &record, &fields))
        {
            caught.revoked.serials.push((serial, serial));
        }
        caught.certificates.push(Hit {
            ca: record.ca,
            serial,
            key_id: fields.key_id,
            principals: fields.principals,
            validity: fields.validity,
        });
    })?;
    bar(&mut caught.barred, selectors);
    for (_, added) in ledger.requesters()? {
        if caught.barred.requesters.contains(&added.name) {
            take_credential(&mut caught, added.credential);
        }
    }
    if caught.revoked.is_empty() && caught.bars_nobody() {
        return Err(RevokeError::Nothing(ca.name().to_owned()));
    }
    join(&mut caught.revoked.serials);
    caught.revoked.sha256s.sort_unstable();
    caught.revoked.sha256s.dedup();
    Ok(caught)
}

impl Caught {
    /// Whether no card and no requester is meant.
    #[must_use]
    pub fn bars_nobody(&self) -> bool {
        self.barred.cards.is_empty()
            && self.barred.family_cards.is_empty()
            && self.barred.requesters.is_empty()
    }
}

/// What is enrolled for who is revoked, whether it was ever certified or not.
fn take_credential(caught: &mut Caught, credential: Credential) {
    match credential {
        Credential::Key(key) => caught.revoked.keys.push(key),
        Credential::Card(card) => caught.barred.cards.push(card),
        Credential::FamilyCard(card) => caught.barred.family_cards.push(card),
    }
}

/// Who is revoked by name is not certified again.
fn bar(barred: &mut Barred, selectors: &[Selector]) {
    for selector in selectors {
        match selector {
            Selector::Card(card) => barred.cards.push(*card),
            // Whoever holds token and PIN is no person who can be turned away.
            Selector::Requester(name) if name == OPERATOR => {}
            Selector::Requester(name) => barred.requesters.push(name.clone()),
            _ => {}
        }
    }
}

impl Selector {
    /// Whether it is answered by looking through the ledger, rather than by itself.
    fn is_by_record(&self) -> bool {
        matches!(
            self,
            Self::Principal(_)
                | Self::Role(_)
                | Self::Requester(_)
                | Self::Card(_)
                | Self::IssuedBefore(_)
        )
    }
}

impl Selector {
    /// Whether it means somebody or a card, and so every key that was certified for them, by
    /// whichever CA: none of those keys is to be certified again under another name.
    fn is_of_a_person(&self) -> bool {
        match self {
            Self::Card(_) => true,
            Self::Requester(name) => name != OPERATOR,
            _ => false,
        }
    }
}

/// Takes over what a selector names by itself.
fn name(revoked: &mut Revoked, selector: &Selector, ca: &str) -> Result<(), RevokeError> {
    match selector {
        Selector::Serials(range) if *range.start() == 0 || range.is_empty() => {
            return Err(RevokeError::Serials);
        }
        Selector::Serials(range) => revoked.serials.push((*range.start(), *range.end())),
        Selector::KeyId(key_id) if key_id.contains('\0') => return Err(RevokeError::KeyId),
        Selector::KeyId(key_id) => revoked.key_ids.push(key_id.clone()),
        Selector::Key(key) => revoked.keys.push(key.clone()),
        Selector::Fingerprint(hash) => revoked.sha256s.push(*hash),
        Selector::Certificate(certificate) if certificate.ca_key() != revoked.ca => {
            return Err(RevokeError::OtherCa(ca.to_owned()));
        }
        Selector::Certificate(certificate) => {
            krl::Certificate::from_signed_blob(certificate.blob())
                .map_err(|_why| RevokeError::Forged(ca.to_owned()))?;
            match certificate.serial() {
                0 => revoked.key_ids.push(named_key_id(certificate)?),
                serial => revoked.serials.push((serial, serial)),
            }
        }
        _ => {}
    }
    Ok(())
}

/// Whether a selector means this certificate.
fn means(selector: &Selector, record: &Record, fields: &Fields) -> bool {
    let reserved = &record.reserved;
    match selector {
        Selector::Serials(range) => range.contains(&reserved.serial),
        Selector::KeyId(key_id) => fields.key_id == *key_id,
        Selector::Certificate(certificate) => match certificate.serial() {
            0 => fields.key_id == key_id(certificate),
            serial => serial == reserved.serial,
        },
        Selector::Key(key) => {
            let key = PublicKey::from_bytes(key);
            key.is_ok_and(|key| key.fingerprint(Default::default()).to_string() == fields.key)
        }
        Selector::Fingerprint(hash) => fingerprint(hash) == fields.key,
        Selector::Principal(principal) => fields.principals.contains(principal),
        Selector::Role(role) => reserved.role == *role,
        Selector::Requester(requester) => reserved.requester == *requester,
        Selector::Card(card) => {
            let grounds = reserved.grounds.as_ref();
            grounds.and_then(|grounds| grounds.card) == Some(*card)
        }
        Selector::IssuedBefore(time) => record.time < *time,
    }
}

fn key_id(certificate: &RawCertificate) -> String {
    String::from_utf8_lossy(certificate.key_id()).into_owned()
}

/// The key ID as a KRL can name it. Nothing is replaced: it would name another.
fn named_key_id(certificate: &RawCertificate) -> Result<String, RevokeError> {
    match std::str::from_utf8(certificate.key_id()) {
        Ok(key_id) if !key_id.contains('\0') => Ok(key_id.to_owned()),
        _ => Err(RevokeError::KeyId),
    }
}

fn fingerprint(hash: &[u8; 32]) -> String {
    ssh_key::Fingerprint::Sha256(*hash).to_string()
}

fn sha256_of(fingerprint: &str) -> Option<[u8; 32]> {
    match fingerprint.parse().ok()? {
        ssh_key::Fingerprint::Sha256(hash) => Some(hash),
        _ => None,
    }
}

/// Joins ranges that touch or overlap.
fn join(ranges: &mut Vec<(u64, u64)>) {
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges.drain(..) {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    *ranges = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_or_overlap_are_joined() {
        let mut ranges = vec![(7, 9), (1, 2), (3, 3), (8, 20), (u64::MAX, u64::MAX)];
        join(&mut ranges);
        assert_eq!(ranges, [(1, 3), (7, 20), (u64::MAX, u64::MAX)]);
    }

    #[test]
    fn serial_0_and_a_backward_range_are_refused() {
        for range in [0..=5, RangeInclusive::new(9, 8)] {
            let selector = Selector::Serials(range);
            let named = name(&mut Revoked::default(), &selector, "users");
            assert!(matches!(named, Err(RevokeError::Serials)));
        }
    }
}
