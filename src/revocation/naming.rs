//! How a KRL names what is revoked: the one rule for what `revoke` takes and `krl` writes.
//!
//! A revocation is recorded for good. If the list could not name it, no list would be made
//! any more, whatever else was revoked; so what is taken here can be written here, and
//! OpenSSH loads it.

use std::ffi::CString;

use sha2::{Digest as _, Sha256};

use super::selector::{Selector, fingerprint};
use crate::krl::{Certificate, Revocations, SerialRange};
use crate::ledger::Revoked;
use crate::wire::{KeyError, PublicKey, RawCertificate, c_string};

/// Why something can't be revoked as it is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NamingError {
    /// A certificate of another CA, among selectors of this one.
    #[error("the certificate is not by CA `{0}`")]
    OtherCa(String),
    /// A certificate that no CA made.
    #[error("the certificate is not signed by CA `{0}`, whose key it names")]
    Forged(String),
    /// A KRL could not name it (PROTOCOL.krl, "Certificate key ID section").
    #[error("the key ID has a NUL in it, or is no UTF-8")]
    KeyId,
    /// Serial 0, which no KRL can name, or a range that runs backwards.
    #[error("serials run from 1 up, and a range from its lower end")]
    Serials,
    /// A key that OpenSSH does not load.
    #[error("OpenSSH does not load this key, so a KRL can't hold it")]
    Key {
        /// The key, as a KRL can name it all the same.
        fingerprint: String,
        /// What is wrong with it.
        source: KeyError,
    },
}

impl Selector {
    /// The key of this blob.
    ///
    /// # Errors
    /// [`NamingError::Key`] for one that a KRL can name by its SHA-256 alone.
    pub fn key(blob: &[u8]) -> Result<Self, NamingError> {
        let key = PublicKey::from_blob(blob).map_err(|source| NamingError::Key {
            fingerprint: fingerprint(&Sha256::digest(blob).into()),
            source,
        })?;
        Ok(Self::Key(key))
    }
}

/// The CA whose certificates are revoked: its key blob and its name.
#[derive(Clone, Copy)]
pub(super) struct OfCa<'a> {
    pub(super) blob: &'a [u8],
    pub(super) name: &'a str,
}

/// Takes over what a selector names by itself, whatever was issued.
pub(super) fn take(
    selector: &Selector,
    ca: OfCa<'_>,
    revoked: &mut Revoked,
) -> Result<(), NamingError> {
    match selector {
        Selector::Serials(range) => {
            let (first, last) = (*range.start(), *range.end());
            SerialRange::new(first, last).map_err(|_why| NamingError::Serials)?;
            revoked.serials.push((first, last));
        }
        Selector::KeyId(key_id) => revoked.key_ids.push(recorded(key_id.as_bytes())?),
        Selector::Key(key) => revoked.keys.push(key.as_blob().to_vec()),
        Selector::Fingerprint(hash) => revoked.sha256s.push(*hash),
        Selector::Certificate(certificate) => take_certificate(certificate, ca, revoked)?,
        _ => {}
    }
    Ok(())
}

/// A certificate by its serial; by its key ID where it has none.
fn take_certificate(
    certificate: &RawCertificate,
    ca: OfCa<'_>,
    revoked: &mut Revoked,
) -> Result<(), NamingError> {
    if certificate.ca_key() != ca.blob {
        return Err(NamingError::OtherCa(ca.name.to_owned()));
    }
    Certificate::from_signed_blob(certificate.blob())
        .map_err(|_why| NamingError::Forged(ca.name.to_owned()))?;
    match certificate.serial() {
        0 => revoked.key_ids.push(recorded(certificate.key_id())?),
        serial => revoked.serials.push((serial, serial)),
    }
    Ok(())
}

/// Takes over a key that nobody names by hand, and that need not be one for OpenSSH.
pub(super) fn take_key(blob: Vec<u8>, revoked: &mut Revoked) {
    match PublicKey::from_blob(&blob) {
        Ok(_) => revoked.keys.push(blob),
        Err(_) => revoked.sha256s.push(Sha256::digest(blob).into()),
    }
}

/// A key ID as the ledger keeps it. Nothing is replaced: it would name another.
fn recorded(key_id: &[u8]) -> Result<String, NamingError> {
    let text = std::str::from_utf8(key_id).map_err(|_at| NamingError::KeyId)?;
    let named = written(text).ok_or(NamingError::KeyId)?;
    named.into_string().map_err(|_utf8| NamingError::KeyId)
}

/// A key ID as a KRL names it; none for one that no certificate has that OpenSSH loads.
fn written(key_id: &str) -> Option<CString> {
    c_string(key_id.as_bytes()).ok()
}

