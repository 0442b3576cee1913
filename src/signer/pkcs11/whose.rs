//! Whether a private key in a token is one whose public half is recorded, whatever its label and id say.

use cryptoki::object::{KeyType, ObjectClass};
use cryptoki::session::Session;
use ssh_key::public::KeyData;

use super::mechanism::cryptoki_mechanism;
use super::object::{self, KeyObject};
use crate::signer::RsaHash;
use crate::signer::error::Fault;
use crate::signer::scheme::Scheme;
use crate::wire::verify::verify_signature;

/// What a private key in a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The one that is looked for.
    This,
    /// Another one.
    Another,
    /// Its token tells nothing of its public half, and it signs nothing by which that could be told.
    Untold,
}

/// What `object` is to `key`. Labels and ids are changed by whoever has the PIN, so they prove nothing:
/// a key that doesn't tell its public half, and has none beside it that is another's for sure, signs
/// something random, which nobody has a use for.
pub(super) fn whose(session: &Session, object: &KeyObject, key: &KeyData) -> Result<Whose, Fault> {
    let Some(key_type) = object.key_type else {
        return Ok(Whose::Untold);
    };
    if !object.parts.fit(key_type, key) {
        return Ok(Whose::Another);
    }
    if object.parts.is_complete(key_type) {
        let told = object.parts.key_data(key_type);
        return Ok(told.map_or(Whose::Untold, |told| is(told == *key)));
    }
    let twin = twin(session, object, key_type)?.map(|twin| twin == *key);
    if twin == Some(false) {
        return Ok(Whose::Another);
    }
    Ok(match signs_as(session, object, key)? {
        Some(it_does) => is(it_does),
        None if twin == Some(true) => Whose::This,
        None => Whose::Untold,
    })
}

fn is(this: bool) -> Whose {
    if this { Whose::This } else { Whose::Another }
}

/// The public key with both the label and the id of this private one, as pairs are made; none where
/// there are several of either half.
fn twin(
    session: &Session,
    object: &KeyObject,
    key_type: KeyType,
) -> Result<Option<KeyData>, Fault> {
    if object.label.is_empty() || object.id.is_empty() {
        return Ok(None);
    }
    let name = (Some(object.label.as_slice()), Some(object.id.as_slice()));
    let owners = object::handles(session, ObjectClass::PRIVATE_KEY, name.0, name.1)?;
    let public = object::find(session, ObjectClass::PUBLIC_KEY, name.0, name.1)?;
    Ok(match (owners.as_slice(), public.as_slice()) {
        ([_], [one]) if one.key_type == Some(key_type) => one.parts.key_data(key_type).ok(),
        _ => None,
    })
}

/// Whether what the private key signs verifies with `key`; none if it signs nothing.
fn signs_as(session: &Session, object: &KeyObject, key: &KeyData) -> Result<Option<bool>, Fault> {
    let asks_each_time = object.origin.always_authenticate == Some(true);
    let Some(scheme) = Scheme::of(key, RsaHash::Sha256).filter(|_| !asks_each_time) else {
        return Ok(None);
    };
    let mut message = WORDS.to_vec();
    message.resize(WORDS.len() + RANDOM_BYTES, 0);
    if let Some(random) = message.get_mut(WORDS.len()..) {
        getrandom::fill(random).map_err(|_no_randomness| {
            Fault::new("getrandom", cryptoki::error::RvError::RandomNoRng)
        })?;
    }
    let mechanism = cryptoki_mechanism(scheme);
    let signed = session.sign(&mechanism, object.handle, &scheme.input(&message));
    let bytes = match signed.map_err(Fault::from) {
        Ok(bytes) => bytes,
        Err(fault) if fault.may_heal() => return Err(fault),
        Err(_it_may_not_sign) => return Ok(None),
    };
    let signature = scheme.signature(&bytes).ok();
    Ok(Some(signature.is_some_and(|signature| {
        verify_signature(&message, &signature, key).is_ok()
    })))
}

const WORDS: &[u8] = b"punchmark asks which key this is: ";
const RANDOM_BYTES: usize = 32;
