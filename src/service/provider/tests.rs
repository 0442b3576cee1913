//! A provider that answers as it likes, on this machine: what becomes of each answer.

mod evil;

use serde_json::{Value, json};

use super::*;
use crate::config::OidcConfig;
use crate::login::oidc::{Callback, Identity, Question};
use crate::service::providers::KnownProvider;
use crate::wire::chain;
use evil::{Answer, Evil, QUESTION, keys, token};

const CLIENT_ID: &str = "punchmark";
const SECRET: &str = "s3cret-of-the-client";
const NOW: u64 = 1_795_400_000;

fn line(evil: &Evil) -> ProviderLine {
    let issuer = Issuer::parse(&evil.url, PlainHttp::OnLoopback).unwrap();
    ProviderLine::waiting(2, (issuer, PlainHttp::OnLoopback), None).unwrap()
}

fn expected(issuer: &str) -> Expected<'_> {
    Expected {
        issuer,
        client_id: CLIENT_ID,
        nonce: "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
        max_age: None,
        now: NOW,
    }
}

/// A login, as the server does it, in words where it comes to nothing.
fn logged_in(evil: &Evil) -> Result<Identity, String> {
    let issuer = Issuer::parse(&evil.url, PlainHttp::OnLoopback).unwrap();
    let config = OidcConfig {
        issuer,
        http: PlainHttp::OnLoopback,
        client_id: CLIENT_ID.to_owned(),
        client_secret_file: "none".into(),
        scopes: Vec::new(),
        requester: "preferred_username".to_owned(),
        groups: Some("groups".to_owned()),
        code: false,
        same_as: Vec::new(),
        ca_file: None,
        max_age: None,
    };
    let provider = KnownProvider::of_test(line(evil), config, SECRET);
    let question = Question::new(&QUESTION);
    let callback = format!("code=c0de&state={}", question.state());
    let callback = Callback::parse(&callback).unwrap();
    let identity = provider.identity(&question, callback, NOW);
    identity.map_err(|error| chain(&error))
}

#[test]
fn a_code_becomes_a_token_that_is_checked() {
    let evil = Evil::start();
    let identity = logged_in(&evil).unwrap();
    assert_eq!(identity.subject.subject, "248289761001");
    assert_eq!(
        (identity.name.as_str(), identity.groups),
        ("peter", vec!["engineers".to_owned()])
    );
    let asked = evil.asked();
    let paths: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(
        paths,
        [
            "GET /.well-known/openid-configuration HTTP/1.1",
            "POST /token HTTP/1.1",
            "GET /keys HTTP/1.1",
            // The token says nothing of groups.
            "GET /me HTTP/1.1"
        ]
    );
    let shown = &asked[1].text;
    assert!(shown.contains("authorization: Basic "), "{shown}");
    assert!(
        shown.contains("application/x-www-form-urlencoded"),
        "{shown}"
    );
    assert!(shown.ends_with("&code_verifier=AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"));
}

