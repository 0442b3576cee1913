//! A key that leaves its token once, wrapped for another token, before it signs anything.
//!
//! The target makes an RSA pair whose private half never leaves it. The source wraps an AES key of one
//! session by the public half (RSA-OAEP, RFC 8017 section 7.1), and the CA's key by that (AES key wrap,
//! RFC 3394 and RFC 5649). What travels is held in memory alone, and wiped.

use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsOaepParams, PkcsOaepSource};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use sha2::{Digest, Sha256};
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::binding::Desk;
use super::door::holder;
use super::field::Field;
use super::find::find_key;
use super::generate::generate_in;
use super::import::octet_string;
use super::object;
use super::public_key::{ED25519, nist_params};
use super::session::Access;
use super::uri::Uri;
use super::vacancy::{Leaving, Vacancy, private_denials};
use crate::secret::AskPin;
use crate::signer::error::{DestroyError, Fault, GenerateError, Gone, WrapError};
use crate::signer::{AesWrap, Holder, KeyAlgorithm, Locator, NewKey};
use crate::wire::hex;

/// Makes a key that may leave its token until it is sealed.
pub(in crate::signer) fn generate_extractable(
    uri: &Uri,
    algorithm: KeyAlgorithm,
    pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    let vacancy = Vacancy::open(uri, pins)?.leaving(Leaving::UntilWrapped);
    generate_in(vacancy, algorithm)
}

/// The public half of a key to wrap by, and where the private half is.
#[derive(Debug, Clone)]
pub struct WrappingKey {
    /// The token, and the locator of the pair in it.
    pub holder: Holder,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// A wrapped key on its way: nothing of it is in a file, and it is wiped when dropped.
pub struct WrappedKey {
    key: Zeroizing<Vec<u8>>,
    by: Zeroizing<Vec<u8>>,
    hash: OaepHash,
    mechanism: AesWrap,
}

impl WrappedKey {
    /// Wipes both its parts in memory, as dropping it does.
    pub fn wipe(self) {
        drop(self);
    }

    /// A name for it in records: `blob:SHA256` of the wrapped key, in hexadecimal.
    #[must_use]
    pub fn name(&self) -> String {
        format!("blob:{}", hex(&Sha256::digest(self.key.as_slice())))
    }
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WrappedKey")
    }
}

/// The hash of RSA-OAEP. SoftHSM 2.6.1 knows SHA-1 alone, whose weakness doesn't matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OaepHash {
    Sha256,
    Sha1,
}

impl OaepHash {
    fn mechanism(self) -> Mechanism<'static> {
        let (hash, mask) = match self {
            Self::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256),
            Self::Sha1 => (MechanismType::SHA1, PkcsMgfType::MGF1_SHA1),
        };
        Mechanism::RsaPkcsOaep(PkcsOaepParams::new(hash, mask, PkcsOaepSource::empty()))
    }
}

impl AesWrap {
    pub(super) fn mechanism(self) -> Mechanism<'static> {
        match self {
            Self::Plain => Mechanism::AesKeyWrap,
            Self::Padded => Mechanism::AesKeyWrapPad,
        }
    }
}

/// Chooses a label and an id of their own for a pair in the token of `target`, which is not made yet:
/// where it is to be can be written down before.
pub(in crate::signer) fn plan_wrapping_key(target: &Uri) -> Result<Holder, WrapError> {
    let mut id = vec![0; 8];
    getrandom::fill(&mut id).map_err(|_no_randomness| {
        let fault = Fault::new("getrandom", cryptoki::error::RvError::RandomNoRng);
        fault.at(&target.to_string())
    })?;
    let label = format!("punchmark wrapping key {}", hex(&id));
    let uri = Uri {
        object: Some(Field::new(label.into_bytes())),
        ..target.with_id(&id)
    };
    Ok(holder(&uri)?)
}

