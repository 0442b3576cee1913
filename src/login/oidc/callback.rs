//! What a provider answers through the browser (OpenID Connect Core 1.0, 3.1.2.5; RFC 9207).

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::form::{Form, FormError};
use super::provider::Provider;
use super::question::Question;

/// An answer of which nothing was checked. Anybody can send one.
pub struct Callback {
    state: Zeroizing<String>,
    issuer: Option<Zeroizing<String>>,
    said: Said,
}

enum Said {
    Code(Zeroizing<String>),
    No {
        error: Zeroizing<String>,
        description: Option<Zeroizing<String>>,
    },
}

/// What becomes tokens at the provider, once.
#[derive(Clone)]
pub struct AuthorizationCode(Zeroizing<String>);

/// Why an answer counts for nothing. None of it repeats a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// It can't be read in one way.
    #[error("the provider's answer")]
    Form(#[from] FormError),
    /// Nobody knows what it answers.
    #[error("the provider's answer has no `state`")]
    NoState,
    /// It says neither yes nor no.
    #[error("the provider's answer has neither `code` nor `error`")]
    Nothing,
    /// It says yes and no.
    #[error("the provider's answer has `code` and `error`")]
    Both,
    /// A code is longer than any, or has characters that none has.
    #[error("the provider's `code` is none")]
    Code,
    /// It answers something else.
    #[error("the answer is to another question")]
    State,
    /// It is another provider's.
    #[error("the answer is by {found:?}, and {wanted:?} was asked")]
    Issuer {
        /// Whose it says it is.
        found: String,
        /// Who was asked.
        wanted: String,
    },
    /// The provider says of itself that it always says who it is, and here it doesn't.
    #[error("the answer doesn't say by whom it is, and the provider always says so")]
    NoIssuer,
    /// The provider said no.
    #[error("the provider refused: {0}")]
    Refused(String),
}

impl Callback {
    /// Reads the query of the URL that a browser came back with. What else stands there says nothing to us.
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        let mut form = Form::parse(query)?;
        let state = form.take("state").ok_or(CallbackError::NoState)?;
        let said = match (form.take("code"), form.take("error")) {
            (Some(code), None) if is_code(&code) => Said::Code(code),
            (Some(_), None) => return Err(CallbackError::Code),
            (None, Some(error)) => Said::No {
                error,
                description: form.take("error_description"),
            },
            (Some(_), Some(_)) => return Err(CallbackError::Both),
            (None, None) => return Err(CallbackError::Nothing),
        };
        Ok(Self {
            state,
            issuer: form.take("iss"),
            said,
        })
    }

    /// By what the question is found.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The code, if this is what the provider answers to the question. A no counts as little as a yes before
    /// that is known (RFC 9207, 2.4).
    ///
    /// # Errors
    /// [`CallbackError`].
    pub fn code(
        self,
        question: &Question,
        provider: &Provider,
    ) -> Result<AuthorizationCode, CallbackError> {
        let state = self.state.as_bytes();
        if !bool::from(state.ct_eq(question.state().as_bytes())) {
            return Err(CallbackError::State);
        }
        let wanted = provider.issuer().as_str();
        match self.issuer.as_ref().map(|issuer| issuer.as_str()) {
            Some(found) if found == wanted => {}
            None if !provider.names_itself() => {}
            None => return Err(CallbackError::NoIssuer),
            Some(found) => {
                return Err(CallbackError::Issuer {
                    found: found.chars().take(SHOWN_MAX).collect(),
                    wanted: wanted.to_owned(),
                });
            }
        }
        match self.said {
            Said::Code(code) => Ok(AuthorizationCode(code)),
            Said::No { error, description } => {
                let description = description.as_ref().map(|text| text.as_str());
                Err(CallbackError::Refused(refusal(&error, description)))
            }
        }
    }
}

impl AuthorizationCode {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationCode(..)")
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(..)")
    }
}