#[test]
fn each_fault_of_a_provider_ends_the_login_in_words() {
    let page = |kind: &str| Answer::of(200, kind, "<html>please log in</html>");
    let elsewhere = "http://169.254.169.254/latest/meta-data/";
    for (path, answer, words) in [
        (DISCOVERY, Answer::of(404, "text/html", "no"), "status 404"),
        (
            DISCOVERY,
            page("text/html"),
            "with `text/html`, not with JSON",
        ),
        (
            DISCOVERY,
            page("application/json"),
            "the provider's description",
        ),
        (
            DISCOVERY,
            Answer::redirect(elsewhere),
            "redirects (status 302)",
        ),
        (
            DISCOVERY,
            Answer::long("application/json"),
            "more than 1048576 bytes",
        ),
        (DISCOVERY, Answer::Slow, "took longer than 2 s"),
        (DISCOVERY, Answer::Drip, "took longer than 2 s"),
        (DISCOVERY, Answer::HangUp, ""),
        (
            DISCOVERY,
            Answer::issuer("https://id.example.org"),
            "letter by letter",
        ),
        (
            DISCOVERY,
            Answer::at("jwks_uri", "https://169.254.169.254/"),
            "an address, or this machine",
        ),
        (
            DISCOVERY,
            Answer::at("token_endpoint", "http://192.0.2.1/t"),
            "127.0.0.1 or [::1] alone",
        ),
        (
            "/token",
            Answer::redirect(elsewhere),
            "redirects (status 302)",
        ),
        ("/token", page("text/html"), "not with JSON"),
        ("/token", Answer::Slow, "took longer than 2 s"),
        (
            "/token",
            Answer::long("application/json"),
            "more than 1048576 bytes",
        ),
        (
            "/token",
            Answer::of(400, "application/json", r#"{"error":"invalid_grant"}"#),
            "took no code: invalid_grant",
        ),
        (
            "/token",
            Answer::of(503, "text/html", "down"),
            "by status 503",
        ),
        (
            "/keys",
            Answer::of(200, "application/json", r#"{"keys":[]}"#),
            "no key that signatures",
        ),
        (
            "/keys",
            Answer::redirect(elsewhere),
            "redirects (status 302)",
        ),
        ("/keys", page("text/html"), "not with JSON"),
        (
            "/keys",
            Answer::long("application/jwk-set+json"),
            "more than 1048576 bytes",
        ),
    ] {
        let evil = Evil::start();
        let shown = format!("{path} {answer:?}");
        evil.instead(path, answer);
        let error = logged_in(&evil).unwrap_err();
        assert!(error.contains(words), "{shown}: {error}");
        assert!(
            !error.contains("s3cret") && !error.contains("c0de"),
            "{error}"
        );
    }
}

#[test]
fn each_fault_of_a_token_ends_the_login_in_words() {
    for (header, claims, words) in [
        (json!({ "alg": "none" }), json!({}), "not taken here"),
        (json!({ "alg": "HS256" }), json!({}), "not taken here"),
        (json!({ "alg": "RS256" }), json!({}), "signature"),
        (json!({ "kid": "other" }), json!({}), "no key other"),
        (
            json!({}),
            json!({ "iss": "https://id.example.org" }),
            "not by",
        ),
        (json!({}), json!({ "aud": "other" }), "another client"),
        (json!({}), json!({ "exp": NOW - 61 }), "over since 61 s"),
        (
            json!({}),
            json!({ "nonce": "of another login" }),
            "another login",
        ),
    ] {
        let evil = Evil::start();
        let id_token = token(&evil.url, &header, &claims);
        let body = json!({ "id_token": id_token }).to_string();
        evil.instead("/token", Answer::of(200, "application/json", &body));
        let error = logged_in(&evil).unwrap_err();
        assert!(error.contains(words), "{header} {claims}: {error}");
        assert!(!error.contains(&id_token), "{error}");
    }
}

#[test]
fn keys_are_fetched_again_once_a_minute_at_most() {
    let evil = Evil::start();
    let line = line(&evil);
    let provider = line.provider().unwrap();
    let check = |kid: &str| {
        let token = token(&evil.url, &json!({ "kid": kid }), &json!({}));
        line.id_token(&provider, &token, &expected(&evil.url))
            .map(drop)
    };
    let fetched = || {
        evil.asked()
            .iter()
            .filter(|asked| asked.line.contains("/keys"))
            .count()
    };
    check("ed").unwrap();
    for _ in 0..3 {
        assert!(matches!(
            check("new"),
            Err(ProviderLineError::IdToken(IdTokenError::Token(of))) if of.is_of_newer_keys()
        ));
    }
    assert_eq!(fetched(), 1);
    later(&line, KEYS_REST);
    evil.instead("/keys", Answer::of(200, "application/json", &keys("new")));
    check("new").unwrap();
    check("new").unwrap();
    assert_eq!(fetched(), 2);
    // The provider fails: it is asked no more often, and what is known goes on.
    later(&line, KEYS_REST);
    evil.instead("/keys", Answer::of(500, "text/html", "down"));
    assert!(matches!(
        check("newer"),
        Err(ProviderLineError::Unreachable { .. })
    ));
    assert!(matches!(check("newer"), Err(ProviderLineError::IdToken(_))));
    check("new").unwrap();
    assert_eq!(fetched(), 3);
}

#[test]
fn what_a_provider_says_counts_for_an_hour() {
    let evil = Evil::start();
    let line = line(&evil);
    line.provider().unwrap();
    line.provider().unwrap();
    assert_eq!(evil.asked().len(), 1);
    later(&line, LIFE);
    line.provider().unwrap();
    assert_eq!(evil.asked().len(), 2);
}

#[test]
fn more_of_a_person_is_asked_for_with_their_token_alone() {
    let evil = Evil::start();
    let line = line(&evil);
    let provider = line.provider().unwrap();
    let said: Value =
        serde_json::from_slice(&line.userinfo(&provider, "t0ken").unwrap().unwrap()).unwrap();
    assert_eq!(said["groups"], json!(["engineers"]));
    assert!(evil.asked()[1].text.contains("authorization: Bearer t0ken"));
    evil.instead("/me", Answer::of(200, "application/jwt", "a.b.c"));
    let error = line.userinfo(&provider, "t0ken").unwrap_err();
    assert!(error.to_string().contains("`application/jwt`"), "{error}");
}

#[test]
fn plain_http_is_asked_nowhere_without_leave() {
    let evil = Evil::start();
    let issuer = Issuer::parse(&evil.url, PlainHttp::OnLoopback).unwrap();
    let line = ProviderLine::new(issuer, PlainHttp::Refused, None).unwrap();
    assert!(line.provider().is_err());
    assert_eq!(evil.asked().len(), 0);
}

/// Has what was fetched be older by this.
fn later(line: &ProviderLine, by: Duration) {
    let mut known = line.known();
    if let Some((_, since)) = &mut known.provider {
        *since = since.checked_sub(by).unwrap();
    }
    if let Some(keys) = &mut known.keys {
        keys.asked = keys.asked.checked_sub(by).unwrap();
    }
}

const DISCOVERY: &str = "/.well-known/openid-configuration";
