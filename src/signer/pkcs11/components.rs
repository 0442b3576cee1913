//! A key that leaves its token wrapped by a key of AES which people hold in components, and comes into a token
//! by it.
//!
//! The wrapping key is an object of one session, which is destroyed when it was used. The
//! [other way](mod@super::wrap) needs the second token at once and leaves nothing; what this one gives is a blob,
//! from which a copy is made years later.

use cryptoki::error::RvError;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use ssh_key::public::KeyData;

use super::binding::Desk;
use super::find::find_key;
use super::generate::{mechanism, parameters};
use super::object;
use super::session::Access;
use super::uri::Uri;
use super::vacancy::{Vacancy, private_denials};
use super::whose::{Whose, whose};
use super::wrap::{first_of, public_parts};
use crate::secret::AskPin;
use crate::signer::error::{DestroyError, Fault, WrapError};
use crate::signer::{AesWrap, Blob, KeyAlgorithm, NewKey};

/// Wraps the key that `source` names by a key of AES. What comes out was unwrapped again in the same token, and
/// is the key; nothing of that is left there.
pub(in crate::signer) fn wrap_by(
    source: &Uri,
    key: &KeyData,
    by: &[u8],
    pins: &mut dyn AskPin,
) -> Result<Blob, WrapError> {
    let desk = Desk::open(source, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let found = desk.call(|session| Ok(find_key(session, source, Some(key), &device)));
    let found = found.map_err(|fault| fault.at(&device))??;
    let wrapped = desk.call(|session| {
        with_key(session, by, |aes| {
            wrapped_and_tried(session, aes, found.object.handle, key)
        })
    });
    is_gone(wrapped, &device)
}

/// Puts the key that a blob is into the place that `target` names: it can never leave that token.
pub(in crate::signer) fn unwrap_by(
    target: &Uri,
    blob: &Blob,
    by: &[u8],
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    let vacancy = Vacancy::open(target, pins)?;
    let device = vacancy.device.clone();
    let (kind, parts) = public_parts(key).ok_or_else(|| WrapError::OtherKey {
        device: device.clone(),
    })?;
    let put = vacancy.call(|session| {
        with_key(session, by, |aes| {
            let mut private = vacancy.private_template();
            private.push(Attribute::Class(ObjectClass::PRIVATE_KEY));
            private.push(Attribute::KeyType(kind));
            private.extend(private_denials());
            let private = session.unwrap_key(&blob.wrap.mechanism(), aes, &blob.bytes, &private)?;
            let mut public = vacancy.public_template();
            public.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
            public.push(Attribute::KeyType(kind));
            public.extend(parts.iter().cloned());
            match session.create_object(&public) {
                Ok(public) => Ok((public, private)),
                Err(error) => {
                    session.destroy_object(private)?;
                    Err(error.into())
                }
            }
        })
    });
    let (public, private) = is_gone(put, &device)?;
    Ok(vacancy.accept(public, private, Some(key))?)
}

/// Tries with a pair of one session, which is thrown away, whether the token wraps such a key and takes it back.
pub(in crate::signer) fn can_wrap(
    token: &Uri,
    algorithm: KeyAlgorithm,
    pins: &mut dyn AskPin,
) -> Result<(), WrapError> {
    let desk = Desk::open(token, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let tried = desk.call(|session| {
        let (public, private) = pair_of_session(session, algorithm)?;
        let tried = try_out(session, public, private);
        session.destroy_object(private)?;
        session.destroy_object(public)?;
        tried
    });
    is_gone(tried, &device)
}

fn try_out(
    session: &Session,
    public: ObjectHandle,
    private: ObjectHandle,
) -> Result<((), bool), Fault> {
    let public = object::read(session, public, ObjectClass::PUBLIC_KEY)?;
    let told = public
        .key_type
        .and_then(|kind| public.parts.key_data(kind).ok());
    let key = told.ok_or(Fault::new(
        "C_GetAttributeValue",
        RvError::AttributeValueInvalid,
    ))?;
    let mut by = [0; COMPONENT_KEY_BYTES];
    getrandom::fill(&mut by)
        .map_err(|_no_randomness| Fault::new("getrandom", RvError::RandomNoRng))?;
    let (_, is_gone) = with_key(session, &by, |aes| {
        wrapped_and_tried(session, aes, private, &key)
    })?;
    Ok(((), is_gone))
}

fn pair_of_session(
    session: &Session,
    algorithm: KeyAlgorithm,
) -> Result<(ObjectHandle, ObjectHandle), Fault> {
    let private = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(true),
        Attribute::Sign(true),
    ];
    let mut last = Fault::new("C_GenerateKeyPair", RvError::CurveNotSupported);
    for form in parameters(algorithm) {
        let public = [
            &[Attribute::Token(false), Attribute::Verify(true)],
            &form[..],
        ]
        .concat();
        match session.generate_key_pair(&mechanism(algorithm), &public, &private) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// Works with a key of AES that is an object of this session; then whether it is gone.
fn with_key<T>(
    session: &Session,
    by: &[u8],
    work: impl FnOnce(ObjectHandle) -> Result<T, Fault>,
) -> Result<(T, bool), Fault> {
    let mut id = vec![0; ID_BYTES];
    getrandom::fill(&mut id)
        .map_err(|_no_randomness| Fault::new("getrandom", RvError::RandomNoRng))?;
    let aes = put(session, by, &id)?;
    let done = work(aes);
    session.destroy_object(aes)?;
    let left = object::handles(session, ObjectClass::SECRET_KEY, None, Some(&id))?;
    Ok((done?, left.is_empty()))
}

/// CKA_TRUSTED is the security officer's to set. A user's try is refused by SoftHSM 2.6.1, which keeps half an
/// object of the session then, with the value: measured, so that nobody tries.
fn put(session: &Session, by: &[u8], id: &[u8]) -> Result<ObjectHandle, Fault> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Wrap(true),
        Attribute::Unwrap(true),
        Attribute::Id(id.to_vec()),
        Attribute::Value(by.to_vec()),
    ];
    let put = session.create_object(&template);
    for attribute in &mut template {
        if let Attribute::Value(secret) = attribute {
            zeroize::Zeroize::zeroize(secret);
        }
    }
    Ok(put?)
}

/// Wraps a key, unwraps it into this session, and sees whether that is the key.
fn wrapped_and_tried(
    session: &Session,
    aes: ObjectHandle,
    private: ObjectHandle,
    key: &KeyData,
) -> Result<Blob, Fault> {
    let (wrap, bytes) = first_of([AesWrap::Plain, AesWrap::Padded], |wrap| {
        let bytes = session.wrap_key(&wrap.mechanism(), aes, private)?;
        opens_to(session, aes, (wrap.mechanism(), &bytes), key)?;
        Ok(bytes)
    })?;
    Ok(Blob { wrap, bytes })
}

fn opens_to(
    session: &Session,
    aes: ObjectHandle,
    (mechanism, bytes): (Mechanism<'_>, &[u8]),
    key: &KeyData,
) -> Result<(), Fault> {
    let other = || Fault::new("C_UnwrapKey", RvError::WrappedKeyInvalid);
    let (kind, _) = public_parts(key).ok_or_else(other)?;
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(kind),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
    ];
    let opened = session.unwrap_key(&mechanism, aes, bytes, &template)?;
    let is_it = object::read(session, opened, ObjectClass::PRIVATE_KEY)
        .and_then(|object| whose(session, &object, key));
    session.destroy_object(opened)?;
    match is_it? {
        Whose::This => Ok(()),
        Whose::Another | Whose::Untold => Err(other()),
    }
}

/// What was done, if the wrapping key is gone from the token.
fn is_gone<T>(done: Result<(T, bool), Fault>, device: &str) -> Result<T, WrapError> {
    let device = device.to_owned();
    match done {
        Ok((done, true)) => Ok(done),
        Ok((_, false)) => Err(DestroyError::StillThere { device }.into()),
        Err(source) => Err(WrapError::Cannot { device, source }),
    }
}

/// Bytes of the key of AES that is split into components: 128 bits, as SLIP-39's shares of twenty words.
const COMPONENT_KEY_BYTES: usize = 16;
const ID_BYTES: usize = 16;
