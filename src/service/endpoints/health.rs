//! Whether the server works; and what a kind of problem is.

use axum::http::StatusCode;

use super::{Outcome, json, text};
use crate::issue::lock;
use crate::ledger::{LEAP_DAYS, check_clock};
use crate::service::Service;
use crate::service::problem::{ProblemKind, Refused};

/// Whether each CA takes orders and the clock can be believed. A device that can sign no more is
/// looked for again; meanwhile its desk takes orders, as long as another device is there.
pub(in crate::service) fn ready(service: &Service) -> Outcome {
    let cas: Vec<_> = service
        .cas
        .iter()
        .map(|ca| serde_json::json!({ "name": ca.name, "ready": ca.is_open() }))
        .collect();
    let last = lock(&service.ledger).last_time();
    let clock = last.is_ok_and(|last| check_clock(service.now(), last, LEAP_DAYS).is_ok());
    let is_ready = clock && service.cas.iter().all(|ca| ca.is_open());
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({ "ready": is_ready, "clock": clock, "cas": cas });
    Outcome::of(json(status, &body))
}

/// The page of a kind of problem.
pub(in crate::service) fn problem_page(name: &str) -> Outcome {
    let page = ProblemKind::page(name);
    let none = || Refused::new(ProblemKind::NotFound, "there is no such kind of problem");
    Outcome::of(page.map(text).ok_or_else(none))
}
