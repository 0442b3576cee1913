//! Proofs made and checked, and each way in which one shows nothing.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::claims::hash_of;
use super::*;
use crate::login::jws::JwsError;

const URL: &str = "https://ca.example.org/v1/session";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const NOW: u64 = 1_800_000_000;

fn key(seed: u8) -> SessionKey {
    SessionKey::from_seed(&[seed; 32])
}

fn proof(token: Option<&str>, nonce: Option<&str>) -> String {
    key(1).prove(("GET", URL), token, nonce, &[7; 16], NOW)
}

fn expected<'a>(token: Option<&'a str>) -> Expected<'a> {
    Expected {
        method: "GET",
        url: URL,
        token,
        key: None,
    }
}

fn check(proof: &str, expected: &Expected<'_>) -> Result<Proof, DpopError> {
    Proof::check(proof, expected, |nonce| nonce == "fresh")
}

#[test]
fn a_proof_shows_its_key_for_one_request() {
    let checked = check(&proof(None, Some("fresh")), &expected(None)).unwrap();
    assert_eq!(*checked.key(), key(1).thumbprint());
    assert_eq!((checked.nonce(), checked.id().len()), ("fresh", 22));
    let bound = key(1).thumbprint();
    let with_token = Expected {
        key: Some(&bound),
        ..expected(Some(TOKEN))
    };
    check(&proof(Some(TOKEN), Some("fresh")), &with_token).unwrap();
    assert_eq!(SessionKey::from_seed(&key(1).seed()).thumbprint(), bound);
}

#[test]
fn the_hash_of_a_token_is_that_of_the_rfc() {
    // RFC 9449, 7.1.
    assert_eq!(
        hash_of(TOKEN),
        "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    );
}

#[test]
fn each_mismatch_has_its_name() {
    let plain = proof(None, Some("fresh"));
    let shown = proof(Some(TOKEN), Some("fresh"));
    let none = expected(None);
    let other = key(2).thumbprint();
    for (proof, expected, fault) in [
        (
            &plain,
            Expected {
                method: "POST",
                ..none
            },
            DpopError::Method("POST".to_owned()),
        ),
        (
            &plain,
            Expected {
                method: "get",
                ..none
            },
            DpopError::Method("get".to_owned()),
        ),
        (
            &plain,
            Expected {
                url: "https://ca/",
                ..none
            },
            DpopError::Url("https://ca/".to_owned()),
        ),
        (
            &plain,
            Expected {
                token: Some(TOKEN),
                ..none
            },
            DpopError::Token,
        ),
        (&shown, none, DpopError::Token),
        (
            &shown,
            Expected {
                token: Some("another"),
                ..none
            },
            DpopError::Token,
        ),
        (
            &plain,
            Expected {
                key: Some(&other),
                ..none
            },
            DpopError::Key,
        ),
        (&proof(None, None), none, DpopError::Nonce),
        (&proof(None, Some("stale")), none, DpopError::Nonce),
    ] {
        assert_eq!(check(proof, &expected), Err(fault));
    }
    // The nonce comes last: whoever lacks one for another fault is not told to ask again.
    let wrong = Expected {
        method: "POST",
        ..none
    };
    assert!(matches!(
        check(&proof(None, None), &wrong),
        Err(DpopError::Method(_))
    ));
}

/// A token of these parts, signed by a session's key.
fn signed(header: &Value, claims: &str) -> String {
    let base64 = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let text = format!("{}.{}", base64(&header.to_string()), base64(claims));
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
    let signature: ssh_key::Signature = signature::Signer::sign(&pair, text.as_bytes());
    format!(
        "{text}.{}",
        Base64UrlUnpadded::encode_string(signature.as_bytes())
    )
}

fn header() -> Value {
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
    let x = Base64UrlUnpadded::encode_string(&pair.public.0);
    json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}})
}

const CLAIMS: &str = r#"{"htm":"GET","htu":"https://ca.example.org/v1/session","iat":1,"jti":"0123456789abcdef","nonce":"fresh"}"#;

