//! What a logout token must say, each thing by itself, and whom it is about.

use serde_json::{Value, json};

use super::super::tests::{ISSUER, NOW, keys, signed};
use super::*;
use crate::login::jws::JwsError;
use crate::login::oidc::{Expected, IdToken, IdTokenError, KeyChoiceError};

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "ed", "typ": "logout+jwt" })
}

fn claims_with(change: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "punchmark", "sub": "248289761001", "sid": "s-1", "jti": "j-1",
        "iat": NOW - 1, "exp": NOW + 119, "events": { EVENT: {} },
    });
    let claims_of = claims.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::String(text) if text == "left out" => claims_of.remove(name),
            value => claims_of.insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn check(token: &str, now: u64) -> Result<LogoutToken, LogoutTokenError> {
    let expected = ExpectedLogout {
        issuer: ISSUER,
        client_id: "punchmark",
        now,
    };
    LogoutToken::check(token, &keys(), &expected)
}

fn changed(change: &Value) -> Result<LogoutToken, LogoutTokenError> {
    check(&signed(&header(), &claims_with(change).to_string()), NOW)
}

fn somebody(subject: &str) -> LoginSubject {
    LoginSubject {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
    }
}

#[test]
fn a_token_that_fits_says_whose_sessions_end() {
    let token = changed(&json!({})).unwrap();
    assert_eq!(
        (token.id(), token.counts_until()),
        ("j-1", NOW + 119 + TOLERANCE)
    );
    for (change, [its, anothers_of_theirs, unnamed, anothers]) in [
        (json!({}), [true, false, true, false]),
        (json!({ "sid": "left out" }), [true, true, true, false]),
        // Without a subject, the session's own name alone says whose it is.
        (json!({ "sub": "left out" }), [true, false, false, true]),
        (json!({ "sub": null }), [true, false, false, true]),
    ] {
        let token = changed(&change).unwrap();
        let is = |subject, session| token.who().is(&somebody(subject), session);
        let found = [
            is("248289761001", Some("s-1")),
            is("248289761001", Some("s-2")),
            is("248289761001", None),
            is("1", Some("s-1")),
        ];
        assert_eq!(
            found,
            [its, anothers_of_theirs, unnamed, anothers],
            "{change}"
        );
        let mut elsewhere = somebody("248289761001");
        elsewhere.issuer = "https://other.example".to_owned();
        assert!(!token.who().is(&elsewhere, Some("s-1")));
    }
}

#[test]
fn each_thing_that_does_not_fit_is_refused() {
    let gone = "left out";
    for (change, words) in [
        (
            json!({ "iss": "https://id.example.org/" }),
            "by \"https://id.example.org/\"",
        ),
        (json!({ "iss": gone }), "no claim `iss`"),
        (json!({ "aud": "other" }), "another client"),
        (json!({ "aud": ["punchmark", "other"] }), "another client"),
        (json!({ "aud": gone }), "no claim `aud`"),
        (json!({ "iat": gone }), "no claim `iat`"),
        (json!({ "iat": NOW + 61 }), "from 61 s later"),
        (json!({ "nbf": NOW + 61 }), "from 61 s later"),
        (json!({ "exp": gone }), "no claim `exp`"),
        (json!({ "exp": NOW - 60 }), "over since 60 s"),
        (
            json!({ "iat": NOW - 660, "exp": NOW + 9_000_000 }),
            "made 660 s ago",
        ),
        (json!({ "jti": gone }), "no claim `jti`"),
        (json!({ "jti": "" }), "claim `jti`"),
        (json!({ "jti": 7 }), "claim `jti`"),
        (json!({ "events": gone }), "tells of no logout"),
        (json!({ "events": [] }), "tells of no logout"),
        (json!({ "events": EVENT }), "tells of no logout"),
        (json!({ "events": { EVENT: true } }), "tells of no logout"),
        (
            json!({ "events": { "https://other.example": {} } }),
            "tells of no logout",
        ),
        (json!({ "nonce": "n-1" }), "has a `nonce`"),
        (json!({ "nonce": null }), "has a `nonce`"),
        (
            json!({ "sub": gone, "sid": gone }),
            "neither `sid` nor `sub`",
        ),
        (json!({ "sub": "" }), "claim `sub`"),
        (json!({ "sub": "ä" }), "255 printable ASCII"),
        (json!({ "sid": 7 }), "claim `sid`"),
        (json!({ "sid": "" }), "claim `sid`"),
    ] {
        let refused = changed(&change).unwrap_err();
        assert!(refused.to_string().contains(words), "{change} {refused}");
    }
}

