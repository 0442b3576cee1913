//! A FIDO2 security key's attestation: what the key said of an SSH key when it was made.
//!
//! Source: WebAuthn Level 2, 6.5 and 8.2 (packed) and 8.6 (fido-u2f); PROTOCOL.u2f for how
//! ssh-keygen keeps it. The client data is the challenge itself, and no JSON.

mod authenticator;
mod file;

use sha2::{Digest as _, Sha256};
use ssh_key::public::{Ed25519PublicKey, KeyData, SkEcdsaSha2NistP256, SkEd25519};
use x509_cert::der::Decode;
use x509_cert::der::asn1::OctetStringRef;
use x509_cert::der::oid::ObjectIdentifier;

use self::authenticator::{AuthenticatorData, CredentialKey};
use self::file::AttestationFile;
use super::cbor::CborError;
use super::chain::{ChainError, is_leaf, malformed, refuse_unknown_critical};
use super::roots::{Anchor, Purpose, Roots};
use super::x509::{ECDSA_SHA256, X509};
use super::{Facts, Family, Firmware, Proof, ProofKind};
use crate::wire::hex;

/// What a security key gives as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FidoEvidence {
    /// The file of `ssh-keygen -O write-attestation=` (PROTOCOL.u2f, "ssh-sk-attest-v01").
    pub attestation: Vec<u8>,
    /// The file of `ssh-keygen -O challenge=`.
    pub challenge: Vec<u8>,
}

