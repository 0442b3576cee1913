//! Certificates: asked for, decided about, and looked at again.

use axum::http::StatusCode;
use axum::response::Response;

use super::{Outcome, json};
use crate::api::issue::{Decision, Issued as IssuedJson, RequestShown, WouldSign};
use crate::certificate::{Body, Serial, certificate_line};
use crate::issue::{IssueError, Issued, lock};
use crate::ledger::{Ca, Ledger, Record, State};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::authenticate::InSession;
use crate::service::order::{Ordered, Placed, Requested, Told};
use crate::service::problem::{ProblemKind, Refused};
use crate::wire::RawCertificate;

/// What a request for a certificate came to at once: an answer, or an order that waits.
pub(in crate::service) enum Left {
    Answered(Outcome),
    Waits(Box<Placed>),
}

/// Asks for a certificate.
pub(in crate::service) fn orders(service: &Service, asked: &Asked) -> Left {
    let by = match service.session_of(asked) {
        Ok(by) => by,
        Err(refused) => return Left::Answered(Outcome::of(Err(refused))),
    };
    let requester = by.session.requester.clone();
    let ordered = requested(service, asked).and_then(|request| {
        let since = request.since;
        Ok((service.order(by, request)?, since))
    });
    match ordered {
        Ok((Ordered::Waits(placed), _)) => Left::Waits(placed),
        Ok((Ordered::Again(issued), since)) => {
            Left::Answered(once_more(service, *issued, since).by(&requester))
        }
        Err(refused) => Left::Answered(Outcome::of(Err(refused)).by(&requester)),
    }
}

/// What is told once the desk has answered.
pub(in crate::service) fn answered(
    service: &Service,
    (by, request): (&InSession, &Requested),
    answer: Result<Issued, IssueError>,
) -> Outcome {
    let mut note = match &answer {
        Ok(issued) => format!("{} {}", request.ca_name(), issued.serial),
        Err(error) => crate::wire::chain(error),
    };
    let told = match service.answer((by, request), answer) {
        Ok(Told::Now(mut issued)) => {
            note += &service.receipted(&mut issued, request.since);
            Outcome::of(json(StatusCode::CREATED, &issued)).noting(note)
        }
        Ok(Told::Again(issued)) => once_more(service, issued, request.since),
        Err(refused) => Outcome::of(Err(refused)).noting(note),
    };
    told.by(&by.session.requester)
}

fn once_more(service: &Service, mut issued: IssuedJson, since: Option<u64>) -> Outcome {
    let mut note = format!("{} {} once more", issued.ca, issued.serial);
    note += &service.receipted(&mut issued, since);
    Outcome::of(json(StatusCode::OK, &issued)).noting(note)
}

/// Says what would be decided, and reserves nothing.
pub(in crate::service) fn decisions(service: &Service, asked: &Asked) -> Outcome {
    with_session(service, asked, |by| {
        let request = requested(service, asked)?;
        let wanted = service.decide(by, &request)?;
        service.would_reserve(&wanted)?;
        let decided = wanted.decided();
        let decision = Decision {
            ca: request.ca_name().to_owned(),
            role: decided.role().to_owned(),
            requester: decided.requester().to_owned(),
            suffix: decided.suffix().map(str::to_owned),
            proof: decided.proof_in_words(),
            certificate: would_sign(decided.body())?,
            warnings: decided.warnings().iter().map(ToString::to_string).collect(),
        };
        json(StatusCode::OK, &decision)
    })
}

fn would_sign(body: &Body) -> Result<WouldSign, Refused> {
    let said = serde_json::to_value(body).and_then(serde_json::from_value);
    said.map_err(Refused::fault)
}

/// One of one's own certificates, or for auditors any. Whose another one is, nobody else is told.
pub(in crate::service) fn certificate(
    service: &Service,
    of: (&str, &str),
    asked: &Asked,
) -> Outcome {
    with_session(service, asked, |by| {
        let ledger = lock(&service.ledger);
        let (_ca, record) = found(service, &ledger, of, by)?;
        drop(ledger);
        let mut issued = issued(&record).ok_or_else(none)?;
        // Why there is none, the answer says.
        let _note = service.receipted(&mut issued, None);
        json(StatusCode::OK, &issued)
    })
}

/// The record of a CA's serial, if it is theirs or they see all.
pub(super) fn found(
    service: &Service,
    ledger: &Ledger,
    (ca, serial): (&str, &str),
    by: &InSession,
) -> Result<(Ca, Record), Refused> {
    let serial: u64 = serial.parse().map_err(|_number| none())?;
    let serial = Serial::try_from(serial).map_err(|_zero| none())?;
    let cas = ledger.cas().map_err(Refused::fault)?;
    let ca = cas.into_iter().find(|known| known.name() == ca);
    let ca = ca.ok_or_else(none)?;
    let record = ledger.record_of(&ca, serial).map_err(Refused::fault)?;
    let may = |record: &Record| service.sees_all(by) || by.is_of(&record.reserved.requester);
    let record = record.filter(may).ok_or_else(none)?;
    Ok((ca, record))
}

fn none() -> Refused {
    Refused::new(ProblemKind::NotFound, "you have no such certificate")
}

/// Does this in the session that is shown.
pub(super) fn with_session(
    service: &Service,
    asked: &Asked,
    then: impl FnOnce(&InSession) -> Result<Response, Refused>,
) -> Outcome {
    match service.session_of(asked) {
        Ok(by) => Outcome::of(then(&by)).by(&by.session.requester),
        Err(refused) => Outcome::of(Err(refused)),
    }
}

fn requested(service: &Service, asked: &Asked) -> Result<Requested, Refused> {
    let shown: RequestShown = asked.json()?;
    service.requested(&shown, asked.peer.to_string())
}

fn issued(record: &Record) -> Option<IssuedJson> {
    let State::Issued(blob) = &record.state else {
        return None;
    };
    let certificate = RawCertificate::from_blob(blob).ok()?;
    let until = certificate.valid_before();
    Some(IssuedJson {
        certificate: certificate_line(&certificate, ""),
        ca: record.ca.clone(),
        serial: record.reserved.serial,
        valid_before: Some(until).filter(|until| *until != u64::MAX),
        warnings: Vec::new(),
        receipt: None,
    })
}
