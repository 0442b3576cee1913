//! A session: what it is, what can be asked for in it, and its end.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::logins::shown;
use super::{Outcome, json};
use crate::api::about::Roles;
use crate::api::issue::ChallengeMade;
use crate::policy::Role;
use crate::policy::role::Permit;
use crate::request::Requester;
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::authenticate::InSession;
use crate::service::problem::Refused;
use crate::wire::hex;

/// The session that is asked in.
pub(in crate::service) fn session(service: &Service, asked: &Asked) -> Outcome {
    in_session(service, asked, |by| {
        json(StatusCode::OK, &shown(service, &by.session))
    })
}

/// Ends it.
pub(in crate::service) fn end(service: &Service, asked: &Asked) -> Outcome {
    in_session(service, asked, |by| {
        let ended = service.sessions.end(&by.hash);
        ended.map_err(Refused::fault)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// The roles that the requester may ask for, of the CAs that are served.
pub(in crate::service) fn roles(service: &Service, asked: &Asked) -> Outcome {
    in_session(service, asked, |by| {
        let roles = service.policy.roles();
        let open = roles.filter(|role| is_open(service, role, by));
        let shown = open.map(|role| serde_json::from_value(role.shown()));
        let roles = shown.collect::<Result<_, _>>().map_err(Refused::fault)?;
        json(StatusCode::OK, &Roles { roles })
    })
}

/// A challenge for a request of this session.
pub(in crate::service) fn challenges(service: &Service, asked: &Asked) -> Outcome {
    in_session(service, asked, |by| {
        asked.says_nothing()?;
        let (challenge, expires) = service.challenges.make(&by.hash, service.now());
        let challenge = hex(&challenge);
        json(StatusCode::CREATED, &ChallengeMade { challenge, expires })
    })
}

fn in_session(
    service: &Service,
    asked: &Asked,
    then: impl FnOnce(&InSession) -> Result<Response, Refused>,
) -> Outcome {
    match service.session_of(asked) {
        Ok(by) => Outcome::of(then(&by)).by(&by.session.requester),
        Err(refused) => Outcome::of(Err(refused)),
    }
}

fn is_open(service: &Service, role: &Role, by: &InSession) -> bool {
    let is_served = match role.ca() {
        Permit::Anything => true,
        Permit::Nothing => false,
        Permit::Only(name) => service.cas.iter().any(|ca| ca.name == name),
    };
    let login = by.logged_in_by.clone();
    let requester = Requester::logged_in(by.session.requester.clone(), login);
    role.is_on()
        && !role.name().is_operator()
        && is_served
        && role.is_for(&requester)
        && role.shut_to(&by.logged_in_by, service.now()).is_empty()
}