/// Makes the pair that was planned.
pub(in crate::signer) fn make_wrapping_key(
    target: &Uri,
    planned: Holder,
    pins: &mut dyn AskPin,
) -> Result<WrappingKey, WrapError> {
    let Locator::Pkcs11(place) = &planned.locator else {
        return Err(WrapError::NoToken(planned.words));
    };
    let desk = Desk::open(&place.with_pin_source_of(target), Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let label = place.object.as_ref().map(|label| label.as_bytes().to_vec());
    let name = [
        Attribute::Token(true),
        Attribute::Label(label.unwrap_or_default()),
        Attribute::Id(place.id.clone().unwrap_or_default()),
    ];
    let public = [
        Attribute::ModulusBits(cryptoki_sys::CK_ULONG::from(BITS).into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
        Attribute::Wrap(true),
        Attribute::Encrypt(true),
    ];
    let private = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Unwrap(true),
        Attribute::Decrypt(true),
        Attribute::Sign(false),
    ];
    let (public, private) = (
        [&name[..], &public].concat(),
        [&name[..], &private].concat(),
    );
    let made = desk.call(|session| {
        let (public, _) =
            session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)?;
        object::read(session, public, ObjectClass::PUBLIC_KEY)
    });
    let parts = made.map_err(|source| WrapError::Cannot {
        device: device.clone(),
        source,
    })?;
    let parts = parts.parts;
    Ok(WrappingKey {
        holder: planned,
        modulus: parts.modulus.unwrap_or_default(),
        exponent: parts.exponent.unwrap_or_default(),
    })
}

/// Wraps the key that `source` names for the holder of the wrapping key.
pub(in crate::signer) fn wrap(
    source: &Uri,
    key: &KeyData,
    by: &WrappingKey,
    pins: &mut dyn AskPin,
) -> Result<WrappedKey, WrapError> {
    let desk = Desk::open(source, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let found = desk.call(|session| Ok(find_key(session, source, Some(key), &device)));
    let found = found.map_err(|fault| fault.at(&device))??;
    let wrapped = desk.call(|session| wrap_in(session, found.object.handle, by));
    wrapped.map_err(|source| WrapError::Cannot { device, source })
}

/// By objects of this session alone, which end with it.
fn wrap_in(session: &Session, key: ObjectHandle, by: &WrappingKey) -> Result<WrappedKey, Fault> {
    let public = session.create_object(&[
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Token(false),
        Attribute::Modulus(by.modulus.clone()),
        Attribute::PublicExponent(by.exponent.clone()),
        Attribute::Wrap(true),
        Attribute::Encrypt(true),
    ])?;
    let aes = session.generate_key(
        &Mechanism::AesKeyGen,
        &[
            Attribute::Token(false),
            Attribute::ValueLen(cryptoki_sys::CK_ULONG::from(AES_BYTES).into()),
            Attribute::Sensitive(true),
            Attribute::Extractable(true),
            Attribute::Wrap(true),
            Attribute::Unwrap(true),
        ],
    )?;
    let (hash, by) = first_of([OaepHash::Sha256, OaepHash::Sha1], |hash| {
        Ok(session.wrap_key(&hash.mechanism(), public, aes)?)
    })?;
    let (mechanism, key) = first_of([AesWrap::Plain, AesWrap::Padded], |wrap| {
        Ok(session.wrap_key(&wrap.mechanism(), aes, key)?)
    })?;
    Ok(WrappedKey {
        key: Zeroizing::new(key),
        by: Zeroizing::new(by),
        hash,
        mechanism,
    })
}

/// What the token does first of what it may do; what it answered last, if it does none.
pub(super) fn first_of<W: Copy, T>(
    ways: [W; 2],
    attempt: impl Fn(W) -> Result<T, Fault>,
) -> Result<(W, T), Fault> {
    let [first, second] = ways;
    match attempt(first) {
        Ok(done) => Ok((first, done)),
        Err(_refused) => attempt(second).map(|done| (second, done)),
    }
}

/// Puts the key into the place that `target` names: it can never leave that token.
pub(in crate::signer) fn unwrap(
    target: &Uri,
    wrapped: &WrappedKey,
    by: &WrappingKey,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    let vacancy = Vacancy::open(target, pins)?;
    let Locator::Pkcs11(wrapping) = &by.holder.locator else {
        return Err(WrapError::NoToken(by.holder.words.clone()));
    };
    let (kind, public) = public_parts(key).ok_or_else(|| WrapError::OtherKey {
        device: vacancy.device.clone(),
    })?;
    let put = vacancy.call(|session| {
        let label = wrapping.object.as_ref().map(Field::as_bytes);
        let class = ObjectClass::PRIVATE_KEY;
        let mut unwrapping = object::handles(session, class, label, wrapping.id.as_deref())?;
        let Some(unwrapping) = unwrapping.pop() else {
            let gone = cryptoki::error::RvError::UnwrappingKeyHandleInvalid;
            return Err(Fault::new("C_UnwrapKey", gone));
        };
        let aes = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Token(false),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Unwrap(true),
        ];
        let aes = session.unwrap_key(&wrapped.hash.mechanism(), unwrapping, &wrapped.by, &aes)?;
        let mut private = vacancy.private_template();
        private.push(Attribute::Class(ObjectClass::PRIVATE_KEY));
        private.push(Attribute::KeyType(kind));
        private.extend(private_denials());
        let mechanism = wrapped.mechanism.mechanism();
        let private = session.unwrap_key(&mechanism, aes, &wrapped.key, &private)?;
        let mut template = vacancy.public_template();
        template.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
        template.push(Attribute::KeyType(kind));
        template.extend(public.iter().cloned());
        Ok((session.create_object(&template)?, private))
    });
    let (public, private) = put.map_err(|source| WrapError::Cannot {
        device: vacancy.device.clone(),
        source,
    })?;
    Ok(vacancy.accept(public, private, Some(key))?)
}

