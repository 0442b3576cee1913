//! The certificate that is built before the first real one: by a key that is made for it and forgotten,
//! looked at field by field, and held against the real one byte for byte.

use crate::certificate::alarm::{Alarm, alarms};
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
    /// Servers or clients would refuse it, or read it otherwise than it is meant.
    #[error("the test certificate: {0}")]
    Lint(String),
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

    /// What is worth knowing of it, in words, when servers and clients take it as it is meant.
    ///
    /// It is the same at any time, so that an outsider finds what those in the room were told.
    ///
    /// # Errors
    /// [`TestCertificateError::Lint`], with all that they wouldn't take.
    pub(super) fn lint(&self) -> Result<String, TestCertificateError> {
        let known: Vec<_> = self.raw.signing_key().into_iter().collect();
        let found = alarms(&self.raw, self.raw.valid_after(), &known);
        let (told, faults): (Vec<_>, Vec<_>) = found.iter().partition(|alarm| may_be_meant(alarm));
        let mut faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        if self.raw.nonce().len() != NONCE_LEN {
            faults.push(format!("its nonce has not {NONCE_LEN} bytes"));
        }
        if !self.raw.reserved().is_empty() {
            faults.push("its reserved field is not empty".to_owned());
        }
        if !faults.is_empty() {
            return Err(TestCertificateError::Lint(faults.join("; ")));
        }
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        Ok(if told.is_empty() {
            NO_FINDING.to_owned()
        } else {
            told.join("; ")
        })
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

/// The fact that is what the lint of a test certificate in this file came to.
pub(super) fn lint_fact(file: &str) -> String {
    format!("{LINT}{file}")
}

/// How the names of such facts begin.
pub(super) const LINT: &str = "lint ";

/// What a role may allow by name, and people may want: they are told of it.
fn may_be_meant(alarm: &Alarm) -> bool {
    matches!(
        alarm,
        Alarm::ValidForever
            | Alarm::ShortKey { .. }
            | Alarm::NoTouchRequired
            | Alarm::UnknownCriticalOption { .. }
    )
}

const NO_FINDING: &str = "no finding";
/// How many bytes OpenSSH makes a nonce of.
const NONCE_LEN: usize = 32;
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

    /// A test certificate with other bytes, by a key of its own: it is read, and no signature is.
    fn spoilt(from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut blob = TestCertificate::build(&body()).unwrap().raw.blob().to_vec();
        let at = blob.windows(from.len()).position(|part| part == from);
        let at = at.unwrap();
        blob.splice(at..at + from.len(), to.iter().copied());
        blob
    }

    #[test]
    fn what_servers_would_not_take_stops_it_and_what_may_be_meant_is_told() {
        let told = |body: &Body| TestCertificate::build(body).unwrap().lint().unwrap();
        assert_eq!(told(&body()), NO_FINDING);
        let validity = Validity::always();
        assert_eq!(told(&Body { validity, ..body() }), "it never expires");
        let own = options(&["clear", "critical:own@example.org=x", "no-touch-required"]);
        let own = told(&Body {
            options: own,
            ..body()
        });
        assert!(
            own.contains("own@example.org") && own.contains("without a touch"),
            "{own}"
        );
        for (from, to, fault) in [
            (
                &b"permit-pty"[..],
                &b"permit-ptz"[..],
                "signature is not valid",
            ),
            (b"ops", b"o\0s", "no plain name"),
            (b"anna", b"\xffnna", "key ID is not printable"),
            (
                b"\0\0\0\x01\0\0\0\x04anna",
                b"\0\0\0\x03\0\0\0\x04anna",
                "neither user nor host",
            ),
        ] {
            let raw = RawCertificate::from_blob(&spoilt(from, to)).unwrap();
            let found = TestCertificate { raw }.lint().unwrap_err().to_string();
            assert!(found.contains(fault), "{fault}: {found}");
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
