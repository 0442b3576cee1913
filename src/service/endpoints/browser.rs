//! What a browser does while somebody logs in at an identity provider: it opens the login's page, is sent to the
//! provider, comes back, and perhaps has a code typed.
//!
//! It is not the program that began the login, and gets no session: that goes to whoever has the verifier, at
//! `logins::token`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Outcome;
use crate::login::oidc::{Callback, Form, Question};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::pages;
use crate::service::problem::Refused;
use crate::service::provider_logins::{Next, Typed};
use crate::service::providers::NotLoggedIn;
use crate::wire::chain;

/// Sends the browser to the provider, with a question that is made up for it.
pub(in crate::service) fn open(service: &Service, id: &str) -> Outcome {
    let now = service.now();
    let Some(method) = service.provider_logins.method(id, now) else {
        return page(StatusCode::NOT_FOUND, OVER);
    };
    let Some(provider) = service.providers.of(&method) else {
        return page(StatusCode::NOT_FOUND, OVER);
    };
    let question = match question() {
        Ok(question) => question,
        Err(error) => return Outcome::of(Err(Refused::fault_of(error.to_string()))),
    };
    let sent = match provider.asks(&question) {
        Ok(url) => url,
        Err(error) => return page(StatusCode::BAD_GATEWAY, AWAY).noting(chain(&error)),
    };
    let Some(cookie) = service.provider_logins.opened(id, question, now) else {
        return page(StatusCode::NOT_FOUND, OVER);
    };
    let mut response = see_other(&sent);
    if let Ok(cookie) = HeaderValue::from_str(&cookie.header(id)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Outcome::of(Ok(response)).noting(format!("asks {}", provider.config().issuer.as_str()))
}

/// Takes what the provider answers. Whoever it is, they are told so by the program that asked.
pub(in crate::service) fn callback(service: &Service, asked: &Asked) -> Outcome {
    let now = service.now();
    let callback = match Callback::parse(&asked.query) {
        Ok(callback) => callback,
        Err(error) => return page(StatusCode::BAD_REQUEST, STRANGE).noting(chain(&error)),
    };
    let found = service
        .provider_logins
        .answered(callback.state(), &asked.cookies(), now);
    let Some((id, method, question)) = found else {
        return page(StatusCode::NOT_FOUND, OVER);
    };
    let identity = match service.providers.of(&method) {
        Some(provider) => provider.identity(&question, callback, now),
        None => return page(StatusCode::NOT_FOUND, OVER),
    };
    let note = match &identity {
        Ok(identity) => format!("{method} says {}", identity.name),
        Err(error) => chain(error),
    };
    let identity = identity.map_err(|error| words(&error));
    match service.provider_logins.said(&id, identity, now) {
        Some(Next::Back(to)) => Outcome::of(Ok(see_other(&to))),
        Some(Next::Type) => Outcome::of(Ok(see_other(&format!("/login/{id}/code")))),
        Some(Next::Refused(words)) => page(StatusCode::FORBIDDEN, &words),
        None => page(StatusCode::NOT_FOUND, OVER),
    }
    .noting(note)
}

/// The page on which a code is typed.
pub(in crate::service) fn code_page(service: &Service, id: &str, asked: &Asked) -> Outcome {
    let shown = service
        .provider_logins
        .asks_for_code(id, &asked.cookies(), service.now());
    match shown {
        Some(shown) => Outcome::of(Ok(pages::code(id, &shown, None))),
        None => page(StatusCode::NOT_FOUND, OVER),
    }
}

/// A code was typed.
pub(in crate::service) fn typed(service: &Service, id: &str, asked: &Asked) -> Outcome {
    // Another site may have a browser send a form, and then the browser says so.
    if asked.header("origin").ok() != Some(service.serve.url.as_str()) {
        return page(StatusCode::FORBIDDEN, FOREIGN);
    }
    let (now, cookies) = (service.now(), asked.cookies());
    let code = asked.form().and_then(|text| Form::parse(text).ok());
    let Some(code) = code.and_then(|mut form| form.take("code")) else {
        return page(StatusCode::BAD_REQUEST, STRANGE);
    };
    let logins = &service.provider_logins;
    match logins.typed(id, &cookies, &code, now) {
        Typed::Right => Outcome::of(Ok(pages::done())).noting("the code was typed".to_owned()),
        Typed::Over => page(StatusCode::NOT_FOUND, OVER),
        Typed::Wrong(left) => match logins.asks_for_code(id, &cookies, now) {
            Some(shown) => Outcome::of(Ok(pages::code(id, &shown, Some(left)))),
            None => page(StatusCode::FORBIDDEN, WRONG),
        }
        .noting("a wrong code was typed".to_owned()),
    }
}

fn question() -> Result<Question, getrandom::Error> {
    let mut random = zeroize::Zeroizing::new([[0; 32]; 3]);
    for bytes in random.iter_mut() {
        getrandom::fill(bytes)?;
    }
    Ok(Question::new(&random))
}

/// What whoever logs in is told. How the provider can't be reached is for the log.
fn words(error: &NotLoggedIn) -> String {
    match error {
        NotLoggedIn::Line(line) if line.is_of_the_way() => AWAY.to_owned(),
        error => chain(error),
    }
}

fn page(status: StatusCode, words: &str) -> Outcome {
    Outcome::of(Ok(pages::nothing(status, words)))
}

fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(to) = HeaderValue::from_str(to) {
        headers.insert(header::LOCATION, to);
    }
    // What stands in the address that is left goes nowhere.
    let none = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, none);
    response
}

const OVER: &str = "This login is over, was opened in another browser, or never began here.";
const AWAY: &str = "the identity provider can't be asked now; the server's log says why, and somebody who runs it can tell";
const STRANGE: &str = "What came is not what this page takes.";
const FOREIGN: &str = "The code was sent from another page than this server's.";
const WRONG: &str = "The code was typed wrong five times.";
