//! A new key pair, born in the token.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectHandle};
use ssh_key::EcdsaCurve;

use super::public_key::{ED25519, nist_params};
use super::uri::Uri;
use super::vacancy::{Vacancy, private_denials, public_denials};
use crate::secret::AskPin;
use crate::signer::error::{Fault, GenerateError};
use crate::signer::{KeyAlgorithm, NewKey};

/// Makes the key pair that `uri` names.
pub(in crate::signer) fn generate(
    uri: &Uri,
    algorithm: KeyAlgorithm,
    pins: &mut dyn AskPin,
) -> Result<NewKey, GenerateError> {
    let vacancy = Vacancy::open(uri, pins)?;
    let made = make(&vacancy, algorithm);
    let (public, private) = made.map_err(|source| GenerateError::CannotGenerate {
        device: vacancy.device.clone(),
        algorithm,
        source,
    })?;
    Ok(vacancy.accept(public, private, None)?)
}

/// Tries the forms of the key's parameters, each with all that the key may not do, then
/// without what some modules refuse to be told. What makes the key safe is in both.
fn make(vacancy: &Vacancy, algorithm: KeyAlgorithm) -> Result<(ObjectHandle, ObjectHandle), Fault> {
    let mut last = None;
    for parameters in parameters(algorithm) {
        for denials in [true, false] {
            let mut public = vacancy.public_template();
            let mut private = vacancy.private_template();
            public.extend(parameters.iter().cloned());
            if denials {
                public.extend(public_denials());
                private.extend(private_denials());
            }
            let mechanism = mechanism(algorithm);
            let made = vacancy
                .call(|session| Ok(session.generate_key_pair(&mechanism, &public, &private)?));
            match made {
                Err(fault) if fault.is_about_template() => last = Some(fault),
                answer => return answer,
            }
        }
    }
    Err(last.unwrap_or_else(|| {
        Fault::new(
            "C_GenerateKeyPair",
            cryptoki::error::RvError::CurveNotSupported,
        )
    }))
}

fn mechanism(algorithm: KeyAlgorithm) -> Mechanism<'static> {
    use KeyAlgorithm as A;
    match algorithm {
        A::P256 | A::P384 | A::P521 => Mechanism::EccKeyPairGen,
        A::Rsa2048 | A::Rsa3072 | A::Rsa4096 => Mechanism::RsaPkcsKeyPairGen,
        A::Ed25519 => Mechanism::EccEdwardsKeyPairGen,
    }
}

fn parameters(algorithm: KeyAlgorithm) -> Vec<Vec<Attribute>> {
    let curve = |curve| vec![vec![Attribute::EcParams(nist_params(curve).to_vec())]];
    match algorithm {
        KeyAlgorithm::P256 => curve(EcdsaCurve::NistP256),
        KeyAlgorithm::P384 => curve(EcdsaCurve::NistP384),
        KeyAlgorithm::P521 => curve(EcdsaCurve::NistP521),
        KeyAlgorithm::Rsa2048 => vec![rsa(2048)],
        KeyAlgorithm::Rsa3072 => vec![rsa(3072)],
        KeyAlgorithm::Rsa4096 => vec![rsa(4096)],
        KeyAlgorithm::Ed25519 => ED25519
            .iter()
            .map(|form| vec![Attribute::EcParams(form.to_vec())])
            .collect(),
    }
}

fn rsa(bits: u32) -> Vec<Attribute> {
    vec![
        Attribute::ModulusBits(cryptoki_sys::CK_ULONG::from(bits).into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
    ]
}
