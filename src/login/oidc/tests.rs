//! What an ID token must say, each thing by itself.

mod key_choice;

use proptest::prelude::*;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;
use crate::login::jws::JwsError;
use base64ct::{Base64UrlUnpadded, Encoding as _};

pub(super) const ISSUER: &str = "https://id.example.org";
pub(super) const NOW: u64 = 1_795_400_000;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// The provider's Ed25519 key, as `ed`, beside one that no signature is checked by.
pub(super) fn keys() -> KeySet {
    let key = base64(ed25519().public_key());
    let set = json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "x": key, "kid": "ed", "use": "sig" },
        { "kty": "oct", "k": "AAAA", "kid": "secret" },
    ] });
    KeySet::parse(set.to_string().as_bytes()).unwrap()
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        client_id: "punchmark",
        nonce: "n-1",
        max_age: None,
        now: NOW,
    }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "punchmark", "sub": "248289761001", "nonce": "n-1",
        "exp": NOW + 300, "iat": NOW - 1, "auth_time": NOW - 100,
        "preferred_username": "peter", "groups": ["engineers", "on call"],
    })
}

/// The claims with these instead; `null` takes one away.
fn claims_with(change: Value) -> Value {
    let mut claims = claims();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

pub(super) fn signed(header: &Value, payload: &str) -> String {
    let text = format!("{}.{}", base64(header.to_string()), base64(payload));
    let signature = base64(ed25519().sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn header() -> Value {
    json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" })
}

fn token(claims: &Value) -> String {
    signed(&header(), &claims.to_string())
}

fn check(token: &str) -> Result<IdToken, IdTokenError> {
    IdToken::check(token, &keys(), &expected())
}

fn changed(change: Value) -> Result<IdToken, IdTokenError> {
    check(&token(&claims_with(change)))
}

fn identity(change: Value, userinfo: Option<&[u8]>) -> Result<Identity, ClaimError> {
    let mapping = Mapping {
        requester: "preferred_username",
        groups: Some("groups"),
    };
    changed(change).unwrap().identity(mapping, userinfo)
}

#[test]
fn a_token_that_fits_says_who_it_is() {
    let found = identity(json!({ "amr": ["hwk"], "acr": "2" }), None).unwrap();
    assert_eq!(found.name.as_str(), "peter");
    assert_eq!(found.subject.issuer, ISSUER);
    assert_eq!(found.subject.subject, "248289761001");
    assert_eq!(found.groups, ["engineers", "on call"]);
    assert_eq!(
        (found.authenticated_at, found.amr, found.acr),
        (
            Some(NOW - 100),
            vec!["hwk".to_owned()],
            Some("2".to_owned())
        )
    );
    for fits in [
        json!({ "aud": ["punchmark"] }),
        json!({ "aud": ["other", "punchmark"], "azp": "punchmark" }),
        json!({ "exp": NOW - 59, "iat": NOW - 400 }),
        json!({ "nbf": NOW + 60, "iat": NOW + 60 }),
        json!({ "exp": 1_795_400_300.75 }),
        json!({ "auth_time": null }),
    ] {
        assert!(changed(fits.clone()).is_ok(), "{fits}");
    }
}

#[test]
fn each_thing_that_does_not_fit_is_refused() {
    for (change, words) in [
        (
            json!({ "iss": "https://id.example.org/" }),
            "by \"https://id.example.org/\"",
        ),
        (json!({ "iss": null }), "no claim `iss`"),
        (json!({ "iss": 1 }), "claim `iss` is not a text"),
        (json!({ "aud": "other" }), "another client"),
        (json!({ "aud": [] }), "another client"),
        (json!({ "aud": ["punchmark", "other"] }), "another client"),
        (
            json!({ "aud": ["punchmark", "other"], "azp": "other" }),
            "another client",
        ),
        (json!({ "azp": "other" }), "another client"),
        (json!({ "aud": { "a": 1 } }), "claim `aud`"),
        (json!({ "exp": NOW - 60 }), "over since 60 s"),
        (json!({ "exp": null }), "no claim `exp`"),
        (json!({ "exp": "later" }), "claim `exp` is not a time"),
        (json!({ "exp": -1 }), "claim `exp` is not a time"),
        (json!({ "exp": 1e300 }), "claim `exp` is not a time"),
        (json!({ "iat": null }), "no claim `iat`"),
        (json!({ "iat": NOW + 61 }), "from 61 s later"),
        (json!({ "nbf": NOW + 61 }), "from 61 s later"),
        (json!({ "nonce": "n-2" }), "another login"),
        (json!({ "nonce": null }), "no claim `nonce`"),
        (json!({ "sub": null }), "no claim `sub`"),
        (json!({ "sub": "" }), "claim `sub`"),
        (json!({ "sub": "ä" }), "255 printable ASCII"),
        (json!({ "sub": "a".repeat(256) }), "255 printable ASCII"),
    ] {
        let refused = changed(change.clone()).unwrap_err();
        assert!(refused.to_string().contains(words), "{change} {refused}");
    }
}

#[test]
fn how_long_ago_a_person_was_seen_counts_where_it_is_asked_for() {
    let check = |change: Value, max_age| {
        let expected = Expected {
            max_age: Some(max_age),
            ..expected()
        };
        IdToken::check(&token(&claims_with(change)), &keys(), &expected)
    };
    assert!(check(json!({}), 40).is_ok());
    let found = check(json!({}), 39).unwrap_err();
    assert_eq!(
        found,
        IdTokenError::TooOld {
            found: 100,
            allowed: 39
        }
    );
    let none = check(json!({ "auth_time": null }), 3600).unwrap_err();
    assert_eq!(
        none,
        IdTokenError::Claim(ClaimError::Missing("auth_time".to_owned()))
    );
    let later = check(json!({ "auth_time": NOW + 61 }), 3600).unwrap_err();
    assert_eq!(later, TokenError::Early(61).into());
}

#[test]
fn a_token_is_signed_by_the_one_key_that_it_names_in_that_keys_way() {
    let payload = claims().to_string();
    let of = |change: Value| {
        let mut header = header();
        for (name, value) in change.as_object().unwrap() {
            header[name] = value.clone();
        }
        check(&signed(&header, &payload)).unwrap_err().to_string()
    };
    for algorithm in ["none", "HS256", "RS512", "eddsa"] {
        let told = check(&signed(&json!({ "alg": algorithm, "kid": "ed" }), &payload));
        assert_eq!(
            told,
            Err(TokenError::Jws(JwsError::Algorithm).into()),
            "{algorithm}"
        );
    }
    assert_eq!(of(json!({ "alg": "RS256" })), "the provider's token");
    assert!(of(json!({ "kid": "new" })).contains("no key new"));
    assert!(of(json!({ "kid": "secret" })).contains("no key secret"));
    assert!(of(json!({ "typ": "at+jwt" })).contains("\"at+jwt\""));
    assert!(of(json!({ "crit": ["exp"], "exp": 1 })).contains("critical"));
    // One key and no id: it is that one.
    assert!(check(&signed(&json!({ "alg": "EdDSA" }), &payload)).is_ok());
    let good = token(&claims());
    let cut = &good[..good.len() - 2];
    assert!(matches!(
        check(cut),
        Err(IdTokenError::Token(TokenError::Jws(_)))
    ));
    let long = token(&claims_with(json!({ "more": "a".repeat(1 << 20) })));
    assert!(matches!(
        check(&long),
        Err(IdTokenError::Token(TokenError::Jws(
            JwsError::TooLong { .. }
        )))
    ));
    let twice = payload.replacen('{', "{\"sub\":\"1\",", 1);
    let twice = check(&signed(&header(), &twice)).unwrap_err();
    assert!(
        matches!(
            twice,
            IdTokenError::Token(TokenError::Jws(JwsError::Json {
                part: "payload",
                ..
            }))
        ),
        "{twice}"
    );
}

#[test]
fn a_name_is_one_of_ours_and_an_address_was_verified() {
    let by = |requester: &'static str, change: Value| {
        let mapping = Mapping {
            requester,
            groups: None,
        };
        let found = changed(change).unwrap().identity(mapping, None);
        found.map(|found| found.name.to_string())
    };
    let mail = "peter@example.org";
    let verified = json!({ "email": mail, "email_verified": true });
    assert_eq!(by("email", verified), Ok(mail.to_owned()));
    for verified in [json!(null), json!(false), json!("true"), json!(1)] {
        let change = json!({ "email": mail, "email_verified": verified });
        assert_eq!(by("email", change), Err(ClaimError::Unverified));
    }
    for name in ["pe ter", "a,b", "pеter", "-peter", "*", "a\"b"] {
        let refused = by("preferred_username", json!({ "preferred_username": name }));
        assert!(
            matches!(refused, Err(ClaimError::Name { .. })),
            "{name} {refused:?}"
        );
    }
    for name in ["operator", "Operator"] {
        let refused = by("preferred_username", json!({ "preferred_username": name }));
        assert_eq!(refused, Err(ClaimError::Operator));
    }
    for name in [json!(["peter"]), json!(7), json!("pe\nter"), json!("")] {
        let refused = by("preferred_username", json!({ "preferred_username": name }));
        assert!(
            matches!(refused, Err(ClaimError::Form { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(
        by("upn", json!({})),
        Err(ClaimError::Missing("upn".to_owned()))
    );
}

#[test]
fn groups_are_a_list_and_left_out_ones_are_an_error() {
    let groups = |change: Value| identity(change, None).map(|found| found.groups);
    assert_eq!(groups(json!({ "groups": null })), Ok(Vec::new()));
    assert_eq!(groups(json!({ "groups": [] })), Ok(Vec::new()));
    for wrong in [
        json!("engineers"),
        json!({ "a": 1 }),
        json!(["a", 1]),
        json!(["a\nb"]),
        json!(vec!["a"; 1001]),
    ] {
        let refused = groups(json!({ "groups": wrong }));
        assert!(
            matches!(refused, Err(ClaimError::Form { .. })),
            "{refused:?}"
        );
    }
    for left_out in [
        json!({ "groups": null, "_claim_names": { "groups": "src1" } }),
        json!({ "groups": null, "hasgroups": true }),
    ] {
        assert_eq!(groups(left_out), Err(ClaimError::Overage));
    }
}

#[test]
fn userinfo_fills_in_what_the_token_lacks_about_the_same_person_alone() {
    let of =
        |change: Value, userinfo: &Value| identity(change, Some(userinfo.to_string().as_bytes()));
    let more = json!({ "sub": "248289761001", "groups": ["more"], "preferred_username": "erik" });
    let found = of(json!({ "groups": null }), &more).unwrap();
    // What the token says counts; what was signed before is not displaced.
    assert_eq!(
        (found.groups, found.name.as_str()),
        (vec!["more".to_owned()], "peter")
    );
    let other = json!({ "sub": "1", "groups": ["admins"] });
    assert_eq!(of(json!({}), &other), Err(ClaimError::OtherSubject));
    // An address and whether it was verified come from one place.
    let mixed =
        json!({ "sub": "248289761001", "email": "boss@example.org", "email_verified": true });
    let token = changed(json!({ "email": "boss@example.org" })).unwrap();
    let mapping = Mapping {
        requester: "email",
        groups: None,
    };
    let found = token.identity(mapping, Some(mixed.to_string().as_bytes()));
    assert_eq!(found, Err(ClaimError::Unverified));
    let twice = identity(json!({}), Some(br#"{"sub":"1","sub":"248289761001"}"#));
    assert!(matches!(twice, Err(ClaimError::Form { .. })), "{twice:?}");
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in "\\PC{0,200}") {
        prop_assert!(check(&text).is_err());
    }

    #[test]
    fn no_change_of_a_byte_passes(at in 0_usize..1000, byte in any::<u8>()) {
        let good = token(&claims());
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(check(&text).is_err(), "{}", text);
        }
    }

    #[test]
    fn any_claims_are_taken_or_refused_and_never_more(name in "[a-z]{1,8}", value in "\\PC{0,12}") {
        let claims = claims_with(json!({ (name): value }));
        if let Ok(found) = check(&token(&claims)) {
            prop_assert_eq!(found.subject().issuer.as_str(), ISSUER);
        }
    }
}
