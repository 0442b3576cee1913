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
    generate_in(Vacancy::open(uri, pins)?, algorithm)
}

/// Makes the key pair in a place that is free.
pub(super) fn generate_in(
    mut vacancy: Vacancy,
    algorithm: KeyAlgorithm,
) -> Result<NewKey, GenerateError> {
    let mut last = Fault::new(
        "C_GenerateKeyPair",
        cryptoki::error::RvError::CurveNotSupported,
    );
    for (number, form) in forms(algorithm).iter().enumerate() {
        if number > 0 {
            vacancy.begin_anew()?;
        }
        match make(&vacancy, algorithm, form) {
            Ok((public, private)) => return Ok(vacancy.accept(public, private, None)?),
            Err(fault) => {
                let is_about_form = fault.is_about_template();
                last = fault;
                if !is_about_form {
                    break;
                }
            }
        }
    }
    Err(GenerateError::CannotGenerate {
        device: vacancy.device,
        algorithm,
        source: last,
    })
}

/// One way to ask for a key.
struct Form {
    parameters: Vec<Attribute>,
    denials: Denials,
}

/// Whether a key is told all that it may not do; what makes it safe it is told in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Denials {
    Told,
    /// Some modules refuse to be told.
    LeftOut,
}

/// The forms to try, the strictest first.
fn forms(algorithm: KeyAlgorithm) -> Vec<Form> {
    let both = |parameters: Vec<Attribute>| {
        [Denials::Told, Denials::LeftOut].map(|denials| Form {
            parameters: parameters.clone(),
            denials,
        })
    };
    parameters(algorithm).into_iter().flat_map(both).collect()
}

fn make(
    vacancy: &Vacancy,
    algorithm: KeyAlgorithm,
    form: &Form,
) -> Result<(ObjectHandle, ObjectHandle), Fault> {
    let mut public = vacancy.public_template();
    let mut private = vacancy.private_template();
    public.extend(form.parameters.iter().cloned());
    if form.denials == Denials::Told {
        public.extend(public_denials());
        private.extend(private_denials());
    }
    let mechanism = mechanism(algorithm);
    vacancy.call(|session| Ok(session.generate_key_pair(&mechanism, &public, &private)?))
}

pub(super) fn mechanism(algorithm: KeyAlgorithm) -> Mechanism<'static> {
    use KeyAlgorithm as A;
    match algorithm {
        A::P256 | A::P384 | A::P521 => Mechanism::EccKeyPairGen,
        A::Rsa2048 | A::Rsa3072 | A::Rsa4096 => Mechanism::RsaPkcsKeyPairGen,
        A::Ed25519 => Mechanism::EccEdwardsKeyPairGen,
    }
}

/// What tells the algorithm, in each form that modules take.
pub(super) fn parameters(algorithm: KeyAlgorithm) -> Vec<Vec<Attribute>> {
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
