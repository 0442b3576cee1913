//! The one private key that a URI names, and its public half.

use cryptoki::object::{KeyType, ObjectClass};
use cryptoki::session::Session;
use ssh_key::public::KeyData;

use super::object::{self, KeyObject};
use super::public_key::size;
use super::uri::Uri;
use crate::signer::error::{Fault, OpeningError, PublicKeyError, RSA_MIN_BITS, Seen};
use crate::signer::{Locator, NewKey};

/// A private key whose public half is known for sure.
pub(super) struct FoundKey {
    pub(super) object: KeyObject,
    pub(super) public_key: KeyData,
}

impl FoundKey {
    /// The facts of the key, with a locator that names it alone.
    pub(super) fn facts(self, uri: &Uri) -> NewKey {
        let uri = if self.object.id.is_empty() {
            uri.clone()
        } else {
            uri.with_id(&self.object.id)
        };
        NewKey {
            public_key: self.public_key,
            origin: self.object.origin,
            locator: Locator::Pkcs11(Box::new(uri)),
        }
    }
}

/// Finds the one key that `uri` names and that may sign for a CA.
pub(super) fn find_key(
    session: &Session,
    uri: &Uri,
    device: &str,
) -> Result<FoundKey, OpeningError> {
    let object = find_private(session, uri, device)?;
    if object.sign == Some(false) {
        return Err(OpeningError::KeyCannotSign {
            device: device.to_owned(),
            key: object.name(),
        });
    }
    let public_key = public_half(session, &object, device)?;
    check_size(&object, &public_key, device)?;
    Ok(FoundKey { object, public_key })
}

fn find_private(session: &Session, uri: &Uri, device: &str) -> Result<KeyObject, OpeningError> {
    let find = |label, id| {
        object::find(session, ObjectClass::PRIVATE_KEY, label, id).map_err(|fault| fault.at(device))
    };
    let mut found = find(uri.object.as_deref(), uri.id.as_deref())?;
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(last), false) => {
            found.push(last);
            Err(OpeningError::SeveralKeys {
                device: device.to_owned(),
                wanted: uri.to_string(),
                seen: names(&found),
            })
        }
        (None, _) => Err(OpeningError::NoKey {
            device: device.to_owned(),
            wanted: uri.to_string(),
            seen: names(&find(None, None)?),
        }),
    }
}

/// Every public key object that `uri` names and that can be read.
pub(super) fn find_shown(session: &Session, uri: &Uri) -> Result<Vec<KeyData>, Fault> {
    let (label, id) = (uri.object.as_deref(), uri.id.as_deref());
    let found = object::find(session, ObjectClass::PUBLIC_KEY, label, id)?;
    let key = |object: &KeyObject| object.parts.key_data(object.key_type?).ok();
    Ok(found.iter().filter_map(key).collect())
}

/// The key's own public parts, else those of the one public key with its `CKA_ID`.
pub(super) fn public_half(
    session: &Session,
    key: &KeyObject,
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
    match paired(session, key, key_type).map_err(|fault| fault.at(device))? {
        Paired::One(public) => public.parts.key_data(key_type).map_err(malformed),
        Paired::None => Err(malformed(PublicKeyError::NoObject)),
        Paired::Many => Err(OpeningError::AmbiguousPublicKey {
            device: device.to_owned(),
            key: key.name(),
        }),
    }
}

enum Paired {
    None,
    One(Box<KeyObject>),
    Many,
}

/// Pairs by id and type, and keys without an id by their label. Two private keys with one id
/// could each own the public key, so that is no pair; copies of one public key are one.
fn paired(session: &Session, key: &KeyObject, key_type: KeyType) -> Result<Paired, Fault> {
    let mut public = namesakes(session, ObjectClass::PUBLIC_KEY, key)?;
    public.retain(|object| object.key_type == Some(key_type));
    public.dedup_by(|a, b| a.parts == b.parts);
    let owners = owners(session, key)?;
    Ok(match (public.pop(), public.is_empty() && owners == 1) {
        (None, _) => Paired::None,
        (Some(object), true) => Paired::One(Box::new(object)),
        (Some(_), false) => Paired::Many,
    })
}

/// How many private keys could own the public key that `key` is paired with.
fn owners(session: &Session, key: &KeyObject) -> Result<usize, Fault> {
    if key.id.is_empty() {
        return Ok(namesakes(session, ObjectClass::PRIVATE_KEY, key)?.len());
    }
    let with_id = object::handles(session, ObjectClass::PRIVATE_KEY, None, Some(&key.id))?;
    Ok(with_id.len())
}

/// The objects that carry the id of `key`, or its label where it has no id and they have none.
fn namesakes(
    session: &Session,
    class: ObjectClass,
    key: &KeyObject,
) -> Result<Vec<KeyObject>, Fault> {
    if !key.id.is_empty() {
        return object::find(session, class, None, Some(&key.id));
    }
    // A label that is no text was not looked for by it, so it names nothing here either.
    let label = std::str::from_utf8(&key.label).unwrap_or_default();
    if label.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = object::find(session, class, Some(label), None)?;
    found.retain(|object| object.id.is_empty());
    Ok(found)
}

fn check_size(key: &KeyObject, public_key: &KeyData, device: &str) -> Result<(), OpeningError> {
    match (public_key, size(public_key)) {
        (KeyData::Rsa(_), Some(bits)) if bits < RSA_MIN_BITS => Err(OpeningError::RsaTooShort {
            device: device.to_owned(),
            key: key.name(),
            bits,
        }),
        _ => Ok(()),
    }
}

fn names(keys: &[KeyObject]) -> Seen {
    Seen(keys.iter().map(KeyObject::name).collect())
}
