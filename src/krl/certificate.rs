//! What a KRL needs to know of a certificate, and who it was signed by.

use std::ffi::CString;

use signature::Verifier;
use ssh_key::encoding::Decode;

use super::key::{Algorithm, Form, KeyError, PublicKey};
use super::wire::{Wire, WireError};

/// The fields of a certificate that a KRL can revoke it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The key that is certified.
    pub subject: PublicKey,
    /// The serial; 0 if the CA gave none.
    pub serial: u64,
    /// The key ID.
    pub key_id: CString,
    /// The CA that signed it.
    pub ca: PublicKey,
}

impl Certificate {
    /// Reads the wire form of a certificate (PROTOCOL.certkeys) as strictly as
    /// OpenSSH, except that its signature is not verified: what it says of serial
    /// and CA may be anybody's word.
    ///
    /// # Errors
    /// [`CertificateError`], with every variant but those of the signature.
    pub fn from_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        Ok(Signed::from_blob(blob)?.certificate)
    }

    /// Reads the wire form of a certificate and verifies the CA's signature.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_signed_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        Self::checked(blob, Signatures::default())
    }

    fn checked(blob: &[u8], signatures: Signatures) -> Result<Self, CertificateError> {
        let signed = Signed::from_blob(blob)?;
        if let Signatures::Checked(verify) = signatures {
            verify(
                signed.certificate.ca.as_blob(),
                signed.message,
                signed.signature,
            )?;
        }
        Ok(signed.certificate)
    }
}

/// Whether it is checked that a certificate was signed by its CA.
#[derive(Clone, Copy, Debug)]
pub enum Signatures {
    /// Not at all: the certificate comes from where only signed ones are.
    Unchecked,
    /// By this function; [`verify`] by default, and another where speed counts.
    Checked(Verify),
}

/// Says whether the CA made the signature of the message. CA key and signature are in wire
/// form; the CA key was read as a [`PublicKey`] before.
pub type Verify = fn(ca: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CertificateError>;

impl Default for Signatures {
    fn default() -> Self {
        Self::Checked(verify)
    }
}

/// What can be revoked: a plain key or a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A plain key.
    Key(PublicKey),
    /// A certificate.
    Certificate(Certificate),
}

impl Subject {
    /// Reads a key, or a certificate whose signature is verified.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_signed_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        Self::from_blob(blob, Signatures::default())
    }

    /// Reads a key, or a certificate whose signature is checked as asked for.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_blob(blob: &[u8], signatures: Signatures) -> Result<Self, CertificateError> {
        match Certificate::checked(blob, signatures) {
            Err(CertificateError::Key(KeyError::NoCertificate)) => {
                Ok(Self::Key(PublicKey::from_blob(blob)?))
            }
            certificate => certificate.map(Self::Certificate),
        }
    }

    /// The key itself, or the key that the certificate certifies.
    pub fn key(&self) -> &PublicKey {
        match self {
            Self::Key(key) => key,
            Self::Certificate(certificate) => &certificate.subject,
        }
    }

    /// The name that stands before the base64 form, as in
    /// `ssh-ed25519-cert-v01@openssh.com`.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Key(key) => key.algorithm(),
            Self::Certificate(certificate) => certificate.subject.certificate_algorithm(),
        }
    }
}

