//! Whether the server works; and what a kind of problem is.

use axum::http::StatusCode;

use super::{Outcome, json, text};
use crate::api::about::{KeyReadiness, Readiness};
use crate::issue::lock;
use crate::ledger::{LEAP_DAYS, check_clock};
use crate::service::health::Health;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::{Service, Whereabouts};

/// Whether each CA's key signs, and the clock can be believed: by the worst of them, up, degraded or down. A device that can sign no more is
/// looked for again; meanwhile its desk takes orders, as long as another device is there. While a command has the
/// ledger, requests wait for it, and the clock is held against nothing; where the server can't open it again, it is not
/// ready.
pub(in crate::service) fn ready(service: &Service) -> Outcome {
    let keys = service.keys();
    let cas = service.cas.iter().zip(&keys).map(|(ca, key)| {
        let signed = key.trial.and_then(|trial| trial.signed);
        KeyReadiness {
            name: ca.name.clone(),
            ready: key.health != Health::Down,
            signed: signed.map(|ago| ago.as_secs()),
            state: key.health.as_str().to_owned(),
            touch: key.wants_finger,
        }
    });
    let cas = cas.collect();
    let whereabouts = service.whereabouts();
    let (ledger, clock) = match whereabouts {
        Whereabouts::Here => ("here", Some(is_clock_right(service))),
        Whereabouts::Lent => ("lent", None),
        Whereabouts::Missed => ("missed", None),
    };
    let of_server = match (whereabouts, clock) {
        (Whereabouts::Missed, _) | (_, Some(false)) => Health::Down,
        (Whereabouts::Lent, _) => Health::Degraded,
        (Whereabouts::Here, _) => Health::Up,
    };
    let health = keys.iter().map(|key| key.health).fold(of_server, Ord::max);
    let ready = health != Health::Down;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        cas,
        clock,
        ledger: ledger.to_owned(),
        ready,
        state: health.as_str().to_owned(),
    };
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
