//! What ssh-keygen makes and reads, against what this module makes and reads.
//!
//! The vectors and the script that makes them are in `softhsm-tests/vectors`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ssh_encoding::Decode;
use ssh_key::public::KeyData;

use super::key_line::read_certificate_line;
use super::*;
use crate::wire::RawCertificate;
use crate::wire::certificate::{OptionValue, RawOption};
use crate::wire::verify::{SignatureError, verify_signature};

mod alarms;
mod grammar;
mod hostile;

/// 2026-11-22 10:00:30 UTC, when the certificates were made.
const NOW: u64 = 1_795_341_630;

fn vectors() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/softhsm-tests/vectors"
    ))
}

/// The text of a vector.
fn vector(path: &str) -> String {
    fs::read_to_string(vectors().join(path)).unwrap()
}

fn lines(path: &str) -> Vec<(String, String)> {
    let text = vector(path);
    let line = |line: &str| {
        let (left, right) = line.split_once('\t').unwrap();
        (left.to_owned(), right.to_owned())
    };
    text.lines().map(line).collect()
}

fn certificate(name: &str) -> RawCertificate {
    let line = vector(&format!("certs/{name}.pub"));
    read_certificate_line(&line).unwrap().0
}

fn names() -> Vec<String> {
    let files = fs::read_dir(vectors().join("certs")).unwrap();
    let name = |file: fs::DirEntry| file.file_name().into_string().unwrap();
    let mut names: Vec<_> = files
        .map(|file| name(file.unwrap()).trim_end_matches(".pub").to_owned())
        .collect();
    names.sort();
    assert!(names.len() > 40);
    names
}

/// The certificates that Punchmark could have made.
fn ordinary() -> Vec<(String, RawCertificate)> {
    let names = names().into_iter().filter(|name| !name.starts_with("odd-"));
    names
        .map(|name| (name.clone(), certificate(&name)))
        .collect()
}

