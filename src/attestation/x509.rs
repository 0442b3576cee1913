//! One certificate as a chain of attestation needs it: its signed bytes, names, key, extensions.

use ssh_key::public::KeyData;
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Error, Reader, SliceReader, Tag};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};
use x509_cert::{TbsCertificate, Version};

use super::chain_error::{ChainError, LARGEST};
use crate::signer::pkcs11::PublicKeyError;
use crate::signer::spki::key_data;
use crate::wire::verify::{X509Scheme, verify_x509};

/// A certificate (RFC 5280, 4.1) that was read, and not yet believed.
///
/// The bytes that were signed are kept as they came: what is verified is never our own
/// encoding of them. Validity is not read: see [`super::chain`].
#[derive(Clone, Debug)]
pub(super) struct X509 {
    der: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    signature_algorithm: ObjectIdentifier,
    issuer: Name,
    subject: Name,
    key: SubjectPublicKeyInfoOwned,
    extensions: Vec<Extension>,
}

impl X509 {
    /// Reads DER of at most [`LARGEST`] bytes, to its last byte.
    pub(super) fn read(der: &[u8]) -> Result<Self, ChainError> {
        if der.len() > LARGEST {
            return Err(ChainError::TooLarge { bytes: der.len() });
        }
        let read = Self::read_der(der).map_err(ChainError::Form)?;
        read.refuse_duplicates()?;
        Ok(read)
    }

    fn read_der(der: &[u8]) -> Result<Self, Error> {
        let (signed, algorithm, signature) = outer(der)?;
        let inner = TbsCertificate::from_der(signed)?;
        if inner.version() != Version::V3 {
            return Err(Tag::Integer.value_error().into());
        }
        if inner.signature().to_der()? != algorithm.to_der()? {
            return Err(Tag::ObjectIdentifier.value_error().into());
        }
        let octets = signature.as_bytes();
        let octets = octets.ok_or_else(|| Tag::BitString.value_error())?;
        Ok(Self {
            der: der.to_vec(),
            signed: signed.to_vec(),
            signature: octets.to_vec(),
            signature_algorithm: algorithm.oid,
            issuer: inner.issuer().clone(),
            subject: inner.subject().clone(),
            key: inner.subject_public_key_info().clone(),
            extensions: inner.extensions().cloned().unwrap_or_default(),
        })
    }

    /// The certificate in DER, as it came.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as RFC 4514 writes it.
    pub(super) fn subject(&self) -> String {
        self.subject.to_string()
    }

    /// The issuer as RFC 4514 writes it.
    pub(super) fn issuer(&self) -> String {
        self.issuer.to_string()
    }

    /// Whether `issuer` bears the name that this one's issuer has.
    pub(super) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
    }

    /// The public key as SSH has it.
    pub(super) fn key(&self) -> Result<KeyData, PublicKeyError> {
        let der = self.key.to_der().map_err(|_| PublicKeyError::Type)?;
        key_data(&der)
    }

    /// All of them, in their order.
    pub(super) fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The value of an extension, bare.
    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let found = self.extensions.iter().find(|one| one.extn_id == oid);
        found.map(|extension| extension.extn_value.as_bytes())
    }

    /// Whether this key signed `message`, by the hash that `algorithm` names.
    pub(super) fn verify(
        &self,
        algorithm: ObjectIdentifier,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), ChainError> {
        let scheme = self.scheme(algorithm)?;
        verify_x509(scheme, self.key_bits(), message, signature)
            .map_err(|_mismatch| ChainError::Signature(self.subject()))
    }

    /// Whether this key signed `child`. Says nothing of whether it may.
    pub(super) fn signed(&self, child: &Self) -> Result<(), ChainError> {
        self.verify(child.signature_algorithm, &child.signed, &child.signature)
    }

    /// What of `self` was signed, by which algorithm, and the signature.
    pub(super) fn signature(&self) -> (ObjectIdentifier, &[u8], &[u8]) {
        (self.signature_algorithm, &self.signed, &self.signature)
    }

    /// The content of `subjectPublicKey`.
    pub(super) fn key_bits(&self) -> &[u8] {
        self.key.subject_public_key.raw_bytes()
    }

    fn scheme(&self, signature: ObjectIdentifier) -> Result<X509Scheme, ChainError> {
        let curve = self.key.algorithm.parameters.as_ref();
        let curve = curve.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        match (self.key.algorithm.oid, curve, signature) {
            (RSA, _, RSA_SHA256) => Ok(X509Scheme::RsaSha256),
            (RSA, _, RSA_SHA384) => Ok(X509Scheme::RsaSha384),
            (RSA, _, RSA_SHA512) => Ok(X509Scheme::RsaSha512),
            (EC, Some(P256), ECDSA_SHA256) => Ok(X509Scheme::P256Sha256),
            (EC, Some(P256), ECDSA_SHA384) => Ok(X509Scheme::P256Sha384),
            (EC, Some(P384), ECDSA_SHA256) => Ok(X509Scheme::P384Sha256),
            (EC, Some(P384), ECDSA_SHA384) => Ok(X509Scheme::P384Sha384),
            _ => Err(ChainError::Algorithm(signature.to_string())),
        }
    }

    fn refuse_duplicates(&self) -> Result<(), ChainError> {
        for (index, extension) in self.extensions.iter().enumerate() {
            let mut before = self.extensions.iter().take(index);
            if before.any(|one| one.extn_id == extension.extn_id) {
                return Err(ChainError::Duplicate(extension.extn_id.to_string()));
            }
        }
        Ok(())
    }
}

/// The three parts of a certificate, the first with its tag and length.
fn outer(der: &[u8]) -> Result<(&[u8], AlgorithmIdentifierRef<'_>, BitStringRef<'_>), Error> {
    let body = AnyRef::from_der(der)?;
    body.header().tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(body.value())?;
    let signed = reader.tlv_bytes()?;
    let algorithm = AlgorithmIdentifierRef::decode(&mut reader)?;
    let signature = BitStringRef::decode(&mut reader)?;
    reader.finish()?;
    Ok((signed, algorithm, signature))
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const RSA_SHA256: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
pub(super) const ECDSA_SHA256: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
