//! What a program's token must say, each thing by itself, and whom it is about.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};

use super::*;
use crate::login::LoginKind;

const ISSUER: &str = "https://token.actions.example.org";
const URL: &str = "https://ca.example.org";
const NOW: u64 = 1_795_400_000;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn set(kid: &str) -> KeySet {
    let key = base64(pair().public_key());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": key, "kid": kid }] });
    KeySet::parse(set.to_string().as_bytes()).unwrap()
}

fn signed(header: &Value, payload: &str) -> String {
    let text = format!("{}.{}", base64(header.to_string()), base64(payload));
    let signature = base64(pair().sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" })
}

/// What GitHub says of a job, with these instead; `null` takes one away.
fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": URL, "sub": "repo:web/site:environment:production",
        "exp": NOW + 300, "iat": NOW - 1, "nbf": NOW - 1, "jti": "1",
        "repository_id": "74", "ref": "refs/heads/main", "environment": "production", "run_number": 12,
    });
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn check(token: &str) -> Result<ProgramToken, ProgramTokenError> {
    let expected = Expected {
        issuer: ISSUER,
        audience: URL,
        now: NOW,
    };
    ProgramToken::check(token, &set("ed"), &expected)
}

fn changed(change: Value) -> Result<ProgramToken, ProgramTokenError> {
    check(&signed(&header(), &claims(change).to_string()))
}

fn program(requester: &str, claims: &[(&str, &str)]) -> Result<Program, ProgramError> {
    let claims = claims.iter();
    let claims: BTreeMap<_, _> = claims
        .map(|(claim, value)| ((*claim).to_owned(), (*value).to_owned()))
        .collect();
    Program::new(requester.parse().unwrap(), claims)
}

fn deploy_web() -> Program {
    let claims = [
        ("repository_id", "74"),
        ("ref", "refs/heads/main"),
        ("environment", "production"),
    ];
    program("deploy-web", &claims).unwrap()
}

/// Who a token with this change is.
fn who(programs: &Programs, change: Value) -> Result<String, NotListed> {
    let token = changed(change).unwrap();
    let login = programs.login(&token, &"ci".parse().unwrap());
    login.map(|(login, _)| login.name().to_string())
}

#[test]
fn a_token_that_fits_says_which_program_it_is() {
    let programs = Programs::new(vec![deploy_web()]);
    let token = changed(json!({})).unwrap();
    let (login, mark) = programs.login(&token, &"ci".parse().unwrap()).unwrap();
    assert_eq!(
        (login.name().as_str(), login.kind(), login.groups()),
        ("deploy-web", LoginKind::Jwt, &[][..])
    );
    assert_eq!(login.subject().unwrap().issuer, ISSUER);
    assert_eq!((token.issued(), token.over_at()), (NOW - 1, NOW + 360));
    assert!(programs.have(&mark, ISSUER, login.name()));
    assert!(!programs.have(&mark, "https://other.example.org", login.name()));
    let narrower = program("deploy-web", &[("repository_id", "74"), ("ref", "a")]).unwrap();
    assert!(!Programs::new(vec![narrower]).have(&mark, ISSUER, login.name()));
    for fits in [
        json!({ "aud": [URL] }),
        json!({ "exp": NOW - 59, "iat": NOW - 400 }),
        json!({ "nbf": NOW + 60, "iat": NOW + 60 }),
        json!({ "nbf": null }),
        json!({ "exp": NOW - 1 + LIFE_MAX }),
    ] {
        assert!(changed(fits.clone()).is_ok(), "{fits}");
    }
    for typ in ["jwt", "JOSE", "at+jwt", "application/at+jwt"] {
        let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": typ });
        assert!(check(&signed(&header, &claims(json!({})).to_string())).is_ok());
    }
}

