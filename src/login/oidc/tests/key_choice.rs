//! Which key of a set a token is checked by, and what is no set.

use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::super::*;
use super::{base64, claims, ed25519, expected, signed};
use crate::login::jws::JwsError;

fn of_key(error: KeyChoiceError) -> IdTokenError {
    TokenError::Key(error).into()
}

#[test]
fn a_key_that_is_for_another_algorithm_or_not_the_only_one_checks_nothing() {
    let (x, header) = (base64(ed25519().public_key()), json!({ "alg": "EdDSA" }));
    let random = ring::rand::SystemRandom::new();
    let other = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let other = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, other.as_ref(), &random);
    let other = other.unwrap();
    let (px, py) = other.public_key().as_ref()[1..].split_at(32);
    let p256 = json!({ "kty": "EC", "crv": "P-256", "x": base64(px), "y": base64(py), "kid": "p", "alg": "ES256" });
    let ed = |kid: &str, alg: &str| json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": alg });
    let check = |keys: &[Value], header: &Value| {
        let set = json!({ "keys": keys }).to_string();
        let set = KeySet::parse(set.as_bytes()).unwrap();
        IdToken::check(&signed(header, &claims().to_string()), &set, &expected())
    };
    assert_eq!(
        check(&[ed("a", "ES256")], &header),
        Err(of_key(KeyChoiceError::Algorithm))
    );
    let two = [ed("a", "EdDSA"), ed("a", "EdDSA")];
    assert_eq!(check(&two, &header), Err(of_key(KeyChoiceError::Several)));
    assert!(check(&[p256.clone(), ed("a", "EdDSA")], &header).is_ok());
    let confused = json!({ "alg": "ES256", "kid": "p" });
    assert!(matches!(
        check(&[p256], &confused),
        Err(IdTokenError::Token(TokenError::Jws(JwsError::Signature(_))))
    ));
}

#[test]
fn a_set_of_keys_is_bounded_and_has_one_of_use() {
    let parse = |text: &str| KeySet::parse(text.as_bytes());
    assert_eq!(parse(r#"{"keys":[]}"#), Err(KeySetError::None));
    assert_eq!(
        parse(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#),
        Err(KeySetError::None)
    );
    assert_eq!(parse(&" ".repeat((1 << 20) + 1)), Err(KeySetError::TooLong));
    let many = json!({ "keys": vec![json!({}); 101] }).to_string();
    assert_eq!(parse(&many), Err(KeySetError::TooMany(101)));
    for text in ["", "[]", "{}", r#"{"keys":[],"keys":[]}"#, "<html>"] {
        assert!(matches!(parse(text), Err(KeySetError::Json(_))), "{text}");
    }
}
