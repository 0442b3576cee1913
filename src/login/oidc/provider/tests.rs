//! What a provider may say of itself.

use serde_json::{Value, json};

use super::*;

pub(in crate::login::oidc) const ISSUER: &str = "https://id.example.org/realms/work";

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example.org/auth?realm=work",
        "token_endpoint": "https://id.example.org/token",
        "jwks_uri": "https://keys.example.net/work",
        "userinfo_endpoint": "https://id.example.org/me",
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
        "mtls_endpoint_aliases": { "token_endpoint": "https://mtls.example.org/token" },
    })
}

/// Reads the description with these members instead; `null` takes one away.
pub(in crate::login::oidc) fn described(change: &Value) -> Result<Provider, ProviderError> {
    let mut document = document();
    let members = document.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        members.remove(name);
        if !value.is_null() {
            members.insert(name.clone(), value.clone());
        }
    }
    let issuer = Issuer::parse(ISSUER, PlainHttp::Refused).unwrap();
    Provider::parse(&issuer, document.to_string().as_bytes(), PlainHttp::Refused)
}

#[test]
fn a_description_says_whom_the_server_asks() {
    let provider = described(&json!({})).unwrap();
    assert_eq!(provider.issuer().as_str(), ISSUER);
    assert_eq!(provider.token().as_str(), "https://id.example.org/token");
    assert_eq!(provider.keys().as_str(), "https://keys.example.net/work");
    assert_eq!(
        provider.userinfo().unwrap().as_str(),
        "https://id.example.org/me"
    );
    let origins = ["https://id.example.org", "https://keys.example.net"];
    assert_eq!(provider.origins(), origins);
    assert!(provider.names_itself());
    assert_eq!(provider.secret_goes(), SecretGoes::InHeader);
    for fits in [
        json!({ "userinfo_endpoint": null }),
        json!({ "code_challenge_methods_supported": null }),
        json!({ "authorization_response_iss_parameter_supported": null }),
        json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
    ] {
        assert!(described(&fits).is_ok(), "{fits}");
    }
    let post = json!({ "token_endpoint_auth_methods_supported": ["none", "client_secret_post"] });
    assert_eq!(described(&post).unwrap().secret_goes(), SecretGoes::InBody);
}

#[test]
fn each_thing_that_is_not_taken_is_named() {
    for (change, words) in [
        (
            json!({ "issuer": "https://id.example.org/realms/work/" }),
            "letter by letter",
        ),
        (
            json!({ "issuer": "https://evil.example" }),
            "\"https://evil.example\"",
        ),
        (
            json!({ "token_endpoint": "http://id.example.org/token" }),
            "`token_endpoint`",
        ),
        (json!({ "jwks_uri": "http://127.0.0.1/keys" }), "`jwks_uri`"),
        (
            json!({ "jwks_uri": "https://169.254.169.254/keys" }),
            "https://169.254.169.254: an address",
        ),
        (
            json!({ "userinfo_endpoint": "https://[::1]/me" }),
            "https://[::1]: an address",
        ),
        (
            json!({ "token_endpoint": "https://localhost:8200/" }),
            "https://localhost:8200: an address",
        ),
        (
            json!({ "authorization_endpoint": "javascript:alert(1)" }),
            "`authorization_endpoint`",
        ),
        (
            json!({ "jwks_uri": null }),
            "description: missing field `jwks_uri`",
        ),
        (
            json!({ "response_types_supported": ["id_token"] }),
            "login by code",
        ),
        (
            json!({ "code_challenge_methods_supported": ["plain"] }),
            "PKCE by S256",
        ),
        (
            json!({ "id_token_signing_alg_values_supported": ["none", "HS256"] }),
            "ES256",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            "authentication by a secret",
        ),
        (json!({ "token_endpoint": 1 }), "description: "),
    ] {
        let error = described(&change).unwrap_err();
        let error = crate::wire::chain(&error);
        assert!(error.contains(words), "{change}: {error}");
    }
}

#[test]
fn a_description_can_be_read_in_one_way_and_has_a_limit() {
    let issuer = Issuer::parse(ISSUER, PlainHttp::Refused).unwrap();
    let parse = |text: &str| Provider::parse(&issuer, text.as_bytes(), PlainHttp::Refused);
    let text = document().to_string();
    let twice = text.replacen('{', r#"{"token_endpoint":"https://evil.example/","#, 1);
    assert!(matches!(parse(&twice), Err(ProviderError::Json(_))));
    let long = format!("{text}{}", " ".repeat(DOCUMENT_MAX));
    assert_eq!(parse(&long), Err(ProviderError::TooLong));
    assert!(parse("<html>").is_err());
}

#[test]
fn an_issuer_at_an_address_has_its_end_points_there() {
    let issuer = Issuer::parse("http://127.0.0.1:9", PlainHttp::OnLoopback).unwrap();
    let of = |keys: &str| {
        let mut document = document();
        let members = document.as_object_mut().unwrap();
        members.insert("issuer".to_owned(), json!("http://127.0.0.1:9"));
        members.insert("jwks_uri".to_owned(), json!(keys));
        Provider::parse(
            &issuer,
            document.to_string().as_bytes(),
            PlainHttp::OnLoopback,
        )
    };
    assert!(of("http://127.0.0.1:9/keys").is_ok());
    let elsewhere = of("http://127.0.0.1:8/keys");
    assert!(matches!(elsewhere, Err(ProviderError::Inner { .. })));
}

#[test]
fn a_platform_that_logs_in_nobody_says_where_its_keys_are() {
    let issuer = Issuer::parse(ISSUER, PlainHttp::Refused).unwrap();
    let of = |document: &str| keys_of_issuer(&issuer, document.as_bytes(), PlainHttp::Refused);
    let described = |issuer: &str, keys: &str| {
        // As GitHub has it.
        json!({
            "issuer": issuer, "jwks_uri": keys, "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"], "id_token_signing_alg_values_supported": ["RS256"],
        })
        .to_string()
    };
    let keys = "https://keys.example.net/.well-known/jwks";
    assert_eq!(of(&described(ISSUER, keys)).unwrap().as_str(), keys);
    let other = of(&described("https://id.example.org/realms/other", keys));
    assert!(matches!(other, Err(ProviderError::Issuer { .. })));
    for inner in [
        "https://10.0.0.1:6443/openid/v1/jwks",
        "https://localhost/keys",
    ] {
        let inner = of(&described(ISSUER, inner));
        assert!(matches!(inner, Err(ProviderError::Inner { .. })));
    }
    for plain in ["http://keys.example.net/", "http://127.0.0.1/"] {
        let plain = of(&described(ISSUER, plain));
        assert!(matches!(plain, Err(ProviderError::Url { .. })));
    }
    let twice = described(ISSUER, keys).replacen('{', "{\"jwks_uri\":\"https://evil.example\",", 1);
    for text in ["", "[]", "{}", twice.as_str()] {
        assert!(matches!(of(text), Err(ProviderError::Json(_))), "{text}");
    }
    assert_eq!(of(&" ".repeat((1 << 20) + 1)), Err(ProviderError::TooLong));
}