#[test]
fn each_thing_that_does_not_fit_is_refused() {
    for (change, words) in [
        (
            json!({ "iss": "https://token.actions.example.org/" }),
            "not by",
        ),
        (json!({ "iss": null }), "no claim `iss`"),
        (json!({ "aud": "sts.example.com" }), "for sts.example.com"),
        (json!({ "aud": [URL, "other"] }), "alone is taken"),
        (json!({ "aud": [] }), "alone is taken"),
        (json!({ "aud": null }), "no claim `aud`"),
        (json!({ "aud": { "a": 1 } }), "claim `aud`"),
        (json!({ "aud": "https://CA.example.org" }), "alone is taken"),
        (json!({ "exp": NOW - 60 }), "over since 60 s"),
        (json!({ "exp": null }), "no claim `exp`"),
        (json!({ "exp": "later" }), "claim `exp` is not a time"),
        (json!({ "exp": NOW + LIFE_MAX }), "made for 86401 s"),
        (json!({ "exp": 1e15 }), "is made for"),
        (json!({ "iat": null }), "no claim `iat`"),
        (
            json!({ "iat": NOW + 61, "exp": NOW + 300 }),
            "from 61 s later",
        ),
        (json!({ "nbf": NOW + 61 }), "from 61 s later"),
        (json!({ "sub": null }), "no claim `sub`"),
        (json!({ "sub": "a\nb" }), "claim `sub` is not a text"),
        (json!({ "sub": ["a"] }), "claim `sub` is not a text"),
    ] {
        let refused = changed(change.clone()).unwrap_err();
        assert!(refused.to_string().contains(words), "{change} {refused}");
    }
}

#[test]
fn a_token_is_signed_by_the_one_key_that_it_names_in_that_keys_way() {
    let payload = claims(json!({})).to_string();
    let refused = |header: &Value| {
        let refused = check(&signed(header, &payload)).unwrap_err();
        crate::wire::chain(&refused)
    };
    for algorithm in ["none", "HS256", "RS512", "eddsa"] {
        let words = refused(&json!({ "alg": algorithm, "kid": "ed" }));
        assert!(words.contains("an algorithm that is not taken"), "{words}");
    }
    // The public key as the secret of a MAC.
    let text = format!(
        "{}.{}",
        base64(r#"{"alg":"HS256","kid":"ed"}"#),
        base64(&payload)
    );
    let secret = hmac::Key::new(hmac::HMAC_SHA256, pair().public_key().as_ref());
    let tag = base64(hmac::sign(&secret, text.as_bytes()));
    assert!(check(&format!("{text}.{tag}")).is_err());
    let unknown = check(&signed(&json!({ "alg": "EdDSA", "kid": "new" }), &payload)).unwrap_err();
    assert!(unknown.lacks_key() && unknown.to_string().contains("no key new"));
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt"] {
        let header = json!({ "alg": "EdDSA", "kid": "ed", "typ": typ });
        assert!(refused(&header).contains(typ));
    }
    let critical = json!({ "alg": "EdDSA", "kid": "ed", "crit": ["b64"], "b64": false });
    assert!(refused(&critical).contains("critical"));
    let good = signed(&header(), &payload);
    for bad in [
        &good[..good.len() - 2],
        &good[..good.rfind('.').unwrap()],
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        "",
        "..",
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
    let long = claims(json!({ "more": "a".repeat(1 << 20) })).to_string();
    let long = check(&signed(&header(), &long)).unwrap_err();
    assert!(crate::wire::chain(&long).contains("are the most"), "{long}");
    for twice in [
        payload.replacen('{', "{\"repository_id\":\"75\",", 1),
        payload.replacen('{', "{\"more\":{\"a\":1,\"a\":2},", 1),
    ] {
        let twice = check(&signed(&header(), &twice)).unwrap_err();
        let words = crate::wire::chain(&twice);
        assert!(words.contains("stands twice"), "{words}");
    }
}

/// ECDSA knows two signatures for each.
#[test]
fn a_token_is_the_same_one_however_its_signature_is_written() {
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random);
    let key = key.unwrap();
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let set = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y) }] });
    let set = KeySet::parse(set.to_string().as_bytes()).unwrap();
    let text = format!(
        "{}.{}",
        base64(r#"{"alg":"ES256"}"#),
        base64(claims(json!({})).to_string())
    );
    let expected = Expected {
        issuer: ISSUER,
        audience: URL,
        now: NOW,
    };
    let signature = key.sign(&random, text.as_bytes()).unwrap();
    let other = [
        &signature.as_ref()[..32],
        &negated(&signature.as_ref()[32..]),
    ]
    .concat();
    assert_ne!(signature.as_ref(), other);
    let marks = [signature.as_ref(), &other].map(|signature| {
        let token = format!("{text}.{}", base64(signature));
        *ProgramToken::check(&token, &set, &expected).unwrap().mark()
    });
    assert_eq!(marks[0], marks[1]);
    let another = changed(json!({ "jti": "2" })).unwrap();
    assert_ne!(another.mark(), changed(json!({})).unwrap().mark());
}

