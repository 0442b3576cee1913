//! Answers of enrolled keys, and what opens nothing.

use proptest::prelude::*;
use ssh_key::LineEnding;
use ssh_key::private::{Ed25519Keypair, KeypairData, PrivateKey};

use super::*;
use crate::login::jws::Jwk;
use crate::wire::verify::SignatureError;

const URL: &str = "https://ca.example.org";
const NOW: u64 = 1_800_000_000;

fn private(seed: u8) -> PrivateKey {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::new(KeypairData::Ed25519(pair), "").unwrap()
}

fn session(seed: u8) -> Thumbprint {
    Jwk::ed25519([seed; 32]).thumbprint()
}

fn challenge() -> KeyChallenge {
    KeyChallenge::new(URL, "login-1", &[5; 32], &session(1)).unwrap()
}

fn signed(namespace: &str, hash: HashAlg, challenge: &KeyChallenge) -> String {
    let signature = SshSig::sign(&private(1), namespace, hash, challenge.as_bytes()).unwrap();
    signature.to_pem(LineEnding::LF).unwrap()
}

fn check(armour: &str, challenge: &KeyChallenge) -> Result<Login, KeyAnswerError> {
    let answer = KeyAnswer::parse(armour)?;
    assert_eq!(answer.key(), private(1).public_key().key_data());
    answer.check(
        challenge,
        "peter".parse().unwrap(),
        "keys".parse().unwrap(),
        NOW,
    )
}

#[test]
fn the_text_names_server_login_challenge_and_session_key() {
    let text = String::from_utf8(challenge().as_bytes().to_vec()).unwrap();
    assert_eq!(
        text,
        "punchmark login 1\nhttps://ca.example.org\nlogin-1\n\
         BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU\n"
            .to_owned()
            + &session(1).to_string()
            + "\n"
    );
}

#[test]
fn whoever_signed_is_who_the_key_is_enrolled_for() {
    let login = check(&signed(NAMESPACE, HASH, &challenge()), &challenge()).unwrap();
    assert_eq!(login.name().as_str(), "peter");
    assert_eq!(login.method().as_str(), "keys");
    assert_eq!(
        (login.kind(), login.authenticated_at()),
        (LoginKind::Key, Some(NOW))
    );
    assert_eq!(login.kind().as_str(), "key");
    assert!(login.groups().is_empty() && login.amr().is_empty());
    assert_eq!((login.subject(), login.acr()), (None, None));
}

#[test]
fn an_answer_for_something_else_opens_nothing() {
    let right = signed(NAMESPACE, HASH, &challenge());
    for other in [
        KeyChallenge::new("https://ca.example.com", "login-1", &[5; 32], &session(1)),
        KeyChallenge::new(URL, "login-2", &[5; 32], &session(1)),
        KeyChallenge::new(URL, "login-1", &[6; 32], &session(1)),
        KeyChallenge::new(URL, "login-1", &[5; 32], &session(2)),
    ] {
        let fault = DetachedError::Signature(SignatureError::Mismatch);
        assert_eq!(check(&right, &other.unwrap()), Err(fault.into()));
    }
    for (namespace, hash) in [
        ("request@punchmark", HASH),
        ("file", HASH),
        (NAMESPACE, HashAlg::Sha256),
    ] {
        let refused = check(&signed(namespace, hash, &challenge()), &challenge());
        assert_eq!(
            refused,
            Err(DetachedError::Form.into()),
            "{namespace} {hash}"
        );
    }
}

#[test]
fn what_is_no_signature_is_none() {
    let right = signed(NAMESPACE, HASH, &challenge());
    let cut = right.replacen("U1NIU0lH", "", 1);
    for text in ["", "x", &cut, &"x".repeat(16 * 1024 + 1)] {
        assert_eq!(KeyAnswer::parse(text), Err(KeyAnswerError::Form));
    }
}

#[test]
fn a_line_stays_one() {
    let long = "a".repeat(2049);
    for line in ["", "a\nb", "a b", "\u{e4}", &long] {
        for (url, login, name) in [(line, "login", "URL"), (URL, line, "id")] {
            let refused = KeyChallenge::new(url, login, &[5; 32], &session(1));
            assert_eq!(refused, Err(KeyChallengeError(name)), "{line:?}");
        }
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in ".{0,300}") {
        prop_assert!(KeyAnswer::parse(&text).is_err());
    }
}
