//! What is done at each path. Each takes a request that was read, and gives an answer; none of them
//! waits for a device.

mod about;
mod browser;
mod certificates;
mod health;
mod listing;
mod lists;
mod logins;
mod logout;
mod revocations;
mod session;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub(super) use about::{document, public_key, server};
pub(super) use browser::{callback, code_page, open, typed};
pub(super) use certificates::{Left, answered, certificate, decisions, orders};
pub(super) use health::{problem_page, ready};
#[cfg(test)]
pub(super) use listing::NAMES as LISTING_NAMES;
pub(super) use listing::{list as certificates, proof};
pub(super) use lists::{checkpoint, list};
pub(super) use logins::{Opener, begin, token};
pub(super) use logout::logout;
pub(super) use revocations::revoke;
pub(super) use session::{challenges, end, roles, session};

use super::asked::Asked;
use super::problem::Refused;

/// What came of a request: an answer, and what the log says of it beside.
pub(super) struct Outcome {
    pub(super) answer: Result<Response, Refused>,
    pub(super) requester: Option<String>,
    pub(super) note: Option<String>,
}

impl Outcome {
    pub(super) fn of(answer: Result<Response, Refused>) -> Self {
        Self {
            answer,
            requester: None,
            note: None,
        }
    }

    pub(super) fn by(mut self, requester: &impl ToString) -> Self {
        self.requester = Some(requester.to_string());
        self
    }

    pub(super) fn noting(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Refused> {
    let body = serde_json::to_vec(body).map_err(Refused::fault)?;
    let mut response = (status, body).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// What caches may keep: with a tag by which it need not be sent again.
fn kept(
    asked: &Asked,
    body: Vec<u8>,
    media: &'static str,
    cached: &'static str,
) -> Result<Response, Refused> {
    let digest = Base64UrlUnpadded::encode_string(&Sha256::digest(&body));
    let tag = format!("\"{digest}\"");
    let mut response = if asked.knows(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body.into_response()
    };
    let tag = HeaderValue::from_str(&tag).map_err(Refused::fault)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    Ok(response)
}

fn text(body: String) -> Response {
    let mut response = body.into_response();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
