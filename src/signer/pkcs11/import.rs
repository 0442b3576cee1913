//! An existing key pair, brought into the token by C_CreateObject.

use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use rsa::traits::PrivateKeyParts;
use ssh_key::Mpint;
use ssh_key::private::{EcdsaKeypair, Ed25519Keypair, KeypairData, RsaKeypair};
use ssh_key::public::KeyData;
use zeroize::Zeroize;

use super::public_key::{ED25519, nist_params};
use super::uri::Uri;
use super::vacancy::{Vacancy, private_denials, public_denials};
use crate::secret::AskPin;
use crate::signer::NewKey;
use crate::signer::error::{Fault, ImportError, PlaceError};
use crate::signer::halves::check_halves;

/// Brings `keypair` to the place that `uri` names: both objects, or none.
pub(in crate::signer) fn import(
    uri: &Uri,
    keypair: &KeypairData,
    pins: &mut dyn AskPin,
) -> Result<NewKey, ImportError> {
    let expected = KeyData::try_from(keypair).map_err(|_| cannot(keypair))?;
    check_halves(keypair)?;
    let forms = forms(keypair).ok_or_else(|| cannot(keypair))?;
    let vacancy = Vacancy::open(uri, pins)?;
    let mut last = None;
    for form in &forms {
        match create_pair(&vacancy, form) {
            Ok((public, private)) => {
                return Ok(vacancy.accept(public, private, Some(&expected))?);
            }
            Err(Failure::Template(fault)) => last = Some(fault),
            Err(Failure::Hard(fault)) => return Err(fault.into()),
        }
    }
    Err(match last {
        Some(fault) => PlaceError::from(fault.at(&vacancy.device)).into(),
        None => cannot(keypair),
    })
}

/// The parts of both objects; wiped when dropped.
struct Pair {
    key_type: KeyType,
    public: Vec<Attribute>,
    private: Vec<Attribute>,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.private.iter_mut().for_each(wipe);
    }
}

enum Failure {
    /// Another form of the same key may be taken.
    Template(Fault),
    Hard(PlaceError),
}

fn create_pair(vacancy: &Vacancy, pair: &Pair) -> Result<(ObjectHandle, ObjectHandle), Failure> {
    let private = create_private(vacancy, pair).map_err(|fault| sorted(vacancy, fault))?;
    match create_public(vacancy, pair) {
        Ok(public) => Ok((public, private)),
        Err(fault) => {
            vacancy.remove(private).map_err(Failure::Hard)?;
            Err(sorted(vacancy, fault))
        }
    }
}

fn create_private(vacancy: &Vacancy, pair: &Pair) -> Result<ObjectHandle, Fault> {
    let mut template = vacancy.private_template();
    template.push(Attribute::Class(ObjectClass::PRIVATE_KEY));
    template.push(Attribute::KeyType(pair.key_type));
    let named = template.len();
    template.extend(pair.private.iter().cloned());
    let created = create(vacancy, &mut template, &private_denials());
    template.iter_mut().skip(named).for_each(wipe);
    created
}

fn create_public(vacancy: &Vacancy, pair: &Pair) -> Result<ObjectHandle, Fault> {
    let mut template = vacancy.public_template();
    template.push(Attribute::Class(ObjectClass::PUBLIC_KEY));
    template.push(Attribute::KeyType(pair.key_type));
    template.extend(pair.public.iter().cloned());
    create(vacancy, &mut template, &public_denials())
}

/// Creates the key with the denials, else without those that the module refuses.
fn create(
    vacancy: &Vacancy,
    template: &mut Vec<Attribute>,
    denials: &[Attribute],
) -> Result<ObjectHandle, Fault> {
    let needed = template.len();
    template.extend_from_slice(denials);
    let put = |template: &[Attribute]| vacancy.call(|session| Ok(session.create_object(template)?));
    match put(template) {
        Err(fault) if fault.is_about_template() => {
            template.truncate(needed);
            put(template)
        }
        answer => answer,
    }
}

fn sorted(vacancy: &Vacancy, fault: Fault) -> Failure {
    if fault.is_about_template() {
        Failure::Template(fault)
    } else {
        Failure::Hard(fault.at(&vacancy.device).into())
    }
}

