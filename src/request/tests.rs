//! Request files: read back, believed, and everything that must not be.

use p256::ecdsa::signature::Signer as _;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::public::{KeyData, SkEcdsaSha2NistP256};
use ssh_key::{Algorithm, HashAlg, PrivateKey, Signature, SshSig};

use super::*;
use crate::certificate::{Subject, Validity};
use crate::wire::verify::SignatureError;

const NOW: u64 = 1_800_000_000;

fn private(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

fn key(seed: u8) -> KeyData {
    private(seed).public_key().key_data().clone()
}

fn content() -> Content {
    Content {
        subject: Subject::try_from(key(1)).unwrap(),
        comment: "peter@laptop".parse().unwrap(),
        role: "engineer".parse().unwrap(),
        kind: Kind::User,
        principals: Some(Principals::parse("peter,root", Kind::User).unwrap()),
        validity: Some(Span::Length(3600)),
        options: vec!["no-pty".to_owned()],
        key_id: None,
        claimed: Some("peter".parse().unwrap()),
        reason: None,
        created: NOW,
        id: [7; 16],
        target: Target::of(&key(9)),
        challenge: Some([3; 32]),
        evidence: b"evidence".to_vec(),
    }
}

fn signed_by(private: &PrivateKey, content: Content) -> RequestFile {
    let bytes = content.to_bytes().unwrap();
    let signature =
        SshSig::sign(private, RequestFile::NAMESPACE, RequestFile::HASH, &bytes).unwrap();
    RequestFile::new(content, signature).unwrap()
}

fn request() -> RequestFile {
    signed_by(&private(1), content())
}

fn admit(file: RequestFile, now: u64) -> Result<Admitted, AdmissionError> {
    file.admit(&key(9), now, AdmissionLimits::default())
}

#[test]
fn a_request_survives_mail() {
    let file = request();
    let text = file.to_text().unwrap();
    let mail = format!("Hello,\n\n{text}\n-- \nPeter\n");
    for text in [
        text.clone(),
        mail.replace('\n', "\r\n"),
        mail.replace('\n', "  \n"),
    ] {
        assert_eq!(RequestFile::from_text(&text).unwrap(), file);
    }
    assert!(RequestFile::begins(&mail) && !RequestFile::begins("ssh-ed25519 AAAA"));
    assert!(matches!(
        RequestFile::from_text(&text.repeat(2)),
        Err(RequestFileError::Several(2))
    ));
}

#[test]
fn a_request_is_admitted_where_and_when_it_was_meant() {
    let admitted = admit(request(), NOW + 60).unwrap();
    assert_eq!(*admitted.content(), content());
    assert_eq!(admitted.used(), None);
}

#[test]
fn a_request_for_another_ca_is_refused() {
    let refused = request().admit(&key(8), NOW, AdmissionLimits::default());
    let other = AdmissionError::OtherCa {
        meant: Target::of(&key(9)),
        here: Target::of(&key(8)),
    };
    assert_eq!(refused.unwrap_err(), other);
}

#[test]
fn a_request_ages_out_and_may_be_a_little_ahead() {
    let week = AdmissionLimits::default().oldest;
    assert!(admit(request(), NOW + week).is_ok());
    assert_eq!(
        admit(request(), NOW + week + 1).unwrap_err(),
        AdmissionError::Stale {
            age: week + 1,
            limit: week
        }
    );
    assert!(admit(request(), NOW - 600).is_ok());
    assert_eq!(
        admit(request(), NOW - 601).unwrap_err(),
        AdmissionError::NotYet {
            ahead: 601,
            limit: 600
        }
    );
}

#[test]
fn another_keys_signature_is_no_possession() {
    let file = signed_by(&private(2), content());
    assert_eq!(file.possession(), Err(PossessionError::OtherKey));
    // The right key named over a signature of another.
    let bytes = content().to_bytes().unwrap();
    let by_other = SshSig::sign(
        &private(2),
        RequestFile::NAMESPACE,
        RequestFile::HASH,
        &bytes,
    );
    let lying = SshSig::new(
        key(1),
        RequestFile::NAMESPACE,
        RequestFile::HASH,
        by_other.unwrap().signature().clone(),
    );
    let file = RequestFile::new(content(), lying.unwrap()).unwrap();
    assert_eq!(
        file.possession(),
        Err(PossessionError::Signature(SignatureError::Mismatch))
    );
}

#[test]
fn a_signature_that_was_made_for_something_else_is_no_possession() {
    let bytes = content().to_bytes().unwrap();
    let for_git = SshSig::sign(&private(1), "git", HashAlg::Sha512, &bytes).unwrap();
    let file = RequestFile::new(content(), for_git).unwrap();
    assert_eq!(
        file.possession(),
        Err(PossessionError::Namespace("git".to_owned()))
    );
}

#[test]
fn no_byte_of_a_request_can_be_changed() {
    let bytes = request().to_bytes().unwrap();
    for index in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut changed = bytes.clone();
            changed[index] ^= flip;
            let admitted = RequestFile::from_bytes(&changed)
                .ok()
                .and_then(|file| admit(file, NOW).ok());
            assert!(admitted.is_none(), "byte {index}");
        }
    }
    for length in 0..bytes.len() {
        let cut = RequestFile::from_bytes(&bytes[..length]).unwrap_err();
        let is_cut = matches!(
            cut,
            RequestFileError::Form | RequestFileError::Content(_) | RequestFileError::Signature(_)
        );
        assert!(is_cut, "{length} {cut}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(
        RequestFile::from_bytes(&longer),
        Err(RequestFileError::Form)
    ));
}

