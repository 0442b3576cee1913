//! What a real OpenID Connect provider says of somebody, held against what an ID token must say.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use punchmark::login::oidc::{Expected, IdToken, IdTokenError, KeySet, Mapping, TokenError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::idp::{Asked, Idp};

const SUBJECT: &str = "248289761001";
const NONCE: &str = "of-this-login";
const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";

/// A provider that signs by both kinds of keys, each for a client of its own.
fn provider() -> Idp {
    let accounts = json!({
        SUBJECT: { "preferred_username": "peter", "groups": ["engineers", "oncall"] },
        "9": { "preferred_username": "anna,boss" },
    });
    Idp::start(&["ES256", "RS256"], &accounts)
}

fn logged_in(idp: &Idp, client: &str, subject: &str) -> Vec<(String, String)> {
    let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(VERIFIER));
    idp.log_in(&Asked {
        client,
        nonce: NONCE,
        challenge: &challenge,
        subject,
    })
}

fn of<'p>(parameters: &'p [(String, String)], name: &str) -> &'p str {
    let found = parameters.iter().find(|(known, _)| known == name);
    &found
        .unwrap_or_else(|| panic!("no {name}: {parameters:?}"))
        .1
}

/// The tokens that a login ends with.
fn tokens(idp: &Idp, client: &str, subject: &str) -> Value {
    let back = logged_in(idp, client, subject);
    assert_eq!(of(&back, "iss"), idp.issuer);
    assert_eq!(of(&back, "state"), "of-a-test");
    idp.redeem(client, of(&back, "code"), VERIFIER)
}

fn expected<'e>(idp: &'e Idp, client: &'e str) -> Expected<'e> {
    Expected {
        issuer: &idp.issuer,
        client_id: client,
        nonce: NONCE,
        max_age: None,
        now: now(),
    }
}

fn now() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    since.unwrap().as_secs()
}

fn keys(idp: &Idp) -> KeySet {
    KeySet::parse(&idp.read("/jwks")).unwrap()
}

const MAPPING: Mapping<'_> = Mapping {
    requester: "preferred_username",
    groups: Some("groups"),
};

#[test]
fn a_real_provider_says_who_somebody_is_by_keys_of_either_kind() {
    let idp = provider();
    let about = idp.read("/.well-known/openid-configuration");
    let about: Value = serde_json::from_slice(&about).unwrap();
    assert_eq!(about["issuer"], idp.issuer);
    for client in ["ES256", "RS256"] {
        let tokens = tokens(&idp, client, SUBJECT);
        let token = tokens["id_token"].as_str().unwrap();
        let token = IdToken::check(token, &keys(&idp), &expected(&idp, client)).unwrap();
        let userinfo = idp.userinfo(tokens["access_token"].as_str().unwrap());
        for userinfo in [None, Some(userinfo.as_slice())] {
            let found = token.identity(MAPPING, userinfo).unwrap();
            assert_eq!(found.name.as_str(), "peter");
            assert_eq!(found.groups, ["engineers", "oncall"]);
            assert_eq!(found.subject.subject, SUBJECT);
            assert_eq!(found.subject.issuer, idp.issuer);
            // Nobody asked how long ago.
            assert_eq!(found.authenticated_at, None, "{found:?}");
        }
    }
}

#[test]
fn a_real_token_counts_as_the_answer_to_its_own_login_alone() {
    let (idp, other) = (provider(), provider());
    let tokens = tokens(&idp, "ES256", SUBJECT);
    let token = tokens["id_token"].as_str().unwrap();
    let right = expected(&idp, "ES256");
    let check = |expected: &Expected<'_>| IdToken::check(token, &keys(&idp), expected);
    check(&right).unwrap();
    let nonce = Expected {
        nonce: "of-another-login",
        ..right
    };
    assert_eq!(check(&nonce), Err(IdTokenError::Nonce));
    let audience = Expected {
        client_id: "RS256",
        ..right
    };
    assert!(matches!(
        check(&audience),
        Err(IdTokenError::Token(TokenError::Audience(_)))
    ));
    let issuer = Expected {
        issuer: &other.issuer,
        ..right
    };
    assert!(matches!(
        check(&issuer),
        Err(IdTokenError::Token(TokenError::Issuer { .. }))
    ));
    let later = Expected {
        now: right.now + 24 * 3600,
        ..right
    };
    assert!(matches!(
        check(&later),
        Err(IdTokenError::Token(TokenError::Expired(_)))
    ));
    // Another provider's keys go by the same names.
    let keys = keys(&other);
    let forged = IdToken::check(token, &keys, &right);
    assert!(
        matches!(forged, Err(IdTokenError::Token(TokenError::Jws(_)))),
        "{forged:?}"
    );
}

#[test]
fn a_name_that_is_no_principal_is_nobodys_and_whoever_is_refused_has_no_code() {
    let idp = provider();
    let tokens = tokens(&idp, "RS256", "9");
    let token = tokens["id_token"].as_str().unwrap();
    let token = IdToken::check(token, &keys(&idp), &expected(&idp, "RS256")).unwrap();
    let refused = token.identity(MAPPING, None).unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("no name for a requester"), "{words}");
    let back = logged_in(&idp, "RS256", "nobody");
    assert_eq!(of(&back, "error"), "access_denied");
    assert!(back.iter().all(|(name, _)| name != "code"), "{back:?}");
    // A code counts for whoever has its verifier.
    let back = logged_in(&idp, "RS256", SUBJECT);
    let refused = idp.redeem("RS256", of(&back, "code"), &VERIFIER.to_uppercase());
    assert_eq!(refused["error"], "invalid_grant", "{refused}");
}
