//! A provider tells that somebody logged out there (OpenID Connect Back-Channel Logout 1.0, 2.5 to 2.8).
//!
//! It has no session and shows no secret: what counts is the signature on the token alone. Whoever sends another one
//! ends nothing, and learns nothing of who is logged in.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Outcome;
use crate::config::LoginMethod;
use crate::login::oidc::{Form, LoggedOut};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logouts::NotDone;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::providers::NotLoggedIn;
use crate::service::sessions::{Session, SessionsError};
use crate::wire::chain;

/// Ends the sessions of whoever logged out at the provider of a method.
pub(in crate::service) fn logout(service: &Service, method: &str, asked: &Asked) -> Outcome {
    let method = service.method(method);
    let provider = method.and_then(|method| Some((method, service.providers.of(&method.name)?)));
    let Some((method, provider)) = provider else {
        let detail = "there is no login method of that name whose provider could tell of a logout";
        return Outcome::of(Err(Refused::new(ProblemKind::NotFound, detail)));
    };
    let form = asked.form().and_then(|text| Form::parse(text).ok());
    let Some(token) = form.and_then(|mut form| form.take("logout_token")) else {
        return Outcome::of(Err(malformed(NO_FORM)));
    };
    let now = service.now();
    let token = match provider.logged_out(&token, now) {
        Ok(token) => token,
        Err(error) => return not_taken(&error),
    };
    let name = method.name.as_str();
    let ended = service.logouts.once((name, &token), now, || {
        service.ends_of(method, token.who(), now)
    });
    match ended {
        Ok(ended) => Outcome::of(Ok(done())).noting(format!(
            "a logout at the provider of {name} ended {ended} sessions"
        )),
        Err(NotDone::Again) => Outcome::of(Err(malformed("this very logout token came before"))),
        Err(NotDone::Full) => Outcome::of(Err(later(FULL))),
        Err(NotDone::Failed(error)) => Outcome::of(Err(Refused::fault(error))),
    }
}

impl Service {
    fn ends_of(
        &self,
        method: &LoginMethod,
        who: &LoggedOut,
        now: u64,
    ) -> Result<usize, SessionsError> {
        self.provider_logins.forget(&method.name, who, now);
        self.sessions.end_those(&|session: &Session| {
            let said = session.at_provider.as_ref();
            let is_theirs = said.is_some_and(|said| who.is(&said.subject, said.session.as_deref()));
            is_theirs && session.method == method.name.as_str()
        })
    }
}

/// What the token lacks is the provider's to know; how the provider can't be reached is for the log.
fn not_taken(error: &NotLoggedIn) -> Outcome {
    let is_of_the_way = match error {
        NotLoggedIn::Crowded => true,
        NotLoggedIn::Line(line) => line.is_of_the_way(),
        _ => false,
    };
    let refused = if is_of_the_way {
        later(AWAY)
    } else {
        malformed(&chain(error))
    };
    Outcome::of(Err(refused)).noting(chain(error))
}

fn done() -> Response {
    StatusCode::OK.into_response()
}

fn malformed(detail: &str) -> Refused {
    Refused::new(ProblemKind::Malformed, detail)
}

fn later(detail: &str) -> Refused {
    Refused::new(ProblemKind::Busy, detail).retry_after(60)
}

const NO_FORM: &str = "a form with one `logout_token` is wanted";
const AWAY: &str = "the provider's keys can't be had now, by which the token would be checked";
const FULL: &str = "so many logouts were told that no more can be told apart";