/// The public object of a key. A token hands out what was not wrapped with the private half.
pub(super) fn public_parts(key: &KeyData) -> Option<(KeyType, Vec<Attribute>)> {
    match key {
        KeyData::Ecdsa(key) => Some((
            KeyType::EC,
            vec![
                Attribute::EcParams(nist_params(key.curve()).to_vec()),
                Attribute::EcPoint(octet_string(key.as_sec1_bytes())),
            ],
        )),
        KeyData::Ed25519(key) => Some((
            KeyType::EC_EDWARDS,
            vec![
                Attribute::EcParams(ED25519.first()?.to_vec()),
                Attribute::EcPoint(octet_string(key.as_ref())),
            ],
        )),
        KeyData::Rsa(key) => Some((
            KeyType::RSA,
            vec![
                Attribute::Modulus(key.n().as_positive_bytes()?.to_vec()),
                Attribute::PublicExponent(key.e().as_positive_bytes()?.to_vec()),
            ],
        )),
        _ => None,
    }
}

/// Makes a key one that can't leave its token any more, and reads that back.
pub(in crate::signer) fn seal(
    uri: &Uri,
    key: &KeyData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, WrapError> {
    let desk = Desk::open(uri, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let find = || desk.call(|session| Ok(find_key(session, uri, Some(key), &device)));
    let found = find().map_err(|fault| fault.at(&device))??;
    let sealed = desk.call(|session| {
        // A token refuses to be told again what can't be changed back.
        if found.object.origin.extractable != Some(false) {
            session.update_attributes(found.object.handle, &[Attribute::Extractable(false)])?;
        }
        Ok(())
    });
    sealed.map_err(|source| WrapError::Cannot {
        device: device.clone(),
        source,
    })?;
    let found = find().map_err(|fault| fault.at(&device))??;
    if found.public_key != *key {
        return Err(WrapError::OtherKey { device });
    }
    if found.object.origin.extractable != Some(false) {
        return Err(WrapError::Extractable { device });
    }
    Ok(found.facts(uri))
}

/// Makes sure, by a login, that no key has the label that `uri` names.
pub(in crate::signer) fn require_vacant(uri: &Uri, pins: &mut dyn AskPin) -> Result<(), WrapError> {
    Ok(Vacancy::open(uri, pins).map(drop)?)
}

/// Removes whatever halves of a pair have label and id of `uri`, which were chosen for it, and looks
/// by a session of its own whether they are gone.
pub(in crate::signer) fn remove_pair(
    uri: &Uri,
    pins: &mut dyn AskPin,
) -> Result<Gone, DestroyError> {
    let desk = Desk::open(uri, Access::ReadWrite, pins)?;
    let device = desk.device().to_owned();
    let halves = desk.call(|session| both_halves(session, uri));
    let halves = halves.map_err(|fault| fault.at(&device))?;
    let was_there = !halves.is_empty();
    for half in halves {
        let removed = desk.call(|session| Ok(session.destroy_object(half)?));
        removed.map_err(|source| DestroyError::Refused {
            device: device.clone(),
            source,
        })?;
    }
    drop(desk);
    let desk = Desk::open(uri, Access::ReadOnly, pins)?;
    let left = desk.call(|session| both_halves(session, uri));
    if !left.map_err(|fault| fault.at(&device))?.is_empty() {
        return Err(DestroyError::StillThere { device });
    }
    Ok(if was_there {
        Gone::now("its objects were removed".to_owned())
    } else {
        Gone::before("the token was there, and the key was not in it")
    })
}

fn both_halves(session: &Session, uri: &Uri) -> Result<Vec<ObjectHandle>, Fault> {
    let label = uri.object.as_ref().map(Field::as_bytes);
    let mut halves = Vec::new();
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        halves.extend(object::handles(session, class, label, uri.id.as_deref())?);
    }
    Ok(halves)
}

/// Of the pair to wrap by: it lives for a minute.
const BITS: u32 = 3072;
const AES_BYTES: u32 = 32;
