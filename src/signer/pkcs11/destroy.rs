//! A key pair that leaves a token for good, read back as gone.

use cryptoki::object::{ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use super::binding::Desk;
use super::field::Field;
use super::find::find_key;
use super::object::{self, KeyObject};
use super::session::Access;
use super::uri::Uri;
use crate::secret::AskPin;
use crate::signer::error::{DestroyError, Fault, Gone, OpeningError};

/// Removes both halves of `key` from the place that `uri` names, and looks by a session of its own
/// whether they are gone. A half that an earlier run left is removed too.
pub(in crate::signer) fn destroy(
    uri: &Uri,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    let desk = Desk::open(uri, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let mut doomed = Vec::new();
    match desk
        .call(|session| Ok(find_key(session, uri, Some(key), &device)))
        .map_err(|fault| fault.at(&device))?
    {
        Ok(found) if found.public_key != *key => {
            return Err(DestroyError::OtherKey {
                device,
                found: fingerprint(&found.public_key),
                wanted: fingerprint(key),
            });
        }
        Ok(found) => doomed.push(found.object.handle),
        Err(OpeningError::NoKey { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    let public = desk.call(|session| public_halves(session, uri, key));
    doomed.extend(public.map_err(|fault| fault.at(&device))?);
    let was_there = !doomed.is_empty();
    for object in doomed {
        let removed = desk.call(|session| Ok(session.destroy_object(object)?));
        removed.map_err(|source| DestroyError::Refused {
            device: device.clone(),
            source,
        })?;
    }
    drop(desk);
    require_gone(uri, key, pins)?;
    Ok(if was_there {
        Gone::now("its objects were removed".to_owned())
    } else {
        Gone::before("the token was there, and the key was not in it")
    })
}

/// By a session of its own: what the first one remembers is no answer of the token.
fn require_gone(uri: &Uri, key: &KeyData, pins: &mut dyn AskPin) -> Result<(), DestroyError> {
    let desk = Desk::open(uri, Access::ReadOnly, pins)?;
    let left = desk.call(|session| {
        let private = object::handles(
            session,
            ObjectClass::PRIVATE_KEY,
            label(uri),
            uri.id.as_deref(),
        )?;
        Ok(!private.is_empty() || !public_halves(session, uri, key)?.is_empty())
    });
    if left.map_err(|fault| fault.at(desk.device()))? {
        return Err(DestroyError::StillThere {
            device: desk.device().to_owned(),
        });
    }
    Ok(())
}

/// The public objects of `key` under label and id of `uri`.
fn public_halves(session: &Session, uri: &Uri, key: &KeyData) -> Result<Vec<ObjectHandle>, Fault> {
    let found = object::find(
        session,
        ObjectClass::PUBLIC_KEY,
        label(uri),
        uri.id.as_deref(),
    )?;
    let is_it = |object: &&KeyObject| {
        let told = object
            .key_type
            .and_then(|kind| object.parts.key_data(kind).ok());
        told.is_some_and(|told| told == *key)
    };
    Ok(found
        .iter()
        .filter(is_it)
        .map(|object| object.handle)
        .collect())
}

fn label(uri: &Uri) -> Option<&[u8]> {
    uri.object.as_ref().map(Field::as_bytes)
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
