//! The public half of a private key in a token, from wherever it is told.
//!
//! In this order: the private object's own parts; a public key with its id, then with its label;
//! a certificate with its id, then with its label; what the user gave. Whatever is found must fit
//! what the private object says of itself, and signs nothing before a signature verified with it.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki::session::Session;
use ssh_key::public::KeyData;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::object::{self, KeyObject};
use crate::signer::error::{Fault, OpeningError, PublicKeyError};
use crate::signer::spki;

/// The public half of `key`; `known` is what the user gave or the ledger recorded, which counts
/// where the token tells of none, or of several.
pub(super) fn public_half(
    session: &Session,
    key: &KeyObject,
    known: Option<&KeyData>,
    device: &str,
) -> Result<KeyData, OpeningError> {
    let malformed = |source| OpeningError::PublicKey {
        device: device.to_owned(),
        key: key.name(),
        source,
    };
    let key_type = key.key_type.ok_or(malformed(PublicKeyError::Type))?;
    if key.parts.is_complete(key_type) {
        return key.parts.key_data(key_type).map_err(malformed);
    }
    let private = Private { key, key_type };
    let found = private.told(session).map_err(|fault| fault.at(device))?;
    match (found, known) {
        (Told::One(public), _) => public.map_err(malformed),
        (Told::Several(told), Some(known)) if told.contains(known) => Ok(known.clone()),
        (Told::Several(_), _) => Err(OpeningError::AmbiguousPublicKey {
            device: device.to_owned(),
            key: key.name(),
        }),
        (Told::None, Some(known)) if key.parts.fit(key_type, known) => Ok(known.clone()),
        (Told::None, Some(_)) => Err(malformed(PublicKeyError::NotOfKey)),
        (Told::None, None) => Err(malformed(PublicKeyError::NoObject)),
    }
}

/// What a token tells of the public half of one of its keys.
enum Told {
    None,
    One(Result<KeyData, PublicKeyError>),
    /// More than one that it could be, or one that could be that of several private keys.
    Several(Vec<KeyData>),
}

/// A private key that doesn't tell its public half.
struct Private<'a> {
    key: &'a KeyObject,
    key_type: KeyType,
}

/// What objects of one key have in common.
#[derive(Clone, Copy)]
enum By {
    Id,
    Label,
}

impl Private<'_> {
    fn told(&self, session: &Session) -> Result<Told, Fault> {
        for by in [By::Id, By::Label] {
            let public = self.public_keys(session, by)?;
            if !public.is_empty() {
                return self.chosen(session, by, public);
            }
        }
        for by in [By::Id, By::Label] {
            let certified = self.certified(session, by)?;
            if !certified.is_empty() {
                return self.chosen(session, by, certified);
            }
        }
        Ok(Told::None)
    }

    /// Two private keys with one name could each own what was found by it, so that is no pair;
    /// copies of one public key are one.
    fn chosen(
        &self,
        session: &Session,
        by: By,
        mut found: Vec<Result<KeyData, PublicKeyError>>,
    ) -> Result<Told, Fault> {
        found.dedup();
        let (label, id) = self.named(by);
        let owners = object::handles(session, ObjectClass::PRIVATE_KEY, label, id)?;
        Ok(match (found.pop(), found.is_empty() && owners.len() == 1) {
            (None, _) => Told::None,
            (Some(one), true) => Told::One(one),
            (Some(last), false) => {
                found.push(last);
                Told::Several(found.into_iter().filter_map(Result::ok).collect())
            }
        })
    }

    /// The public keys that carry the name of this one; by its label, those that no other private
    /// key has by its id.
    fn public_keys(
        &self,
        session: &Session,
        by: By,
    ) -> Result<Vec<Result<KeyData, PublicKeyError>>, Fault> {
        if !self.has(by) {
            return Ok(Vec::new());
        }
        let (label, id) = self.named(by);
        let mut found = object::find(session, ObjectClass::PUBLIC_KEY, label, id)?;
        found.retain(|object| object.key_type == Some(self.key_type));
        if matches!(by, By::Label) {
            let claimed: Vec<bool> = found
                .iter()
                .map(|object| self.is_anothers(session, object))
                .collect::<Result<_, _>>()?;
            let mut claimed = claimed.into_iter();
            found.retain(|_| claimed.next() == Some(false));
        }
        let read = found
            .iter()
            .map(|object| object.parts.key_data(self.key_type));
        Ok(read.filter(|read| self.may_own(read)).collect())
    }

    fn is_anothers(&self, session: &Session, public: &KeyObject) -> Result<bool, Fault> {
        if public.id.is_empty() || public.id == self.key.id {
            return Ok(false);
        }
        let owners = object::handles(session, ObjectClass::PRIVATE_KEY, None, Some(&public.id))?;
        Ok(!owners.is_empty())
    }

    /// The keys of the certificates that carry the name of this one. What is no X.509 certificate
    /// of such a key is passed over.
    fn certified(
        &self,
        session: &Session,
        by: By,
    ) -> Result<Vec<Result<KeyData, PublicKeyError>>, Fault> {
        if !self.has(by) {
            return Ok(Vec::new());
        }
        let (label, id) = self.named(by);
        let found = object::handles(session, ObjectClass::CERTIFICATE, label, id)?;
        let mut keys = Vec::new();
        for certificate in found {
            let values = session.get_attributes(certificate, &[AttributeType::Value])?;
            let values = values.into_iter().filter_map(|attribute| match attribute {
                Attribute::Value(der) => certified_key(&der),
                _ => None,
            });
            keys.extend(values.filter(|key| self.key.parts.fit(self.key_type, key)));
        }
        Ok(keys.into_iter().map(Ok).collect())
    }

    /// What can't be read is refused later, and not passed over for another.
    fn may_own(&self, read: &Result<KeyData, PublicKeyError>) -> bool {
        let fits = |key| self.key.parts.fit(self.key_type, key);
        read.as_ref().map_or(true, fits)
    }

    /// Whether it has such a name at all.
    fn has(&self, by: By) -> bool {
        match by {
            By::Id => !self.key.id.is_empty(),
            By::Label => !self.key.label.is_empty(),
        }
    }

    /// The label and the id that an object of this key has.
    fn named(&self, by: By) -> (Option<&[u8]>, Option<&[u8]>) {
        match by {
            By::Id => (None, Some(&self.key.id)),
            By::Label => (Some(&self.key.label), None),
        }
    }
}

/// The key that an X.509 certificate is for, if SSH knows its kind.
fn certified_key(der: &[u8]) -> Option<KeyData> {
    let certificate = Certificate::from_der(der).ok()?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    spki::key_data(&info.to_der().ok()?).ok()
}
