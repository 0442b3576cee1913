//! What a provider is asked through the browser (OpenID Connect Core 1.0, 3.1.2.1; RFC 7636, 4.3).

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::form::put;
use super::provider::Provider;

/// Who asks: ourselves, as the provider knows us.
#[derive(Clone, Copy, Debug)]
pub struct Client<'c> {
    /// Our name there.
    pub id: &'c str,
    /// Where the browser is sent back to, as it is registered.
    pub redirect: &'c str,
    /// What is asked for beside `openid`.
    pub scopes: &'c [String],
    /// How long ago the person may have shown who they are, in seconds.
    pub max_age: Option<u64>,
}

/// One question: what was made up for it is remembered until the answer comes, and never used again.
#[derive(Clone)]
pub struct Question {
    state: Zeroizing<String>,
    nonce: Zeroizing<String>,
    verifier: Zeroizing<String>,
}

impl Question {
    /// Makes one up from random bytes.
    #[must_use]
    pub fn new(random: &[[u8; 32]; 3]) -> Self {
        let [state, nonce, verifier] = random;
        let text = |bytes| Zeroizing::new(Base64UrlUnpadded::encode_string(bytes));
        Self {
            state: text(state),
            nonce: text(nonce),
            verifier: text(verifier),
        }
    }

    /// By what its answer is known, which comes back through the browser.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// What the ID token has to repeat.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What is shown for the code, and never stands in a URL.
    pub(super) fn verifier(&self) -> &str {
        &self.verifier
    }

    /// Where the browser is sent. Of the verifier its hash alone stands there.
    #[must_use]
    pub fn url(&self, provider: &Provider, client: &Client<'_>) -> String {
        let mut url = provider.authorization().as_str().to_owned();
        if !url.contains('?') {
            url.push('?');
        }
        let challenge = Sha256::digest(self.verifier.as_bytes());
        let challenge = Base64UrlUnpadded::encode_string(&challenge);
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", client.id),
            ("redirect_uri", client.redirect),
            ("scope", &scope(client.scopes)),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ] {
            put(&mut url, name, value);
        }
        if let Some(seconds) = client.max_age {
            put(&mut url, "max_age", &seconds.to_string());
        }
        url
    }
}

fn scope(more: &[String]) -> String {
    let more = more.iter().map(String::as_str);
    let all = std::iter::once(OPENID).chain(more.filter(|scope| *scope != OPENID));
    all.collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(..)")
    }
}

/// Without it a provider makes no ID token.
const OPENID: &str = "openid";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::form::Form;
    use super::super::provider::tests::described;
    use super::*;

    const CLIENT: Client<'static> = Client {
        id: "punch mark",
        redirect: "https://ca.example.org/login/callback",
        scopes: &[],
        max_age: None,
    };

    fn asked(client: &Client<'_>) -> (String, Form) {
        let provider = described(&json!({})).unwrap();
        let question = Question::new(&[[1; 32], [2; 32], [3; 32]]);
        let url = question.url(&provider, client);
        let (place, query) = url.split_once('?').unwrap();
        (place.to_owned(), Form::parse(query).unwrap())
    }

    #[test]
    fn a_question_says_what_is_wanted_and_hides_the_verifier() {
        let (place, mut form) = asked(&CLIENT);
        assert_eq!(place, "https://id.example.org/auth");
        for (name, value) in [
            ("realm", "work"),
            ("response_type", "code"),
            ("client_id", "punch mark"),
            ("redirect_uri", "https://ca.example.org/login/callback"),
            ("scope", "openid"),
            ("state", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"),
            ("nonce", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"),
            // SHA-256 of the verifier, by `openssl dgst`.
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(form.take(name).unwrap().as_str(), value, "{name}");
        }
        assert!(form.take("max_age").is_none());
        let question = Question::new(&[[1; 32], [2; 32], [3; 32]]);
        assert_eq!(format!("{question:?}"), "Question(..)");
    }

    #[test]
    fn scopes_and_age_are_asked_for_where_they_are_wanted() {
        let scopes = ["openid", "groups", "profile"].map(str::to_owned);
        let client = Client {
            scopes: &scopes,
            max_age: Some(0),
            ..CLIENT
        };
        let (_, mut form) = asked(&client);
        assert_eq!(
            form.take("scope").unwrap().as_str(),
            "openid groups profile"
        );
        assert_eq!(form.take("max_age").unwrap().as_str(), "0");
    }

    const CHALLENGE: &str = "g77gcvvTQj90gfwWOCFjatjPtz-u8N0FgfOXnqDHMbk";
}