/// A provider's no, in its words: of the characters alone that they may have (RFC 6749, 5.2).
pub(super) fn refusal(error: &str, description: Option<&str>) -> String {
    let is_usual = |letter: &char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
    let plain = |text: &str| text.chars().filter(is_usual).take(SHOWN_MAX).collect();
    let error: String = plain(error);
    match description.map(|text| -> String { plain(text) }) {
        Some(description) if !description.is_empty() => format!("{error} ({description})"),
        _ => error,
    }
}

fn is_code(code: &str) -> bool {
    // RFC 6749, A.11.
    (1..=CODE_MAX).contains(&code.len()) && code.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Some providers put a whole encrypted token there.
const CODE_MAX: usize = 4096;
const SHOWN_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::provider::tests::{ISSUER, described};
    use super::*;

    const STATE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

    fn answered(query: &str, names_itself: bool) -> Result<String, CallbackError> {
        let change = json!({ "authorization_response_iss_parameter_supported": names_itself });
        let provider = described(&change).unwrap();
        let question = Question::new(&[[1; 32], [2; 32], [3; 32]]);
        let query = query.replace("STATE", STATE);
        let query = query.replace("ISS", "https%3A%2F%2Fid.example.org%2Frealms%2Fwork");
        let code = Callback::parse(&query)?.code(&question, &provider)?;
        Ok(code.expose().to_owned())
    }

    #[test]
    fn an_answer_to_the_question_gives_the_code() {
        let code = answered("code=a%2Fb&state=STATE&iss=ISS&session_state=1", true);
        assert_eq!(code.as_deref(), Ok("a/b"));
        assert_eq!(answered("code=c&state=STATE", false).as_deref(), Ok("c"));
        assert_eq!(
            answered("code=c&state=STATE&iss=ISS", false).as_deref(),
            Ok("c")
        );
    }

    #[test]
    fn each_answer_that_does_not_fit_is_refused() {
        let other = CallbackError::Issuer {
            found: "https://evil.example".to_owned(),
            wanted: ISSUER.to_owned(),
        };
        for (query, fault) in [
            ("", CallbackError::NoState),
            ("code=a", CallbackError::NoState),
            ("state=STATE", CallbackError::Nothing),
            ("state=STATE&code=a&error=b", CallbackError::Both),
            ("state=STATE&code=", CallbackError::Code),
            ("state=STATE&code=a%0Ab", CallbackError::Code),
            (
                "state=STATE&state=STATE&code=a",
                CallbackError::Form(FormError::Twice),
            ),
            ("state=other&code=a&iss=ISS", CallbackError::State),
            ("state=&code=a&iss=ISS", CallbackError::State),
            ("state=STATE&code=a", CallbackError::NoIssuer),
            ("state=STATE&error=access_denied", CallbackError::NoIssuer),
            ("state=STATE&code=a&iss=https://evil.example", other),
        ] {
            assert_eq!(answered(query, true), Err(fault), "{query}");
        }
        let other = answered("state=STATE&code=a&iss=https://evil.example", false);
        assert!(
            matches!(other, Err(CallbackError::Issuer { .. })),
            "{other:?}"
        );
        let long = format!("state=STATE&code={}", "a".repeat(CODE_MAX + 1));
        assert_eq!(answered(&long, false), Err(CallbackError::Code));
    }

    #[test]
    fn a_no_is_told_without_what_a_terminal_obeys() {
        let no =
            "state=STATE&iss=ISS&error=access_denied&error_description=not+assigned%1B%5B31m%22";
        let words = answered(no, true).unwrap_err().to_string();
        assert_eq!(
            words,
            "the provider refused: access_denied (not assigned[31m)"
        );
        let bare = answered("state=STATE&iss=ISS&error=server_error", true);
        let wanted = CallbackError::Refused("server_error".to_owned());
        assert_eq!(bare, Err(wanted));
    }

    #[test]
    fn no_word_about_an_answer_shows_it() {
        let callback = Callback::parse("state=s3cret&code=c0de").unwrap();
        assert_eq!(format!("{callback:?}"), "Callback(..)");
        let code = AuthorizationCode(Zeroizing::new("c0de".to_owned()));
        assert_eq!(format!("{code:?}"), "AuthorizationCode(..)");
    }
}
