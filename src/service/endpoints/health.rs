//! Whether the server works; and what a kind of problem is.

use axum::http::StatusCode;

use super::{Outcome, json, text};
use crate::issue::lock;
use crate::ledger::{LEAP_DAYS, check_clock};
use crate::service::problem::{ProblemKind, Refused};
use crate::service::{Service, Whereabouts};

/// Whether each CA takes orders and the clock can be believed. A device that can sign no more is
/// looked for again; meanwhile its desk takes orders, as long as another device is there. While a command has the
/// ledger, requests wait for it, and the clock is held against nothing; where the server can't open it again, it is not
/// ready.
pub(in crate::service) fn ready(service: &Service) -> Outcome {
    let cas: Vec<_> = service
        .cas
        .iter()
        .map(|ca| serde_json::json!({ "name": ca.name, "ready": ca.is_open() }))
        .collect();
    let whereabouts = service.whereabouts();
    let (ledger, clock) = match whereabouts {
        Whereabouts::Here => ("here", Some(is_clock_right(service))),
        Whereabouts::Lent => ("lent", None),
        Whereabouts::Missed => ("missed", None),
    };
    let is_ready = whereabouts != Whereabouts::Missed
        && clock != Some(false)
        && service.cas.iter().all(|ca| ca.is_open());
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body =
        serde_json::json!({ "ready": is_ready, "ledger": ledger, "clock": clock, "cas": cas });
    Outcome::of(json(status, &body))
}

fn is_clock_right(service: &Service) -> bool {
    let last = lock(&service.ledger).last_time();
    last.is_ok_and(|last| check_clock(service.now(), last, LEAP_DAYS).is_ok())
}

/// The page of a kind of problem.
pub(in crate::service) fn problem_page(name: &str) -> Outcome {
    let page = ProblemKind::page(name);
    let none = || Refused::new(ProblemKind::NotFound, "there is no such kind of problem");
    Outcome::of(page.map(text).ok_or_else(none))
}
