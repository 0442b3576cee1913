//! What an identity provider says, and what a browser brings from it: descriptions, answers, tokens and addresses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::login::oidc::{
    Callback, Client, Issuer, PlainHttp, Provider, ProviderUrl, Question, TokenRequest, Tokens,
};

fuzz_target!(|text: &str| {
    for http in [PlainHttp::Refused, PlainHttp::OnLoopback] {
        if let Ok(url) = ProviderUrl::parse(text, http) {
            assert!(url.as_str().starts_with(url.origin()) && url.as_str() == text);
            assert_eq!(
                ProviderUrl::parse(url.origin(), http).map(|url| url.to_string()),
                Ok(url.origin().to_owned())
            );
        }
    }
    for status in [200, 400] {
        let _any = Tokens::parse(status, text.as_bytes());
    }
    let Ok(issuer) = Issuer::parse("https://id.example.org", PlainHttp::Refused) else {
        return;
    };
    let (document, query) = text.split_once('\n').unwrap_or((text, text));
    let callback = Callback::parse(query);
    let Ok(provider) = Provider::parse(&issuer, document.as_bytes(), PlainHttp::Refused) else {
        return;
    };
    assert!(
        provider
            .origins()
            .iter()
            .all(|origin| origin.starts_with("https://"))
    );
    let client = Client {
        id: text,
        redirect: "https://ca/login/callback",
        scopes: &[],
        max_age: None,
    };
    // What a seed has as its state.
    let question = Question::new(&[[1; 32], [2; 32], [3; 32]]);
    let url = question.url(&provider, &client);
    assert!(url.starts_with(provider.authorization().as_str()) && url.is_ascii());
    if let Ok(code) = callback.and_then(|callback| callback.code(&question, &provider)) {
        let request = TokenRequest::new(&provider, (&client, "secret"), &question, &code);
        assert!(request.body().is_ascii());
    }
});
