//! The one private key that a URI names, and its public half.

use cryptoki::object::ObjectClass;
use cryptoki::session::Session;
use ssh_key::public::KeyData;

use super::field::Field;
use super::half::public_half;
use super::object::{self, KeyObject};
use super::public_key::size;
use super::uri::Uri;
use crate::signer::error::{Fault, OpeningError, RSA_MIN_BITS, Seen};
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

/// Finds the one key that `uri` names and that may sign for a CA. `known` is its public half,
/// where the token doesn't tell it.
pub(super) fn find_key(
    session: &Session,
    uri: &Uri,
    known: Option<&KeyData>,
    device: &str,
) -> Result<FoundKey, OpeningError> {
    let object = find_private(session, uri, device)?;
    if object.sign == Some(false) {
        return Err(OpeningError::KeyCannotSign {
            device: device.to_owned(),
            key: object.name(),
        });
    }
    let public_key = public_half(session, &object, known, device)?;
    check_size(&object, &public_key, device)?;
    Ok(FoundKey { object, public_key })
}

fn find_private(session: &Session, uri: &Uri, device: &str) -> Result<KeyObject, OpeningError> {
    let find = |label, id| {
        object::find(session, ObjectClass::PRIVATE_KEY, label, id).map_err(|fault| fault.at(device))
    };
    let label = uri.object.as_ref().map(Field::as_bytes);
    let mut found = find(label, uri.id.as_deref())?;
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
    let label = uri.object.as_ref().map(Field::as_bytes);
    let found = object::find(session, ObjectClass::PUBLIC_KEY, label, uri.id.as_deref())?;
    let key = |object: &KeyObject| object.parts.key_data(object.key_type?).ok();
    Ok(found.iter().filter_map(key).collect())
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
