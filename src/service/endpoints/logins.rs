//! A login begins, and is answered for a token.

use axum::http::StatusCode;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use ssh_key::PublicKey;

use super::{Outcome, json};
use crate::api::login::{KeyShown, LoginBegun, NewLogin, Session as SessionJson, SessionOpened};
use crate::issue::lock;
use crate::ledger::{Credential, LoginError, LoginSeen};
use crate::login::key::{KeyAnswer, KeyChallenge};
use crate::login::{Login, LoginKind};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logins::{Begun, NotBegun};
use crate::service::problem::{ProblemKind, Refused};
use crate::service::sessions::Session;

/// Begins a login by a method.
pub(in crate::service) fn begin(service: &Service, asked: &Asked) -> Outcome {
    Outcome::of(begun(service, asked))
}

/// Answers a login: who showed what was asked has a session.
pub(in crate::service) fn token(service: &Service, id: &str, asked: &Asked) -> Outcome {
    match opened(service, id, asked) {
        Ok((opened, login)) => {
            let requester = opened.session.requester.clone();
            Outcome::of(json(StatusCode::OK, &opened))
                .by(&requester)
                .noting(format!("logged in, entry {login}"))
        }
        Err(refused) => Outcome::of(Err(refused)),
    }
}

fn begun(service: &Service, asked: &Asked) -> Result<Response, Refused> {
    let NewLogin { method } = asked.json()?;
    let known = service
        .serve
        .logins
        .iter()
        .find(|name| name.as_str() == method);
    let known = known.ok_or_else(|| {
        Refused::new(
            ProblemKind::Unfit,
            format!("there is no login method {method:?}"),
        )
    })?;
    let begun = service.logins.begin(known, asked.peer, service.now());
    let (id, begun) = begun.map_err(|error| match error {
        NotBegun::TooMany => {
            let detail = "so many logins began from here that nobody answered";
            Refused::new(ProblemKind::TooMany, detail).retry_after(60)
        }
        NotBegun::Random(error) => Refused::fault_of(error.to_string()),
    })?;
    let told = LoginBegun {
        login: id,
        kind: LoginKind::Key.as_str().to_owned(),
        challenge: Some(Base64UrlUnpadded::encode_string(&begun.challenge)),
        expires: begun.expires,
    };
    json(StatusCode::CREATED, &told)
}

fn opened(service: &Service, id: &str, asked: &Asked) -> Result<(SessionOpened, u64), Refused> {
    let KeyShown { signature } = asked.json()?;
    let proof = service.proof(asked, None)?;
    let now = service.now();
    let begun = service.logins.take(id, now).ok_or_else(no_login)?;
    let answer = KeyAnswer::parse(&signature).map_err(|_form| no_login())?;
    let url = service.serve.url.as_str();
    let challenge = KeyChallenge::new(url, id, &begun.challenge, proof.key());
    let challenge = challenge.map_err(|_form| no_login())?;
    let key = PublicKey::from(answer.key().clone()).to_bytes();
    let key = key.map_err(|_form| no_login())?;
    let login = checked(service, &begun, (&answer, &challenge), &key, now)?;
    let until = now.saturating_add(service.serve.longest);
    let seen = LoginSeen {
        name: login.name().to_string(),
        method: login.method().to_string(),
        key,
        session_key: *proof.key().as_bytes(),
        until,
        server: url.to_owned(),
        peer: asked.peer.to_string(),
        keyboard: service.keyboard.clone(),
    };
    let recorded = lock(&service.ledger).record_login(seen, now);
    let position = recorded.map_err(|error| match error {
        LoginError::Ledger(error) => Refused::fault(error),
        _ => no_login(),
    })?;
    let session = Session {
        requester: login.name().clone(),
        method: login.method().to_string(),
        key: *proof.key(),
        login: position,
        until,
        seen: now,
    };
    let told = shown(service, &session);
    let token = service.sessions.begin(session, now);
    let token = token.map_err(Refused::fault)?;
    let session = told;
    Ok((SessionOpened { token, session }, position))
}

/// The login of whoever the key is enrolled for, if it signed the challenge. A key of nobody is checked
/// alike, so that no answer and no clock tells whose key is known.
fn checked(
    service: &Service,
    begun: &Begun,
    (answer, challenge): (&KeyAnswer, &KeyChallenge),
    key: &[u8],
    now: u64,
) -> Result<Login, Refused> {
    let whose = lock(&service.ledger).requester_of(&Credential::Key(key.to_vec()));
    let whose = whose.map_err(Refused::fault)?;
    let name = whose.as_deref().unwrap_or(NOBODY).parse();
    let name = name.map_err(|_name| no_login())?;
    let login = answer.check(challenge, name, begun.method.clone(), now);
    match (whose, login) {
        (Some(_), Ok(login)) => Ok(login),
        _ => Err(no_login()),
    }
}

/// A session, as whoever has it may know it.
pub(super) fn shown(service: &Service, session: &Session) -> SessionJson {
    SessionJson {
        requester: session.requester.to_string(),
        method: session.method.clone(),
        groups: Vec::new(),
        until: session.until,
        idle: service.serve.idle,
    }
}

fn no_login() -> Refused {
    Refused::new(ProblemKind::Login, NO_LOGIN)
}

const NO_LOGIN: &str =
    "the login was answered before, is over, or what was shown opens nothing here: begin anew";
/// Stands for the name of nobody while a signature is checked; the login is refused all the same.
const NOBODY: &str = "nobody";