/// Why some bytes are no certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The encoding is broken.
    #[error("the certificate's encoding is broken")]
    Wire(#[from] WireError),
    /// The certified key is wrong, or there is no certificate at all.
    #[error("the certified key")]
    Key(#[from] KeyError),
    /// The CA key is wrong.
    #[error("the certificate's CA key")]
    Ca(#[source] KeyError),
    /// Neither a user's nor a host's certificate.
    #[error("a certificate of kind {kind}, neither a user's (1) nor a host's (2)")]
    Kind {
        /// The number it carries.
        kind: u32,
    },
    /// More principals than OpenSSH reads.
    #[error("more than {PRINCIPALS_MAX} principals")]
    Principals,
    /// The signature is of a kind that cannot be verified here, or malformed.
    #[error("the certificate's signature cannot be verified")]
    UnknownSignature,
    /// The signature is not the CA's.
    #[error("the certificate's signature is not by its CA")]
    WrongSignature,
}

/// A certificate in the parts that its signature is verified with.
struct Signed<'a> {
    certificate: Certificate,
    message: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    fn from_blob(blob: &'a [u8]) -> Result<Self, CertificateError> {
        let mut wire = Wire::new(blob);
        let name = wire.c_string()?;
        let (algorithm, form) = Algorithm::named(name.as_bytes())?;
        if form == Form::Plain {
            return Err(KeyError::NoCertificate.into());
        }
        let _nonce = wire.string()?;
        let subject = PublicKey::read_fields(algorithm, &mut wire)?;
        let serial = wire.u64()?;
        let key_id = read_kind_and_key_id(&mut wire)?;
        skip_limits(&mut wire)?;
        let ca = PublicKey::from_blob(wire.string()?).map_err(CertificateError::Ca)?;
        let message = blob.split_at(blob.len() - wire.rest().len()).0;
        let signature = wire.string()?;
        wire.finish()?;
        let certificate = Certificate {
            subject,
            serial,
            key_id,
            ca,
        };
        Ok(Self {
            certificate,
            message,
            signature,
        })
    }
}

fn read_kind_and_key_id(wire: &mut Wire<'_>) -> Result<CString, CertificateError> {
    let kind = wire.u32()?;
    if !(USER..=HOST).contains(&kind) {
        return Err(CertificateError::Kind { kind });
    }
    Ok(wire.c_string()?)
}

/// Reads over principals, validity, options and the reserved field.
fn skip_limits(wire: &mut Wire<'_>) -> Result<(), CertificateError> {
    let mut principals = Wire::new(wire.string()?);
    for _ in 0..PRINCIPALS_MAX {
        if !principals.is_empty() {
            principals.c_string()?;
        }
    }
    if !principals.is_empty() {
        return Err(CertificateError::Principals);
    }
    let _valid = (wire.u64()?, wire.u64()?);
    for _ in 0..2 {
        let mut options = Wire::new(wire.string()?);
        while !options.is_empty() {
            let _option = (options.string()?, options.string()?);
        }
    }
    let _reserved = wire.string()?;
    Ok(())
}

/// Checks a signature by `ssh-key`, of every algorithm that it knows.
///
/// # Errors
/// [`CertificateError::UnknownSignature`] or [`CertificateError::WrongSignature`].
pub fn verify(ca: &[u8], message: &[u8], signature: &[u8]) -> Result<(), CertificateError> {
    // What ssh-key says of a key or signature that it cannot use is of no help to
    // whoever has to replace the certificate.
    let key = ssh_key::public::KeyData::decode(&mut &*ca)
        .map_err(|_| CertificateError::UnknownSignature)?;
    let signature =
        ssh_key::Signature::try_from(signature).map_err(|_| CertificateError::UnknownSignature)?;
    // `signature::Error` is opaque on purpose.
    key.verify(message, &signature)
        .map_err(|_| CertificateError::WrongSignature)
}

const USER: u32 = 1;
const HOST: u32 = 2;
const PRINCIPALS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::tests::{blob, certificate, key};
    use super::super::wire::put_string;
    use super::*;

    #[test]
    fn a_certificate_says_what_openssh_put_in() {
        assert_eq!(
            certificate("serial-7"),
            Certificate {
                subject: key("user"),
                serial: 7,
                key_id: c"peter, laptop".into(),
                ca: key("ca"),
            }
        );
        assert_eq!(certificate("rsa-ca").ca, key("rsa"));
        assert_eq!(certificate("p521-ca").ca, key("p521"));
    }

    #[test]
    fn a_changed_certificate_is_read_but_not_as_signed() {
        let mut blob = blob("serial-7-cert");
        // Behind the name, the nonce and the key.
        let serial = 4 + 32 + 4 + 32 + 4 + 32 + 7;
        assert_eq!(blob[serial], 7);
        blob[serial] = 8;
        assert_eq!(Certificate::from_blob(&blob).unwrap().serial, 8);
        assert_eq!(
            Certificate::from_signed_blob(&blob),
            Err(CertificateError::WrongSignature)
        );
        blob[serial + 4] = 3;
        assert_eq!(
            Certificate::from_blob(&blob),
            Err(CertificateError::Kind { kind: 3 })
        );
    }

    /// A certificate with some principals and options, which nobody signed.
    fn unsigned(principals: usize, options: &[u8]) -> Vec<u8> {
        let mut blob = Vec::new();
        put_string(&mut blob, b"ssh-ed25519-cert-v01@openssh.com");
        put_string(&mut blob, b"nonce");
        put_string(&mut blob, &[7; 32]);
        blob.extend(7_u64.to_be_bytes());
        blob.extend(USER.to_be_bytes());
        put_string(&mut blob, b"key ID");
        put_string(&mut blob, &b"\0\0\0\x01x".repeat(principals));
        blob.extend([0; 16]);
        for field in [options, b"", b"", key("ca").as_blob(), b"signature"] {
            put_string(&mut blob, field);
        }
        blob
    }

    #[test]
    fn a_certificate_has_256_principals_at_most() {
        let read = |principals| Certificate::from_blob(&unsigned(principals, b""));
        assert_eq!(read(256).unwrap().key_id.as_c_str(), c"key ID");
        assert_eq!(read(257), Err(CertificateError::Principals));
    }

    #[test]
    fn an_option_is_a_name_and_a_value() {
        let read = |options| Certificate::from_blob(&unsigned(0, options));
        assert_eq!(read(b"\0\0\0\x01x\0\0\0\0").unwrap().serial, 7);
        assert_eq!(
            read(b"\0\0\0\x01x"),
            Err(CertificateError::Wire(WireError::Short))
        );
    }

    #[test]
    fn what_is_signed_by_nobody_cannot_be_verified() {
        assert_eq!(
            Certificate::from_signed_blob(&unsigned(1, b"")),
            Err(CertificateError::UnknownSignature)
        );
    }

    #[test]
    fn a_certificate_that_is_cut_anywhere_is_refused() {
        let blob = blob("p521-ca-cert");
        for length in 0..blob.len() {
            let error = Certificate::from_blob(&blob[..length]).unwrap_err();
            let short = [
                CertificateError::Wire(WireError::Short),
                CertificateError::Key(KeyError::Wire(WireError::Short)),
            ];
            assert!(short.contains(&error), "{length}: {error:?}");
        }
    }

    #[test]
    fn a_plain_key_is_a_subject_but_no_certificate() {
        assert_eq!(
            Certificate::from_blob(&blob("user")),
            Err(CertificateError::Key(KeyError::NoCertificate))
        );
        assert_eq!(
            Subject::from_signed_blob(&blob("user")),
            Ok(Subject::Key(key("user")))
        );
    }
}