/// What a security key of this flags byte signs, by PROTOCOL.u2f.
fn by_security_key(flags: u8) -> RequestFile {
    let secret = p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    let point = secret.verifying_key().to_sec1_point(false);
    let point = ssh_key::sec1::EncodedPoint::from_bytes(point.as_bytes()).unwrap();
    let key = KeyData::SkEcdsaSha2NistP256(SkEcdsaSha2NistP256::new(point, "ssh:"));
    let content = Content {
        subject: Subject::try_from(key.clone()).unwrap(),
        ..content()
    };
    let bytes = content.to_bytes().unwrap();
    let message = SshSig::signed_data(RequestFile::NAMESPACE, RequestFile::HASH, &bytes).unwrap();
    let trailer = [flags, 0, 0, 0, 42];
    let signed = [
        Sha256::digest("ssh:").as_slice(),
        &trailer,
        Sha256::digest(&message).as_slice(),
    ]
    .concat();
    let bare: p256::ecdsa::Signature = secret.sign(&signed);
    let bare = Signature::try_from(bare).unwrap();
    let blob = [bare.as_bytes(), &trailer].concat();
    let signature = Signature::new(Algorithm::SkEcdsaSha2NistP256, blob).unwrap();
    let signature = SshSig::new(key, RequestFile::NAMESPACE, RequestFile::HASH, signature);
    RequestFile::new(content, signature.unwrap()).unwrap()
}

#[test]
fn a_security_key_tells_how_it_was_used() {
    for (flags, present, verified) in [(0, false, false), (1, true, false), (5, true, true)] {
        let used = by_security_key(flags).possession().unwrap().unwrap();
        assert_eq!((used.present, used.verified), (present, verified));
        assert_eq!(used.counter, 42);
    }
}

#[test]
fn no_byte_of_a_security_keys_request_can_be_changed() {
    let bytes = by_security_key(5).to_bytes().unwrap();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        let file = RequestFile::from_bytes(&changed);
        assert!(
            !file.is_ok_and(|file| file.possession().is_ok()),
            "byte {index}"
        );
    }
}

#[test]
fn fields_that_no_request_may_have_are_refused() {
    let asked = |options: &[&str]| Content {
        options: options.iter().map(|one| (*one).to_owned()).collect(),
        ..content()
    };
    assert!(matches!(
        asked(&["source-address=300.0.0.1"]).to_bytes(),
        Err(ContentError::Field {
            field: "options",
            ..
        })
    ));
    assert!(matches!(
        asked(&["clear"; 65]).to_bytes(),
        Err(ContentError::TooManyOptions { count: 65 })
    ));
    let large = Content {
        evidence: vec![0; wire::LARGEST],
        ..content()
    };
    assert!(matches!(
        large.to_bytes(),
        Err(ContentError::TooLarge { .. })
    ));
    let text = "x".repeat(2 * wire::LARGEST + 1);
    assert!(matches!(
        RequestFile::from_text(&text),
        Err(RequestFileError::TooLong { .. })
    ));
}

#[test]
fn another_version_is_named_as_such() {
    let mut bytes = content().to_bytes().unwrap();
    bytes[23] = b'2';
    assert!(matches!(
        Content::from_bytes(&bytes),
        Err(ContentError::Version)
    ));
}

fn validity() -> impl Strategy<Value = Option<Span>> {
    prop_oneof![
        Just(None),
        any::<u64>().prop_map(|length| Some(Span::Length(length))),
        (0..u64::MAX, 1..u64::MAX).prop_filter_map("empty", |(from, length)| {
            let interval = Validity::new(from, from.checked_add(length)?).ok()?;
            Some(Some(Span::Interval(interval)))
        }),
    ]
}

prop_compose! {
    fn contents()(
        principals in proptest::option::of("[a-z][a-z0-9._@-]{0,40}"),
        validity in validity(),
        role in "[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}",
        key_id in proptest::option::of("[ -~]{1,255}"),
        claimed in proptest::option::of("[a-z]{1,40}"),
        reason in proptest::option::of("[ -~]{1,120}"),
        comment in "[ -~é中]{0,200}",
        host in any::<bool>(),
        created in any::<u64>(),
        id in any::<[u8; 16]>(),
        target in any::<[u8; 32]>(),
        challenge in proptest::option::of(any::<[u8; 32]>()),
        evidence in proptest::collection::vec(any::<u8>(), 0..2000),
    ) -> Content {
        let kind = if host { Kind::Host } else { Kind::User };
        Content {
            subject: Subject::try_from(key(1)).unwrap(),
            comment: comment.parse().unwrap(),
            role: role.parse().unwrap(),
            kind,
            principals: principals.map(|list| Principals::parse(&list, kind).unwrap()),
            validity,
            options: vec!["clear".to_owned(), "permit-pty".to_owned()],
            key_id: key_id.map(|text| KeyId::parse(&text).unwrap()),
            claimed: claimed.map(|name| name.parse().unwrap()),
            reason: reason.map(|text| text.parse().unwrap()),
            created,
            id,
            target: Target::from_bytes(target),
            challenge,
            evidence,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(content in contents()) {
        let bytes = content.to_bytes().unwrap();
        prop_assert_eq!(Content::from_bytes(&bytes).unwrap(), content);
    }

    #[test]
    fn what_is_read_has_one_encoding(content in contents(), index in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = content.to_bytes().unwrap();
        *index.get_mut(&mut bytes) = byte;
        if let Ok(read) = Content::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        }
    }
}