/// What is left of the order of P-256's group (FIPS 186-4, D.1.2.3).
fn negated(number: &[u8]) -> Vec<u8> {
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order = base16ct::lower::decode_vec(order).unwrap();
    let mut borrow = 0_i16;
    let mut left = vec![0; 32];
    for at in (0..32).rev() {
        let digit = i16::from(order[at]) - i16::from(number[at]) - borrow;
        borrow = i16::from(digit < 0);
        left[at] = u8::try_from(digit.rem_euclid(256)).unwrap();
    }
    left
}

#[test]
fn all_claims_must_be_equal_letter_by_letter_and_are_no_patterns() {
    let programs = Programs::new(vec![deploy_web()]);
    assert_eq!(who(&programs, json!({})).unwrap(), "deploy-web");
    for change in [
        json!({ "ref": "refs/pull/7/merge" }),
        json!({ "ref": "refs/heads/Main" }),
        json!({ "ref": "refs/heads/main " }),
        json!({ "repository_id": "75" }),
        json!({ "repository_id": 74 }),
        json!({ "repository_id": ["74"] }),
        json!({ "environment": null }),
        json!({ "environment": true }),
    ] {
        let refused = who(&programs, change.clone());
        assert!(matches!(refused, Err(NotListed::None(_))), "{change}");
    }
    let star = program("any", &[("repository_id", "74"), ("ref", "*")]).unwrap();
    let refused = who(&Programs::new(vec![star]), json!({})).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("repo:web/site:environment:production")
    );
}

#[test]
fn a_token_about_two_programs_is_about_none() {
    let wide = program("deploy", &[("repository_id", "74")]).unwrap();
    let both = Programs::new(vec![deploy_web(), wide.clone()]);
    let refused = who(&both, json!({})).unwrap_err();
    assert!(
        refused.to_string().contains("deploy-web and deploy"),
        "{refused}"
    );
    assert_eq!(who(&both, json!({ "ref": "x" })).unwrap(), "deploy");
    let same = program(
        "deploy-web",
        &[("sub", "repo:web/site:environment:production")],
    )
    .unwrap();
    let twice = Programs::new(vec![deploy_web(), same]);
    assert_eq!(who(&twice, json!({})).unwrap(), "deploy-web");
    assert!(wide.takes_all_of(&deploy_web()) && !deploy_web().takes_all_of(&wide));
}

#[test]
fn a_program_is_known_by_what_nobody_else_gets() {
    for (claims, fault) in [
        (&[][..], ProgramError::NoStableId),
        (&[("repository", "web/site")], ProgramError::NoStableId),
        (&[("Sub", "a")], ProgramError::NoStableId),
        (&[("sub", "")], ProgramError::Empty("sub".to_owned())),
        (
            &[("sub", "a"), ("", "b")],
            ProgramError::Empty(String::new()),
        ),
    ] {
        assert_eq!(program("web", claims), Err(fault));
    }
    for id in ["repository_id", "project_id", "sub"] {
        assert!(program("web", &[(id, "1")]).is_ok());
    }
    assert_eq!(
        program("Operator", &[("sub", "a")]),
        Err(ProgramError::Operator)
    );
    let many: Vec<_> = (0..=32)
        .map(|at| (format!("c{at}"), "1".to_owned()))
        .collect();
    let many = Program::new("web".parse().unwrap(), many.into_iter().collect());
    assert_eq!(many, Err(ProgramError::TooMany));
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in "\\PC{0,200}") {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn no_change_of_a_byte_passes(at in 0_usize..1000, byte in any::<u8>()) {
        let good = signed(&header(), &claims(json!({})).to_string());
        let mut bytes = good.into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(check(&text).is_err(), "{}", text);
        }
    }

    #[test]
    fn whatever_else_a_token_says_it_is_nobody_but_whom_its_claims_are(
        name in "[a-z_]{1,14}", value in "\\PC{0,12}"
    ) {
        if let Ok(token) = changed(json!({ (name): value })) {
            let programs = Programs::new(vec![deploy_web()]);
            if let Ok((login, _)) = programs.login(&token, &"ci".parse().unwrap()) {
                prop_assert_eq!(login.name().as_str(), "deploy-web");
            }
        }
    }
}