fn cannot(keypair: &KeypairData) -> ImportError {
    ImportError::CannotImport {
        algorithm: keypair
            .algorithm()
            .map_or_else(|_| "encrypted".to_owned(), |a| a.to_string()),
    }
}

/// The forms in which a token may take the key, the standard's first.
fn forms(keypair: &KeypairData) -> Option<Vec<Pair>> {
    match keypair {
        KeypairData::Ecdsa(keypair) => Some(vec![ecdsa(keypair)]),
        KeypairData::Ed25519(keypair) => Some(ED25519.map(|form| ed25519(keypair, form)).into()),
        KeypairData::Rsa(keypair) => Some(vec![rsa(keypair)?]),
        _ => None,
    }
}

fn ecdsa(keypair: &EcdsaKeypair) -> Pair {
    let curve = Attribute::EcParams(nist_params(keypair.curve()).to_vec());
    let point = Attribute::EcPoint(octet_string(keypair.public_key_bytes()));
    let secret = Attribute::Value(keypair.private_key_bytes().to_vec());
    Pair {
        key_type: KeyType::EC,
        public: vec![curve.clone(), point],
        private: vec![curve, secret],
    }
}

fn ed25519(keypair: &Ed25519Keypair, curve: &[u8]) -> Pair {
    let curve = Attribute::EcParams(curve.to_vec());
    let point = Attribute::EcPoint(octet_string(keypair.public.as_ref()));
    let secret = Attribute::Value(keypair.private.as_ref().to_vec());
    Pair {
        key_type: KeyType::EC_EDWARDS,
        public: vec![curve.clone(), point],
        private: vec![curve, secret],
    }
}

/// `None` if the file's numbers are no RSA key. An OpenSSH file lacks d mod p−1 and d mod q−1,
/// which the rsa crate computes.
#[expect(
    clippy::disallowed_types,
    reason = "an import computes with the private key, which is outside hardware anyway"
)]
fn rsa(keypair: &RsaKeypair) -> Option<Pair> {
    let key = rsa::RsaPrivateKey::try_from(keypair).ok()?;
    let bytes = |number: &rsa::BoxedUint| number.to_be_bytes_trimmed_vartime().to_vec();
    let number = |number: &Mpint| number.as_positive_bytes().map(<[u8]>::to_vec);
    let (public, private) = (keypair.public(), keypair.private());
    let modulus = Attribute::Modulus(number(public.n())?);
    let exponent = Attribute::PublicExponent(number(public.e())?);
    Some(Pair {
        key_type: KeyType::RSA,
        public: vec![modulus.clone(), exponent.clone()],
        private: vec![
            modulus,
            exponent,
            Attribute::PrivateExponent(number(private.d())?),
            Attribute::Prime1(number(private.p())?),
            Attribute::Prime2(number(private.q())?),
            Attribute::Exponent1(bytes(key.dp()?)),
            Attribute::Exponent2(bytes(key.dq()?)),
            Attribute::Coefficient(number(private.iqmp())?),
        ],
    })
}

/// `point` in DER; none is longer than P-521's 133 bytes.
pub(super) fn octet_string(point: &[u8]) -> Vec<u8> {
    let length = u8::try_from(point.len()).unwrap_or(u8::MAX);
    let head: &[u8] = match length {
        0x80..=0xff => &[0x04, 0x81, length],
        _ => &[0x04, length],
    };
    [head, point].concat()
}

fn wipe(attribute: &mut Attribute) {
    match attribute {
        Attribute::Value(secret)
        | Attribute::PrivateExponent(secret)
        | Attribute::Prime1(secret)
        | Attribute::Prime2(secret)
        | Attribute::Exponent1(secret)
        | Attribute::Exponent2(secret)
        | Attribute::Coefficient(secret) => secret.zeroize(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_p521_has_a_length_of_two_bytes() {
        assert_eq!(octet_string(&[7; 133])[..4], [0x04, 0x81, 133, 7]);
        assert_eq!(octet_string(&[7; 65])[..3], [0x04, 65, 7]);
    }
}