/// Why a FIDO attestation proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FidoError {
    /// The certificates don't lead to a root.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The form of OpenSSH before 8.4, in which what was signed is missing.
    #[error("it is of form ssh-sk-attest-v00, which doesn't hold what was signed")]
    V00,
    /// Not the file that ssh-keygen writes.
    #[error("not in the form of ssh-sk-attest-v01: {0}")]
    File(&'static str),
    /// No CBOR where CBOR is due.
    #[error("authenticator data: {0}")]
    Cbor(#[from] CborError),
    /// Not what a security key says of a credential.
    #[error("authenticator data: {0}")]
    Data(&'static str),
    /// It vouches for itself, as software can.
    #[error("self attestation: no certificate vouches for it")]
    SelfAttested,
    /// A key that may be, or was, copied elsewhere.
    #[error("the key may be backed up, and so copied")]
    Backup,
    /// Nobody touched it when the key was made.
    #[error("nobody was present when the key was made")]
    NobodyPresent,
    /// The key is of no security key's type.
    #[error("it is about a security key's key, and this one is {0}")]
    NoSecurityKey(String),
    /// The key in it is another.
    #[error("it is about another key")]
    OtherKey,
    /// It was made for another application than the key names.
    #[error("it is for another application than {0:?}")]
    OtherApplication(String),
    /// An application that a web site could have.
    #[error("application {0:?} doesn't begin with `ssh:`")]
    Application(String),
    /// Neither over the challenge as packed nor as fido-u2f.
    #[error("the signature is not over this challenge, or not by the key of {0}")]
    Signature(String),
    /// The model in the certificate is not the one that speaks.
    #[error("the certificate is of another model than the security key says it is")]
    OtherModel,
}

/// How the attestation is signed.
enum Format {
    /// CTAP2: all of the authenticator data.
    Packed,
    /// CTAP1: application, credential and key; flags and model are libfido2's addition.
    U2f,
}

/// What an attestation about `key` proves of it, if it goes up to `roots`.
pub(super) fn verify(
    evidence: &FidoEvidence,
    key: &KeyData,
    roots: &Roots,
) -> Result<Proof, FidoError> {
    let file = AttestationFile::read(&evidence.attestation)?;
    if file.certificate.is_empty() {
        return Err(FidoError::SelfAttested);
    }
    let data = AuthenticatorData::read(file.authenticator_data)?;
    is_about(&data, key)?;
    let certificate = X509::read(file.certificate)?;
    refuse_unknown_critical(&certificate, &[])?;
    is_leaf(&certificate)?;
    let format = format(&file, &data, &certificate, &evidence.challenge)?;
    let anchor = roots.anchor(&certificate, Purpose::Fido, 0, &[])?;
    Ok(Proof {
        key: key.clone(),
        kind: ProofKind::Fido,
        facts: facts(&data, &certificate, &format, anchor)?,
    })
}

/// The key that it is about, if its application is `ssh:`; whether it is believed or not.
pub(super) fn claimed_key(evidence: &FidoEvidence) -> Result<KeyData, FidoError> {
    let file = AttestationFile::read(&evidence.attestation)?;
    let data = AuthenticatorData::read(file.authenticator_data)?;
    let key = match data.key {
        CredentialKey::Ed25519 { x } => {
            KeyData::SkEd25519(SkEd25519::new(Ed25519PublicKey(*x), DEFAULT_APPLICATION))
        }
        CredentialKey::P256 { .. } => {
            let point = data.key.point().unwrap_or_default();
            let key = p256::PublicKey::from_sec1_bytes(&point)
                .map_err(|_opaque| FidoError::Data("its key is no point of P-256"))?;
            KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::new(key.into(), DEFAULT_APPLICATION))
        }
    };
    is_about(&data, &key).map(|()| key)
}

fn is_about(data: &AuthenticatorData<'_>, key: &KeyData) -> Result<(), FidoError> {
    let application = match key {
        KeyData::SkEd25519(sk) => sk.application(),
        KeyData::SkEcdsaSha2NistP256(sk) => sk.application(),
        other => return Err(FidoError::NoSecurityKey(other.algorithm().to_string())),
    };
    if !application.starts_with(DEFAULT_APPLICATION) {
        return Err(FidoError::Application(application.to_owned()));
    }
    if Sha256::digest(application)[..] != *data.application {
        return Err(FidoError::OtherApplication(application.to_owned()));
    }
    if data.key.is_in(key) {
        Ok(())
    } else {
        Err(FidoError::OtherKey)
    }
}

/// The file doesn't say which it is, so the signature does.
fn format(
    file: &AttestationFile<'_>,
    data: &AuthenticatorData<'_>,
    certificate: &X509,
    challenge: &[u8],
) -> Result<Format, FidoError> {
    let challenge = Sha256::digest(challenge);
    let packed = [file.authenticator_data, &challenge].concat();
    let signed = |message: &[u8]| certificate.verify(ECDSA_SHA256, message, file.signature);
    match signed(&packed) {
        Ok(()) => return Ok(Format::Packed),
        Err(ChainError::Signature(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let u2f = data.key.point().filter(|_| *data.aaguid == [0; 16]);
    let u2f = u2f.map(|point| {
        let parts = [&[0], data.application, &challenge, data.credential, &point];
        parts.concat()
    });
    match u2f.map(|message| signed(&message)) {
        Some(Ok(())) => Ok(Format::U2f),
        _ => Err(FidoError::Signature(certificate.subject())),
    }
}

/// Touch and PIN policy stay unknown: what was asked for when the key was made binds no later
/// use; a server asks for both with each login.
fn facts(
    data: &AuthenticatorData<'_>,
    certificate: &X509,
    format: &Format,
    anchor: Anchor,
) -> Result<Facts, FidoError> {
    let (aaguid, user_verified) = match format {
        Format::Packed => {
            is_model(certificate, data.aaguid)?;
            (Some(uuid(data.aaguid)), Some(data.flags.user_verified()))
        }
        Format::U2f => (None, None),
    };
    Ok(Facts {
        aaguid,
        user_verified,
        firmware: firmware(certificate)?,
        root: Some(anchor.name),
        private_root: anchor.family != Family::Yubico,
        family: Some(anchor.family),
        ..Facts::default()
    })
}

/// The certificate is a whole batch's, and says of which model (WebAuthn, 8.2.1).
fn is_model(certificate: &X509, aaguid: &[u8; 16]) -> Result<(), FidoError> {
    match octets(certificate, AAGUID)? {
        Some(model) if model == aaguid => Ok(()),
        _ => Err(FidoError::OtherModel),
    }
}

/// Yubico's certificates say it; others' don't.
fn firmware(certificate: &X509) -> Result<Option<Firmware>, FidoError> {
    match octets(certificate, FIRMWARE)? {
        None => Ok(None),
        Some([major, minor, patch]) => Ok(Some(Firmware(*major, *minor, *patch))),
        Some(_) => Err(malformed(certificate, FIRMWARE).into()),
    }
}

/// An extension that holds an OCTET STRING.
fn octets(certificate: &X509, oid: ObjectIdentifier) -> Result<Option<&[u8]>, ChainError> {
    let value = certificate.extension(oid);
    let octets = value.map(<&OctetStringRef>::from_der).transpose();
    let octets = octets.map_err(|_form| malformed(certificate, oid))?;
    Ok(octets.map(OctetStringRef::as_bytes))
}

/// As the makers' lists have it: 8-4-4-4-12 digits.
fn uuid(aaguid: &[u8; 16]) -> String {
    let mut text = hex(aaguid);
    for end in [20, 16, 12, 8] {
        text.insert(end, '-');
    }
    text
}

/// What OpenSSH's applications begin with, and what ssh-keygen takes where none is given.
const DEFAULT_APPLICATION: &str = "ssh:";

/// The model of a security key (FIDO, "id-fido-gen-ce-aaguid").
const AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");
/// Yubico's, in its FIDO certificates: three bytes.
const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.13.1");