#[test]
fn a_header_is_the_one_that_is_taken() {
    check(&signed(&header(), CLAIMS), &expected(None)).unwrap();
    for (member, value) in [("typ", "JWT"), ("alg", "ES256"), ("alg", "none")] {
        let mut other = header();
        other[member] = value.into();
        let refused = check(&signed(&other, CLAIMS), &expected(None));
        assert_eq!(refused, Err(DpopError::Header), "{member} {value}");
    }
    for (member, value) in [("kty", "EC"), ("crv", "X25519"), ("x", "AAAA"), ("x", "?")] {
        let mut other = header();
        other["jwk"][member] = value.into();
        let refused = check(&signed(&other, CLAIMS), &expected(None));
        assert_eq!(refused, Err(DpopError::Header), "{member} {value}");
    }
    let mut private = header();
    private["jwk"]["d"] = "AAAA".into();
    let mut critical = header();
    critical["crit"] = json!(["b64"]);
    for other in [private, critical] {
        let refused = check(&signed(&other, CLAIMS), &expected(None)).unwrap_err();
        assert!(matches!(
            refused,
            DpopError::Jws(JwsError::Json { part: "header", .. })
        ));
    }
}

#[test]
fn claims_are_exactly_those_that_mean_something() {
    for (from, to) in [
        (r#""iat":1"#, r#""iat":1,"exp":2"#),
        (r#""iat":1"#, r#""iat":1,"iat":1"#),
        (r#""iat":1"#, r#""iat":"1""#),
        (r#""iat":1,"#, ""),
        (r#""htm":"GET","#, ""),
        (r#""htm":"GET""#, r#""htm":["GET"]"#),
    ] {
        let claims = CLAIMS.replace(from, to);
        assert_ne!(claims, CLAIMS);
        let refused = check(&signed(&header(), &claims), &expected(None)).unwrap_err();
        assert!(
            matches!(
                refused,
                DpopError::Jws(JwsError::Json {
                    part: "payload",
                    ..
                })
            ),
            "{to}"
        );
    }
    for id in [
        "0123456789abcde",
        &"a".repeat(65),
        "0123456789abcde\u{e4}",
        "0123456789 abcdef",
    ] {
        let claims = CLAIMS.replace("0123456789abcdef", id);
        assert_eq!(
            check(&signed(&header(), &claims), &expected(None)),
            Err(DpopError::Id),
            "{id}"
        );
    }
}

#[test]
fn the_example_of_the_rfc_is_by_a_key_that_is_not_taken() {
    let p256 = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {
        "kty": "EC", "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    }});
    let refused = check(&signed(&p256, CLAIMS), &expected(None)).unwrap_err();
    assert!(matches!(
        refused,
        DpopError::Jws(JwsError::Json { part: "header", .. })
    ));
}

#[test]
fn a_url_is_that_of_the_server_and_a_path() {
    for server in ["https://ca.example.org", "https://ca.example.org/"] {
        assert_eq!(url_of(server, "/v1/session"), URL);
    }
}

#[test]
fn a_session_key_is_not_printed() {
    assert_eq!(
        format!("{:?}", key(1)),
        format!("SessionKey({})", key(1).thumbprint())
    );
}

proptest! {
    #[test]
    fn what_was_made_for_one_request_is_taken_for_no_other(
        method in "GET|POST|DELETE", path in "/v1/[a-z]{1,9}", token in proptest::option::of("[a-z]{9}"),
        other in "/v1/[a-z]{1,9}",
    ) {
        let url = url_of("https://ca", &path);
        let proof = key(3).prove((&method, &url), token.as_deref(), Some("fresh"), &[1; 16], NOW);
        let right = Expected { method: &method, url: &url, token: token.as_deref(), key: None };
        prop_assert!(check(&proof, &right).is_ok());
        let other = url_of("https://ca", &other);
        let refused = check(&proof, &Expected { url: &other, ..right });
        prop_assert_eq!(refused.is_ok(), other == url);
    }

    #[test]
    fn anything_is_checked_without_a_panic(text in "[A-Za-z0-9._-]{0,300}") {
        let refused = check(&text, &expected(None));
        prop_assert!(matches!(refused, Err(DpopError::Jws(_))), "{refused:?}");
    }
}
