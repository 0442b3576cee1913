//! What a KRL needs to know of a certificate, and who it was signed by.

use std::ffi::CString;

use crate::wire::certificate::ReadError;
use crate::wire::verify::{SignatureError, verify_by_any};
use crate::wire::{
    Algorithm, Cursor, Form, KeyError, PublicKey, RawCertificate, WireError, c_string,
};

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
    /// [`CertificateError`], with every variant but that of the signature.
    pub fn from_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        Self::checked(blob, Signatures::Unchecked)
    }

    /// Reads the wire form of a certificate and verifies the CA's signature.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_signed_blob(blob: &[u8]) -> Result<Self, CertificateError> {
        Self::checked(blob, Signatures::Checked)
    }

    fn checked(blob: &[u8], signatures: Signatures) -> Result<Self, CertificateError> {
        let raw = RawCertificate::from_blob(blob)?;
        let certificate = Self::try_from(&raw)?;
        if signatures == Signatures::Checked {
            verify_by_any(raw.signed(), raw.signature(), &certificate.ca)?;
        }
        Ok(certificate)
    }
}

/// Reads a certificate as strictly as OpenSSH does; the signature is not looked at.
impl TryFrom<&RawCertificate> for Certificate {
    type Error = CertificateError;

    fn try_from(raw: &RawCertificate) -> Result<Self, CertificateError> {
        let subject = PublicKey::from_blob(raw.public_key())?;
        if !(USER..=HOST).contains(&raw.kind()) {
            return Err(CertificateError::Kind { kind: raw.kind() });
        }
        for principal in raw.principals() {
            c_string(principal)?;
        }
        Ok(Self {
            subject,
            serial: raw.serial(),
            key_id: c_string(raw.key_id())?,
            ca: PublicKey::from_blob(raw.ca_key()).map_err(CertificateError::Ca)?,
        })
    }
}

/// Whether it is checked that a certificate was signed by its CA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// Not at all: the certificate comes from where only signed ones are.
    Unchecked,
    /// Each one, of every type that OpenSSH knows.
    #[default]
    Checked,
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
        let name = Cursor::new(blob).c_string()?;
        match Algorithm::named(name.as_bytes())? {
            (_, Form::Plain, _) => Ok(Self::Key(PublicKey::from_blob(blob)?)),
            (_, Form::Certificate, _) => {
                Certificate::checked(blob, signatures).map(Self::Certificate)
            }
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
    /// The encoding is broken, or there is no certificate at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A text of it, or its name, is broken.
    #[error("the certificate's encoding is broken")]
    Wire(#[from] WireError),
    /// The certified key is wrong.
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
    /// The signature is not the CA's.
    #[error("the certificate's signature is not by its CA")]
    Signature(#[from] SignatureError),
}

const USER: u32 = 1;
const HOST: u32 = 2;

#[cfg(test)]
mod tests {
    use super::super::tests::{blob, certificate, key};
    use super::*;
    use crate::wire::put_string;

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
            Err(SignatureError::Mismatch.into())
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
        assert_eq!(read(257), Err(ReadError::TooManyPrincipals.into()));
    }

    #[test]
    fn an_option_is_a_name_and_a_value() {
        let read = |options| Certificate::from_blob(&unsigned(0, options));
        assert_eq!(read(b"\0\0\0\x01x\0\0\0\0").unwrap().serial, 7);
        assert_eq!(
            read(b"\0\0\0\x01x"),
            Err(ReadError::Truncated("critical options").into())
        );
    }

    #[test]
    fn what_is_signed_by_nobody_cannot_be_verified() {
        assert_eq!(
            Certificate::from_signed_blob(&unsigned(1, b"")),
            Err(SignatureError::Malformed.into())
        );
    }

    #[test]
    fn a_certificate_that_is_cut_anywhere_is_refused() {
        let blob = blob("p521-ca-cert");
        for length in 0..blob.len() {
            let error = Certificate::from_blob(&blob[..length]).unwrap_err();
            let cut = matches!(error, CertificateError::Read(ReadError::Truncated(_)));
            assert!(cut, "{length}: {error:?}");
        }
    }

    #[test]
    fn a_plain_key_is_a_subject_but_no_certificate() {
        assert_eq!(
            Certificate::from_blob(&blob("user")),
            Err(ReadError::Type("ssh-ed25519".into()).into())
        );
        assert_eq!(
            Subject::from_signed_blob(&blob("user")),
            Ok(Subject::Key(key("user")))
        );
    }
}
