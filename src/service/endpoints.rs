//! What is done at each path. Each takes a request that was read, and gives an answer; none of them
//! waits for a device.

mod about;
mod certificates;
mod health;
mod logins;
mod session;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub(super) use about::{public_key, server};
pub(super) use certificates::{Left, answered, certificate, decisions, orders};
pub(super) use health::{problem_page, ready};
pub(super) use logins::{begin, token};
pub(super) use session::{challenges, end, roles, session};

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

fn text(body: String) -> Response {
    let mut response = body.into_response();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
