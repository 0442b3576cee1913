//! A code that becomes tokens (OpenID Connect Core 1.0, 3.1.3; RFC 6749, 4.1.3; RFC 7636, 4.5).

use std::fmt;

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::callback::{AuthorizationCode, refusal};
use super::form::{put, put_encoded};
use super::provider::{Provider, SecretGoes};
use super::question::{Client, Question};
use crate::login::jws::strict;

/// What is sent to the token end point, by POST and as `application/x-www-form-urlencoded`. It is secret.
pub struct TokenRequest {
    body: Zeroizing<String>,
    authorization: Option<Zeroizing<String>>,
}

/// What a provider gave for a code. The ID token in it is not checked.
pub struct Tokens {
    id_token: Zeroizing<String>,
    access_token: Option<Zeroizing<String>>,
}

/// Why a provider gave nothing. None of it repeats a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// It is longer than is read.
    #[error("the provider's tokens have more than {ANSWER_MAX} bytes")]
    TooLong,
    /// It can't be read in one way.
    #[error("the provider's tokens are no JSON object in which no member stands twice")]
    Form,
    /// The provider said no.
    #[error("the provider took no code: {0}")]
    Refused(String),
    /// It is neither yes nor no.
    #[error("the provider answered the code by status {0}")]
    Status(u16),
    /// Login without a person.
    #[error(
        "the provider gave no ID token: is `openid` among the scopes that it allows this client?"
    )]
    NoIdToken,
    /// What is shown on would be none.
    #[error("the provider's access token is none that can be shown (RFC 6750)")]
    AccessToken,
}

impl TokenRequest {
    /// Shows a code with all that goes with it.
    #[must_use]
    pub fn new(
        provider: &Provider,
        (client, secret): (&Client<'_>, &str),
        question: &Question,
        code: &AuthorizationCode,
    ) -> Self {
        // Room for all of it: a text that grows leaves copies behind.
        let mut body = Zeroizing::new(String::with_capacity(BODY_ROOM));
        put(&mut body, "grant_type", "authorization_code");
        put(&mut body, "code", code.expose());
        put(&mut body, "redirect_uri", client.redirect);
        put(&mut body, "code_verifier", question.verifier());
        let authorization = match provider.secret_goes() {
            SecretGoes::InHeader => Some(basic(client.id, secret)),
            SecretGoes::InBody => {
                put(&mut body, "client_id", client.id);
                put(&mut body, "client_secret", secret);
                None
            }
        };
        Self {
            body,
            authorization,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The header `Authorization`, where the secret goes there.
    #[must_use]
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_ref().map(|header| header.as_str())
    }
}

/// Name and secret, each encoded as in a form (RFC 6749, 2.3.1).
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.len()) + 1));
    put_encoded(&mut pair, id);
    pair.push(':');
    put_encoded(&mut pair, secret);
    let encoded = Zeroizing::new(Base64::encode_string(pair.as_bytes()));
    Zeroizing::new(["Basic ", encoded.as_str()].concat())
}

impl Tokens {
    /// Reads the answer of a token end point.
    ///
    /// # Errors
    /// [`ExchangeError`].
    pub fn parse(status: u16, body: &[u8]) -> Result<Self, ExchangeError> {
        if body.len() > ANSWER_MAX {
            return Err(ExchangeError::TooLong);
        }
        // What a reader says of a fault may repeat what it read, and that is a token.
        let answer = strict::<Value>(body).ok();
        let answer = answer.and_then(|answer| match answer {
            Value::Object(members) => Some(members),
            _ => None,
        });
        match (status, answer) {
            (200, Some(members)) => Self::of(members),
            (200, None) => Err(ExchangeError::Form),
            (status, Some(members)) => Err(said_no(status, &members)),
            (status, None) => Err(ExchangeError::Status(status)),
        }
    }

    fn of(mut members: Map<String, Value>) -> Result<Self, ExchangeError> {
        let mut take = |name| match members.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(Zeroizing::new(text)),
            _ => None,
        };
        let (id_token, access_token, kind) =
            (take("id_token"), take("access_token"), take("token_type"));
        let id_token = id_token.ok_or(ExchangeError::NoIdToken)?;
        let is_bearer = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer"));
        let is_one = |token: &Zeroizing<String>| {
            token.len() <= TOKEN_MAX && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if access_token
            .as_ref()
            .is_some_and(|token| !is_bearer || !is_one(token))
        {
            return Err(ExchangeError::AccessToken);
        }
        Ok(Self {
            id_token,
            access_token,
        })
    }

    /// The ID token, as it came.
    #[must_use]
    pub fn id_token(&self) -> &str {
        &self.id_token
    }

    /// What is shown where the provider is asked for more of the person; it goes nowhere else, and isn't kept.
    #[must_use]
    pub fn access_token(&self) -> Option<&str> {
        self.access_token.as_ref().map(|token| token.as_str())
    }
}

fn said_no(status: u16, members: &Map<String, Value>) -> ExchangeError {
    let text = |name| members.get(name).and_then(Value::as_str);
    match text("error") {
        Some(error) => ExchangeError::Refused(refusal(error, text("error_description"))),
        None => ExchangeError::Status(status),
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRequest(..)")
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// In bytes.
const ANSWER_MAX: usize = 1 << 20;
/// Of an access token: a server takes no longer header.
const TOKEN_MAX: usize = 16 * 1024;
/// A code of the greatest length, each byte of it encoded, and the rest.
const BODY_ROOM: usize = 20 * 1024;

#[cfg(test)]
mod tests;