#[test]
fn a_token_counts_for_as_long_as_its_id_is_remembered() {
    let token = signed(
        &header(),
        &claims_with(&json!({ "iat": NOW - 500, "exp": NOW + 9_000 })).to_string(),
    );
    let until = check(&token, NOW).unwrap().counts_until();
    assert_eq!(until, NOW - 500 + AGE_MAX + TOLERANCE);
    assert!(check(&token, until - 1).is_ok());
    assert!(matches!(
        check(&token, until),
        Err(LogoutTokenError::TooOld(_))
    ));
    let soon = signed(&header(), &claims_with(&json!({})).to_string());
    let until = check(&soon, NOW).unwrap().counts_until();
    assert!(check(&soon, until - 1).is_ok());
    assert!(check(&soon, until).is_err());
}

#[test]
fn a_logout_token_and_an_id_token_are_never_taken_for_one_another() {
    let logout = claims_with(&json!({ "nonce": "n-1" })).to_string();
    let expected = Expected {
        issuer: ISSUER,
        client_id: "punchmark",
        nonce: "n-1",
        max_age: None,
        now: NOW,
    };
    let as_id = IdToken::check(&signed(&header(), &logout), &keys(), &expected);
    assert!(
        matches!(as_id, Err(IdTokenError::Token(TokenError::Type { .. }))),
        "{as_id:?}"
    );
    let id = json!({
        "iss": ISSUER, "aud": "punchmark", "sub": "1", "sid": "s-1", "jti": "j-2",
        "iat": NOW, "exp": NOW + 300,
    });
    let plain = json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" });
    let as_logout = check(&signed(&plain, &id.to_string()), NOW);
    assert_eq!(as_logout, Err(LogoutTokenError::Event));
}

#[test]
fn a_token_is_signed_by_a_key_of_the_providers_and_calls_itself_nothing_else() {
    let payload = claims_with(&json!({})).to_string();
    let of = |header: &Value| check(&signed(header, &payload), NOW);
    for fits in [
        json!({ "alg": "EdDSA" }),
        json!({ "alg": "EdDSA", "typ": "JWT" }),
        json!({ "alg": "EdDSA", "typ": "Logout+JWT" }),
    ] {
        assert!(of(&fits).is_ok(), "{fits}");
    }
    for (header, fault) in [
        (
            json!({ "alg": "none" }),
            TokenError::Jws(JwsError::Algorithm),
        ),
        (
            json!({ "alg": "HS256" }),
            TokenError::Jws(JwsError::Algorithm),
        ),
        (
            json!({ "alg": "EdDSA", "crit": ["exp"] }),
            TokenError::Critical,
        ),
        (
            json!({ "alg": "EdDSA", "kid": "new" }),
            TokenError::Key(KeyChoiceError::Unknown(Some("new".to_owned()))),
        ),
        (
            json!({ "alg": "EdDSA", "typ": "at+jwt" }),
            TokenError::Type {
                found: "at+jwt".to_owned(),
                wanted: "logout+jwt or JWT".to_owned(),
            },
        ),
    ] {
        assert_eq!(of(&header), Err(LogoutTokenError::Token(fault)));
    }
    let good = signed(&header(), &payload);
    for wrong in [&good[..good.len() - 2], "", "a.b.c", "a"] {
        let refused = check(wrong, NOW).unwrap_err();
        assert!(matches!(
            refused,
            LogoutTokenError::Token(TokenError::Jws(_))
        ));
    }
    let twice = payload.replacen('{', "{\"sub\":\"1\",", 1);
    let refused = check(&signed(&header(), &twice), NOW).unwrap_err();
    assert!(matches!(
        refused,
        LogoutTokenError::Token(TokenError::Jws(JwsError::Json { .. }))
    ));
}
