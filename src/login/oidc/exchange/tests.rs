//! What is shown for tokens, and what may come back.

use serde_json::json;

use super::super::callback::Callback;
use super::super::form::Form;
use super::super::provider::tests::described;
use super::*;

const CLIENT: Client<'static> = Client {
    id: "punch:mark",
    redirect: "https://ca.example.org/login/callback",
    scopes: &[],
    max_age: None,
};
const SECRET: &str = "s3cret/+ä:";

fn shown(methods: &[&str]) -> TokenRequest {
    let provider = described(&json!({
        "token_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": null,
    }));
    let provider = provider.unwrap();
    let question = Question::new(&[[1; 32], [2; 32], [3; 32]]);
    let callback = format!("code=a%2Bb&state={}", question.state());
    let code = Callback::parse(&callback)
        .unwrap()
        .code(&question, &provider);
    TokenRequest::new(&provider, (&CLIENT, SECRET), &question, &code.unwrap())
}

fn holds(request: &TokenRequest, fields: &[(&str, &str)]) -> Form {
    let mut form = Form::parse(request.body()).unwrap();
    for (name, value) in fields {
        assert_eq!(form.take(name).unwrap().as_str(), *value, "{name}");
    }
    form
}

const ALWAYS: [(&str, &str); 4] = [
    ("grant_type", "authorization_code"),
    ("code", "a+b"),
    ("redirect_uri", "https://ca.example.org/login/callback"),
    (
        "code_verifier",
        "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM",
    ),
];

#[test]
fn the_secret_goes_into_the_header_where_the_provider_reads_it_there() {
    let request = shown(&["client_secret_post", "client_secret_basic"]);
    let mut form = holds(&request, &ALWAYS);
    assert!(form.take("client_secret").is_none());
    assert!(form.take("client_id").is_none());
    // `printf 'punch%%3Amark:s3cret%%2F%%2B%%C3%%A4%%3A' | base64`
    let wanted = "Basic cHVuY2glM0FtYXJrOnMzY3JldCUyRiUyQiVDMyVBNCUzQQ==";
    assert_eq!(request.authorization(), Some(wanted));
    assert_eq!(format!("{request:?}"), "TokenRequest(..)");
}

#[test]
fn else_it_goes_into_the_body() {
    let request = shown(&["client_secret_post"]);
    let mut form = holds(&request, &ALWAYS);
    assert_eq!(form.take("client_secret").unwrap().as_str(), SECRET);
    assert_eq!(form.take("client_id").unwrap().as_str(), "punch:mark");
    assert_eq!(request.authorization(), None);
}

fn read(status: u16, body: &Value) -> Result<Tokens, ExchangeError> {
    Tokens::parse(status, body.to_string().as_bytes())
}

#[test]
fn tokens_are_read_and_not_shown() {
    let tokens = read(
        200,
        &json!({
            "id_token": "a.b.c", "access_token": "t0ken", "token_type": "bearer",
            "expires_in": 300, "refresh_token": "never kept",
        }),
    );
    let tokens = tokens.unwrap();
    assert_eq!(tokens.id_token(), "a.b.c");
    assert_eq!(tokens.access_token(), Some("t0ken"));
    assert_eq!(format!("{tokens:?}"), "Tokens(..)");
    let alone = read(200, &json!({ "id_token": "a.b.c" })).unwrap();
    assert_eq!(alone.access_token(), None);
}

#[test]
fn each_other_answer_is_told_without_a_token() {
    let id = "s3cret-id-token";
    for (status, body, fault) in [
        (
            200,
            json!({ "access_token": "a", "token_type": "Bearer" }),
            ExchangeError::NoIdToken,
        ),
        (
            200,
            json!({ "id_token": { "a": id } }),
            ExchangeError::NoIdToken,
        ),
        (200, json!({ "id_token": "" }), ExchangeError::NoIdToken),
        (200, json!(id), ExchangeError::Form),
        (200, json!([id]), ExchangeError::Form),
        (
            200,
            json!({ "id_token": id, "access_token": "a\r\nHost: b", "token_type": "Bearer" }),
            ExchangeError::AccessToken,
        ),
        (
            200,
            json!({ "id_token": id, "access_token": "a" }),
            ExchangeError::AccessToken,
        ),
        (
            200,
            json!({ "id_token": id, "access_token": "a", "token_type": "DPoP" }),
            ExchangeError::AccessToken,
        ),
        (
            400,
            json!({ "error": "invalid_grant", "error_description": "code was used\u{1b}" }),
            ExchangeError::Refused("invalid_grant (code was used)".to_owned()),
        ),
        (
            401,
            json!({ "error": 1, "id_token": id }),
            ExchangeError::Status(401),
        ),
        (201, json!({ "id_token": id }), ExchangeError::Status(201)),
        (302, json!(null), ExchangeError::Status(302)),
    ] {
        let error = read(status, &body).unwrap_err();
        assert_eq!(error, fault, "{body}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    let twice = br#"{"id_token":"a","id_token":"b"}"#;
    assert_eq!(Tokens::parse(200, twice).err(), Some(ExchangeError::Form));
    let html = Tokens::parse(502, b"<html>").err();
    assert_eq!(html, Some(ExchangeError::Status(502)));
    let long = vec![b' '; ANSWER_MAX + 1];
    assert_eq!(
        Tokens::parse(200, &long).err(),
        Some(ExchangeError::TooLong)
    );
}
