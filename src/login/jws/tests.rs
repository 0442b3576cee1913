//! The vectors of the RFCs, and what must not be read.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn key(value: Value) -> Jwk {
    serde_json::from_value(value).unwrap()
}

/// RFC 8037, appendix A.2.
fn ed25519() -> Jwk {
    key(json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    // RFC 7638, 3.1.
    let rsa = key(json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }));
    assert_eq!(
        rsa.thumbprint().to_string(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(
        (rsa.id(), rsa.algorithm()),
        (Some("2011-04-29"), Some("RS256"))
    );
    // RFC 8037, appendix A.3.
    let thumbprint = ed25519().thumbprint();
    assert_eq!(
        thumbprint.to_string(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(thumbprint.to_string().parse(), Ok(thumbprint));
    assert_eq!("kPrK".parse::<Thumbprint>(), Err(ThumbprintError));
    // RFC 9449, 6.1 and 4.1.
    assert_eq!(
        p256().thumbprint().to_string(),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
}

/// The key of RFC 9449, 4.1.
fn p256() -> Jwk {
    key(json!({
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }))
}

/// RFC 9449, 4.1.
const RFC_PROOF: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

#[test]
fn a_proof_of_the_rfc_verifies_by_its_own_key_and_algorithm_alone() {
    let jws = Jws::parse(RFC_PROOF, 2048).unwrap();
    let claims: Value = jws.verify("ES256", &p256()).unwrap();
    assert_eq!(claims["htm"], "POST");
    for (algorithm, key) in [
        ("EdDSA", p256()),
        ("RS256", p256()),
        ("ES256", ed25519()),
        ("ES384", p256()),
    ] {
        let refused = jws.verify::<Value>(algorithm, &key).unwrap_err();
        assert!(
            matches!(
                refused,
                JwsError::Signature(SignatureError::Algorithm { .. })
            ),
            "{algorithm} {refused}"
        );
    }
    for algorithm in ["none", "None", "HS256", "ES512", "es256", ""] {
        let refused = jws.verify::<Value>(algorithm, &p256()).unwrap_err();
        assert_eq!(refused, JwsError::Algorithm, "{algorithm}");
    }
}

#[test]
fn the_signature_of_rfc_8037_verifies_and_its_payload_is_no_json() {
    // Appendix A.4 and A.5; the payload is a sentence.
    const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let jws = Jws::parse(TOKEN, 2048).unwrap();
    let refused = jws.verify::<Value>("EdDSA", &ed25519()).unwrap_err();
    assert!(
        matches!(
            refused,
            JwsError::Json {
                part: "payload",
                ..
            }
        ),
        "{refused}"
    );
    let other = TOKEN.replace("RXhh", "RXhi");
    let refused = Jws::parse(&other, 2048)
        .unwrap()
        .verify::<Value>("EdDSA", &ed25519());
    assert_eq!(refused, Err(JwsError::Signature(SignatureError::Mismatch)));
}

#[test]
fn what_is_no_token_is_told_before_anything_is_read() {
    assert_eq!(
        Jws::parse(RFC_PROOF, 100),
        Err(JwsError::TooLong {
            bytes: RFC_PROOF.len(),
            limit: 100
        })
    );
    // Padded, standard Base64, four parts, two, and a last character with bits that mean nothing.
    for text in [
        "",
        ".",
        "e30.e30",
        "e30.e30.e30.e30",
        "e30=.e30.e30",
        "e3/.e30.e30",
        "e31.e30.e30",
        "e30. e30.e30",
    ] {
        assert_eq!(Jws::parse(text, 2048), Err(JwsError::Form), "{text}");
    }
}

#[test]
fn a_member_that_stands_twice_is_refused_at_each_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"b":[{"a":1,"a":2}]}"#,
        r#"{"a":1,"\u0061":2}"#,
    ] {
        let refused = strict::<Value>(text.as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), "a member stands twice", "{text}");
    }
    for text in [
        "",
        "{",
        "{}{}",
        "{} x",
        "[1,]",
        "\u{feff}{}",
        "nan",
        "1e999",
    ] {
        assert!(strict::<Value>(text.as_bytes()).is_err(), "{text}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(strict::<Value>(deep(8).as_bytes()).is_ok());
    let refused = strict::<Value>(deep(9).as_bytes()).unwrap_err();
    assert_eq!(refused.to_string(), "more than 8 levels deep");
    let refused = strict::<Value>(deep(100_000).as_bytes()).unwrap_err();
    assert_eq!(refused.to_string(), "more than 8 levels deep");
}

#[test]
fn a_key_says_what_it_is_and_is_nothing_else() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    for (value, fault) in [
        (json!({"kty": "oct", "k": "AAAA"}), JwkError::Kind),
        (
            json!({"kty": "OKP", "crv": "X25519", "x": x}),
            JwkError::Kind,
        ),
        (
            json!({"kty": "EC", "crv": "P-521", "x": x, "y": x}),
            JwkError::Kind,
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": x}),
            JwkError::Private,
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": x, "use": "enc"}),
            JwkError::Use,
        ),
        (json!({"kty": "OKP", "crv": "Ed25519"}), JwkError::Number),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
            JwkError::Number,
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": x}),
            JwkError::Number,
        ),
        (
            json!({"kty": "EC", "crv": "P-384", "x": x, "y": x}),
            JwkError::Number,
        ),
        (
            json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
            JwkError::Size,
        ),
        (
            json!({"kty": "RSA", "n": "_".repeat(400), "e": ""}),
            JwkError::Number,
        ),
        (
            json!({"kty": "RSA", "n": "_".repeat(2000), "e": "AQAB"}),
            JwkError::Number,
        ),
    ] {
        let refused = serde_json::from_value::<Jwk>(value.clone()).unwrap_err();
        assert_eq!(refused.to_string(), fault.to_string(), "{value}");
    }
}

proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in ".{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _any = Jws::parse(&text, 2048);
        let _any = strict::<Value>(&bytes);
        let _any = strict::<Jwk>(text.as_bytes());
    }

    #[test]
    fn one_character_of_a_token_more_or_less_is_another_token(place in 0..RFC_PROOF.len()) {
        let mut bytes = RFC_PROOF.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(bytes).unwrap();
        let claims = Jws::parse(&text, 2048).and_then(|jws| jws.verify::<Value>("ES256", &p256()));
        prop_assert!(claims.is_err(), "{text}");
    }
}