/// Writes the key IDs that were recorded for a CA, by whichever version of this program.
pub(super) fn write_key_ids(revoked: &Revoked, ca: &PublicKey, revocations: &mut Revocations) {
    for key_id in revoked.key_ids.iter().filter_map(|key_id| written(key_id)) {
        revocations.revoke_key_id(Some(ca), &key_id);
    }
}

/// The serials that were recorded for a CA, but for 0, which no KRL can name.
pub(super) fn written_serials(revoked: &Revoked) -> impl Iterator<Item = SerialRange> {
    let ranges = revoked.serials.iter();
    ranges.filter_map(|(first, last)| SerialRange::new((*first).max(1), *last).ok())
}

/// Writes the keys that were recorded, which are revoked whoever signed for them. Versions up
/// to 0.1.0 recorded any blob: one that a KRL can't hold is named by its SHA-256.
pub(super) fn write_keys(revoked: &Revoked, revocations: &mut Revocations) {
    for blob in &revoked.keys {
        write_key(blob, revocations);
    }
    for hash in &revoked.sha256s {
        revocations.revoke_sha256(*hash);
    }
}

/// Writes a key, by its SHA-256 where a KRL can't hold it.
pub(super) fn write_key(blob: &[u8], revocations: &mut Revocations) {
    match PublicKey::from_blob(blob) {
        Ok(key) => revocations.revoke_key(&key),
        Err(_) => revocations.revoke_sha256(Sha256::digest(blob).into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::krl::{Header, Krl, Subject};
    use crate::ledger::replay::Replay;
    use crate::ledger::{Entry, Event, HeadPlaces, Signatures};
    use crate::wire::tests::{blob, key};
    use crate::wire::{put_mpint, put_string};

    /// Whatever is refused here, an audit finds where somebody wrote it all the same; or no entry
    /// tells.
    #[test]
    fn a_row_for_each_refusal_says_what_an_audit_finds() {
        let refused = |error: &NamingError| match error {
            // The certificate that named a serial or key ID stands in no entry.
            NamingError::OtherCa(_) | NamingError::Forged(_) => None,
            NamingError::KeyId => Some(Revoked {
                key_ids: vec!["a\0b".to_owned()],
                ..Revoked::default()
            }),
            NamingError::Serials => Some(Revoked {
                serials: vec![(2, 1)],
                ..Revoked::default()
            }),
            NamingError::Key { .. } => Some(Revoked {
                keys: vec![b"none".to_vec()],
                ..Revoked::default()
            }),
        };
        let no_key = Selector::key(b"none").unwrap_err();
        for error in [NamingError::KeyId, NamingError::Serials, no_key] {
            let revoked = refused(&error).unwrap();
            let events = [
                Event::HeadPlaces(HeadPlaces {
                    places: Vec::new(),
                    keyboard: String::new(),
                }),
                Event::Revoked(revoked),
            ];
            let mut replay = Replay::new(Signatures::Skip);
            for event in events {
                let (time, salt) = (1_795_400_000, [0; 16]);
                replay.entry(&Entry { time, salt, event }.to_bytes().unwrap());
            }
            let found = replay.end().broken().len();
            assert_eq!(found, 1, "{error}");
        }
    }

    /// A key blob of any of the types, good or bad in each of the ways that OpenSSH looks at.
    fn keys() -> impl Strategy<Value = Vec<u8>> {
        let good = [
            "ed25519",
            "rsa",
            "dsa",
            "p256",
            "p384",
            "p521",
            "sk-ed25519",
            "sk-p256",
        ];
        prop_oneof![
            prop::sample::select(good.to_vec()).prop_map(blob),
            Just(blob("serial-7-cert")),
            (1_usize..2_100, 1..=255_u8, any::<[u8; 2]>())
                .prop_map(|(bytes, first, exponent)| rsa(bytes, first, &exponent)),
            (
                prop::sample::select(&["256", "384", "521"][..]),
                0..9_u8,
                0..140_usize
            )
                .prop_map(|(curve, first, length)| ecdsa(curve, first, length)),
            ("[a-z@.-]{0,20}", prop::collection::vec(any::<u8>(), 0..60))
                .prop_map(|(name, rest)| strings(&[name.as_bytes(), &rest])),
            prop::collection::vec(any::<u8>(), 0..60),
        ]
    }

    fn strings(fields: &[&[u8]]) -> Vec<u8> {
        let mut blob = Vec::new();
        for field in fields {
            put_string(&mut blob, field);
        }
        blob
    }

    fn rsa(bytes: usize, first: u8, exponent: &[u8]) -> Vec<u8> {
        let mut blob = strings(&[b"ssh-rsa"]);
        let exponent = if exponent[0] == 0 { &[3] } else { exponent };
        put_mpint(&mut blob, exponent);
        put_mpint(&mut blob, &[vec![first], vec![0xa5; bytes - 1]].concat());
        blob
    }

    fn ecdsa(curve: &str, first: u8, length: usize) -> Vec<u8> {
        let (name, curve) = (format!("ecdsa-sha2-nistp{curve}"), format!("nistp{curve}"));
        let point = [vec![first], vec![7; length]].concat();
        strings(&[name.as_bytes(), curve.as_bytes(), &point])
    }

    fn selectors() -> impl Strategy<Value = Vec<Selector>> {
        let selector = prop_oneof![
            (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Selector::Serials(a..=b)),
            (0..9_u64, 0..9_u64).prop_map(|(a, b)| Selector::Serials(a..=b)),
            "[ -~]{0,9}".prop_map(Selector::KeyId),
            "(\\PC|[#\n\0\r\t]){0,9}".prop_map(Selector::KeyId),
            any::<[u8; 32]>().prop_map(Selector::Fingerprint),
            keys().prop_filter_map("refused", |blob| Selector::key(&blob).ok()),
        ];
        prop::collection::vec(selector, 0..30)
    }

    fn list(revoked: &Revoked) -> Krl {
        let (ca, mut revocations) = (key("ca"), Revocations::default());
        for range in written_serials(revoked) {
            revocations.revoke_serials(Some(&ca), range);
        }
        write_key_ids(revoked, &ca, &mut revocations);
        write_keys(revoked, &mut revocations);
        let written = Krl::new(Header::default(), revocations).to_bytes().unwrap();
        Krl::from_bytes(&written).unwrap()
    }

    fn certificate(serial: u64, key_id: CString) -> Subject {
        Subject::Certificate(Certificate {
            subject: key("user"),
            serial,
            key_id,
            ca: key("ca"),
        })
    }

    proptest! {
        #[test]
        fn what_is_taken_stands_in_the_list_that_is_read_back(selectors in selectors()) {
            let of_ca = OfCa { blob: &blob("ca"), name: "users" };
            let mut revoked = Revoked::default();
            let mut taken = Vec::new();
            for selector in selectors {
                if take(&selector, of_ca, &mut revoked).is_ok() {
                    taken.push(selector);
                }
            }
            let krl = list(&revoked);
            for selector in taken {
                let revokes = match &selector {
                    Selector::Serials(range) => [*range.start(), *range.end()]
                        .into_iter()
                        .all(|serial| krl.revokes(&certificate(serial, CString::default())).is_some()),
                    Selector::KeyId(key_id) => {
                        let key_id = written(key_id).unwrap();
                        krl.revokes(&certificate(u64::MAX, key_id)).is_some()
                    }
                    Selector::Key(key) => krl.revokes(&Subject::Key(key.clone())).is_some(),
                    Selector::Fingerprint(hash) => krl.sha256s().contains(hash),
                    _ => true,
                };
                prop_assert!(revokes, "{selector:?}");
            }
        }

        #[test]
        fn whatever_an_older_ledger_holds_makes_a_list(
            keys in prop::collection::vec(keys(), 0..20),
            key_ids in prop::collection::vec("(\\PC|[#\n\0]){0,9}", 0..9),
            serials in prop::collection::vec((any::<u64>(), any::<u64>()), 0..9),
        ) {
            let revoked = Revoked { keys: keys.clone(), key_ids, serials, ..Revoked::default() };
            let krl = list(&revoked);
            for blob in keys {
                let revoked = match PublicKey::from_blob(&blob) {
                    Ok(key) => krl.revokes(&Subject::Key(key)).is_some(),
                    Err(_) => krl.sha256s().contains(&Sha256::digest(&blob).into()),
                };
                prop_assert!(revoked, "{blob:x?}");
            }
        }
    }

    #[test]
    fn a_key_that_openssh_does_not_load_is_refused_with_its_fingerprint() {
        let (compressed, off_curve) = (ecdsa("256", 2, 32), ecdsa("256", 4, 64));
        let unknown = strings(&[b"name@example.com", b"x"]);
        let long = rsa(2_049, 0x80, &[1, 1]);
        for blob in [rsa(96, 0x80, &[1, 1]), long, off_curve, compressed, unknown] {
            let error = Selector::key(&blob).unwrap_err();
            let print = fingerprint(&Sha256::digest(&blob).into());
            assert!(
                matches!(&error, NamingError::Key { fingerprint, .. } if *fingerprint == print),
                "{error:?}"
            );
        }
    }

    #[test]
    fn serial_0_a_backward_range_and_a_key_id_with_a_nul_are_refused() {
        let of_ca = OfCa {
            blob: b"",
            name: "users",
        };
        let refused = |selector| take(&selector, of_ca, &mut Revoked::default()).unwrap_err();
        for range in [0..=5, std::ops::RangeInclusive::new(9, 8)] {
            assert_eq!(refused(Selector::Serials(range)), NamingError::Serials);
        }
        let key_id = Selector::KeyId("pe\0ter".into());
        assert_eq!(refused(key_id), NamingError::KeyId);
    }
}