fn key(blob: &[u8]) -> KeyData {
    KeyData::decode(&mut &*blob).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn map(options: &[RawOption]) -> BTreeMap<String, String> {
    let value = |option: &RawOption| match option.value() {
        OptionValue::Flag => String::new(),
        OptionValue::Value(value) => text(value),
        OptionValue::Opaque => panic!("opaque {option:?}"),
    };
    options
        .iter()
        .map(|option| (text(option.name()), value(option)))
        .collect()
}

fn body(raw: &RawCertificate) -> Body {
    let kind = if raw.kind() == 1 {
        Kind::User
    } else {
        Kind::Host
    };
    let principals: Vec<String> = raw.principals().iter().map(|name| text(name)).collect();
    Body {
        kind,
        subject: Subject::try_from(key(raw.public_key())).unwrap(),
        key_id: KeyId::parse(&text(raw.key_id())).unwrap(),
        principals: Principals::parse(&principals.join(","), kind).unwrap(),
        validity: Validity::new(raw.valid_after(), raw.valid_before()).unwrap(),
        options: Options::new(map(raw.critical()), map(raw.extensions())).unwrap(),
    }
}

fn serial(raw: &RawCertificate) -> Serial {
    Serial::try_from(raw.serial()).unwrap()
}

fn verified(raw: &RawCertificate) -> Result<Certificate, VerifyError> {
    verify(raw.blob(), &body(raw), serial(raw), &key(raw.ca_key()))
}

#[test]
fn makes_the_same_bytes_as_ssh_keygen() {
    for (name, raw) in ordinary() {
        let nonce = raw.nonce().try_into().unwrap();
        let ca = key(raw.ca_key());
        let made = body(&raw).to_be_signed(serial(&raw), &nonce, &ca).unwrap();
        assert_eq!(made.as_bytes(), raw.signed(), "{name}");
        let signature = ssh_key::Signature::try_from(raw.signature()).unwrap();
        assert_eq!(made.with_signature(&signature), raw.blob(), "{name}");
    }
}

#[test]
fn verifies_what_ssh_keygen_signed_with_every_type_of_ca_key() {
    for (name, raw) in ordinary() {
        let certificate = verified(&raw).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(certificate.as_bytes(), raw.blob());
    }
}

#[test]
fn writes_the_line_that_ssh_keygen_wrote() {
    for (name, raw) in ordinary() {
        let line = vector(&format!("certs/{name}.pub"));
        let comment = line.trim_end().splitn(3, ' ').nth(2).unwrap();
        let written = verified(&raw).unwrap().to_openssh(comment);
        assert_eq!(written, line.trim_end(), "{name}");
    }
}

#[test]
fn a_comment_cannot_begin_a_second_line() {
    let certificate = verified(&certificate("host")).unwrap();
    let line = certificate.to_openssh("a\nssh-rsa AAAA\r\u{2028}\u{202e}#é");
    assert!(line.ends_with(" a?ssh-rsa AAAA???#é"), "{line}");
    assert_eq!(line.lines().count(), 1);
    assert!(!certificate.to_openssh("").ends_with(' '));
}

#[test]
fn finds_every_field_that_is_not_what_was_decided() {
    let raw = certificate("options");
    let good = body(&raw);
    let ca = key(raw.ca_key());
    let differs = |change: &dyn Fn(&mut Body)| {
        let mut other = good.clone();
        change(&mut other);
        verify(raw.blob(), &other, serial(&raw), &ca).unwrap_err()
    };
    let other = body(&certificate("host"));
    let found = [
        differs(&|body| body.kind = Kind::Host),
        differs(&|body| body.subject = other.subject.clone()),
        differs(&|body| body.key_id = other.key_id.clone()),
        differs(&|body| body.principals = other.principals.clone()),
        differs(&|body| {
            body.principals = Principals::parse("anna,peter_physical", Kind::User).unwrap()
        }),
        differs(&|body| body.validity = Validity::new(0, raw.valid_before()).unwrap()),
        differs(&|body| body.validity = Validity::new(raw.valid_after(), u64::MAX).unwrap()),
        differs(&|body| {
            body.options = Options::new(BTreeMap::new(), body.options.extensions().clone()).unwrap()
        }),
        differs(&|body| {
            body.options = Options::new(body.options.critical().clone(), BTreeMap::new()).unwrap()
        }),
    ];
    let fields = [
        "kind",
        "type",
        "key ID",
        "list of principals",
        "list of principals",
        "begin of validity",
        "end of validity",
        "list of critical options",
        "list of extensions",
    ];
    assert_eq!(found.to_vec(), fields.map(VerifyError::Differs).to_vec());
    assert_eq!(
        verify(raw.blob(), &good, Serial::FIRST, &ca),
        Err(VerifyError::Differs("serial"))
    );
    let other_ca = key(certificate("ed25519-by-ecdsa256").ca_key());
    assert_eq!(
        verify(raw.blob(), &good, serial(&raw), &other_ca),
        Err(VerifyError::Differs("CA key"))
    );
}

#[test]
fn refuses_a_sha1_signature_and_one_of_another_key_type() {
    assert_eq!(
        verified(&certificate("odd-sha1")),
        Err(VerifyError::Signature(SignatureError::Sha1))
    );
    let rsa = certificate("ed25519-by-rsa3072");
    let ed25519 = certificate("ed25519-by-ed25519");
    let signature = ssh_key::Signature::try_from(ed25519.signature()).unwrap();
    assert_eq!(
        verify_signature(rsa.signed(), &signature, &key(rsa.ca_key())),
        Err(SignatureError::Algorithm {
            key: "ssh-rsa".to_owned(),
            signature: "ssh-ed25519".to_owned()
        })
    );
    assert_eq!(
        verify_signature(rsa.signed(), &signature, &key(ed25519.ca_key())),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn signs_nothing_with_or_for_a_key_that_may_not() {
    let raw = certificate("ed25519-by-ed25519");
    let nonce = [7; 32];
    let tried = |body: &Body, ca: &KeyData| body.to_be_signed(Serial::FIRST, &nonce, ca);
    let weak = key(certificate("odd-weak-ca").ca_key());
    assert!(matches!(
        tried(&body(&raw), &weak),
        Err(EncodeError::CaKey(_))
    ));
    let own = key(raw.public_key());
    assert!(matches!(
        tried(&body(&raw), &own),
        Err(EncodeError::CaIsSubject)
    ));
    let mut wild = body(&raw);
    wild.principals = Principals::parse("*", Kind::Host).unwrap();
    assert!(matches!(
        tried(&wild, &key(raw.ca_key())),
        Err(EncodeError::Wildcard(_))
    ));
}
