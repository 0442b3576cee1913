//! The certificate that is built before the first real one: by a key that is made for it and forgotten,
//! looked at field by field, and held against the real one byte for byte.

use crate::certificate::explain::Fields;
use crate::certificate::key_line::{KeyLineError, read_certificate_line};
use crate::certificate::{Body, EncodeError, VerifyError, certificate_line, tried, verify};
use crate::wire::RawCertificate;
use crate::wire::certificate::ReadError;

/// A certificate by a throw-away key, which no server takes.
pub(super) struct TestCertificate {
    raw: RawCertificate,
}

/// Why a certificate is not the one that was tested.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestCertificateError {
    /// It can't be built.
    #[error("the test certificate")]
    Encode(#[from] EncodeError),
    /// It can't be read back.
    #[error("the test certificate")]
    Read(#[from] ReadError),
    /// It does not say what was decided.
    #[error("the test certificate")]
    Verify(#[from] VerifyError),
    /// Its file is not as it was written.
    #[error("{file}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: KeyLineError,
    },
    /// The real one says something else.
    #[error("the first certificate differs from its test certificate in its {0}")]
    Differs(&'static str),
    /// It was signed by a key that is not thrown away.
    #[error("the test certificate is signed by the CA itself")]
    Signed,
}

impl TestCertificate {
    /// Builds one of what was decided, and reads each field back: what is not as it was decided stops it
    /// before any real key is asked.
    ///
    /// # Errors
    /// [`TestCertificateError`]; nothing was signed by a real key.
    pub(super) fn build(body: &Body) -> Result<Self, TestCertificateError> {
        let (blob, serial, ca) = tried(body)?;
        let raw = verify(&blob, body, serial, &ca)?.raw().clone();
        Ok(Self { raw })
    }

    /// Reads the line of its file.
    ///
    /// # Errors
    /// [`TestCertificateError::File`], by this name.
    pub(super) fn read(name: &str, line: &[u8]) -> Result<Self, TestCertificateError> {
        let read = read_certificate_line(line);
        let (raw, _comment) = read.map_err(|source| TestCertificateError::File {
            file: name.to_owned(),
            source,
        })?;
        Ok(Self { raw })
    }

    /// All that it says, a line each.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        Fields::of(&self.raw).rows()
    }

    /// The line of its file, which says what it is.
    pub(super) fn line(&self) -> String {
        format!("{}\n", certificate_line(&self.raw, COMMENT))
    }

    /// Whether a real certificate is the same, byte for byte, but for CA key, nonce, serial and signature
    /// (PROTOCOL.certkeys has no other field).
    ///
    /// # Errors
    /// [`TestCertificateError::Differs`], by the field.
    pub(super) fn is_that_of(&self, real: &[u8]) -> Result<(), TestCertificateError> {
        let (test, real) = (&self.raw, RawCertificate::from_blob(real)?);
        if test.ca_key() == real.ca_key() {
            return Err(TestCertificateError::Signed);
        }
        self.is_like(&real)
    }

    /// Whether another test certificate says the same.
    ///
    /// # Errors
    /// [`TestCertificateError::Differs`], by the field.
    pub(super) fn says_the_same_as(&self, other: &Self) -> Result<(), TestCertificateError> {
        self.is_like(&other.raw)
    }

    fn is_like(&self, real: &RawCertificate) -> Result<(), TestCertificateError> {
        let test = &self.raw;
        let validity = |one: &RawCertificate| (one.valid_after(), one.valid_before());
        let fields = [
            ("type", test.algorithm() == real.algorithm()),
            ("public key", test.public_key() == real.public_key()),
            ("kind", test.kind() == real.kind()),
            ("key ID", test.key_id() == real.key_id()),
            ("validity", validity(test) == validity(real)),
            ("principals", test.principals() == real.principals()),
            ("critical options", test.critical() == real.critical()),
            ("extensions", test.extensions() == real.extensions()),
            ("reserved field", test.reserved() == real.reserved()),
        ];
        match fields.into_iter().find(|(_, is_same)| !is_same) {
            None => Ok(()),
            Some((field, _)) => Err(TestCertificateError::Differs(field)),
        }
    }
}

/// What stands behind the certificate in its file.
const COMMENT: &str = "TEST by a key that was thrown away";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{KeyId, Kind, Options, Principals, Serial, Subject, Validity};
    use ssh_key::Signature;
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::public::KeyData;

    fn pair(seed: u8) -> Ed25519Keypair {
        Ed25519Keypair::from_seed(&[seed; 32])
    }

    fn body() -> Body {
        Body {
            kind: Kind::User,
            subject: Subject::try_from(KeyData::Ed25519(pair(1).public)).unwrap(),
            key_id: KeyId::parse("anna").unwrap(),
            principals: Principals::parse("anna,ops", Kind::User).unwrap(),
            validity: Validity::new(1000, 2000).unwrap(),
            options: options(&["clear", "permit-pty"]),
        }
    }

    fn options(words: &[&str]) -> Options {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        Options::parse(Kind::User, &words).unwrap()
    }

    /// A certificate as the CA would sign it.
    fn real(body: &Body) -> Vec<u8> {
        let ca = KeyData::Ed25519(pair(7).public);
        let unsigned = body.to_be_signed(Serial::FIRST, &[9; 32], &ca).unwrap();
        let signature: Signature =
            signature::Signer::try_sign(&pair(7), unsigned.as_bytes()).unwrap();
        unsigned.with_signature(&signature)
    }

    #[test]
    fn the_real_one_is_the_same_but_for_ca_key_nonce_serial_and_signature() {
        let test = TestCertificate::build(&body()).unwrap();
        test.is_that_of(&real(&body())).unwrap();
        let read = TestCertificate::read("one", test.line().as_bytes()).unwrap();
        read.is_that_of(&real(&body())).unwrap();
        // It is of a key of its own each time.
        let again = TestCertificate::build(&body()).unwrap();
        assert_ne!(test.line(), again.line());
        assert!(matches!(
            test.is_that_of(test.raw.blob()),
            Err(TestCertificateError::Signed)
        ));
    }

    #[test]
    fn each_field_that_differs_is_named() {
        let test = TestCertificate::build(&body()).unwrap();
        let subject = Subject::try_from(KeyData::Ed25519(pair(2).public)).unwrap();
        let others = [
            (Body { subject, ..body() }, "public key"),
            (
                Body {
                    key_id: KeyId::parse("bob").unwrap(),
                    ..body()
                },
                "key ID",
            ),
            (
                Body {
                    principals: Principals::parse("anna", Kind::User).unwrap(),
                    ..body()
                },
                "principals",
            ),
            (
                Body {
                    validity: Validity::new(1001, 2000).unwrap(),
                    ..body()
                },
                "validity",
            ),
            (
                Body {
                    validity: Validity::new(1000, 2001).unwrap(),
                    ..body()
                },
                "validity",
            ),
            (
                Body {
                    options: options(&["clear"]),
                    ..body()
                },
                "extensions",
            ),
            (
                Body {
                    options: options(&["clear", "permit-pty", "force-command=/bin/true"]),
                    ..body()
                },
                "critical options",
            ),
        ];
        for (other, field) in others {
            let found = test.is_that_of(&real(&other));
            assert!(
                matches!(found, Err(TestCertificateError::Differs(name)) if name == field),
                "{field}: {found:?}"
            );
        }
    }

    #[test]
    fn another_of_the_same_decision_says_the_same_times_and_all() {
        let before = TestCertificate::build(&body()).unwrap();
        let of = |begin, end| {
            let validity = Validity::new(begin, end).unwrap();
            TestCertificate::build(&Body { validity, ..body() }).unwrap()
        };
        of(1000, 2000).says_the_same_as(&before).unwrap();
        for (begin, end) in [(1060, 2060), (1000, 2001), (999, 2000)] {
            let found = of(begin, end).says_the_same_as(&before);
            assert!(found.is_err(), "{begin} {end}");
        }
    }
}
