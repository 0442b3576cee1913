//! A login begins, and is answered for a token.

mod certificate;
mod directory;
mod key;
mod password;
mod program;
mod provider;

use axum::http::StatusCode;
use axum::response::Response;
use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{Outcome, json};
use crate::api::login::{LoginBegun, NewLogin, Session as SessionJson, SessionOpened};
use crate::issue::lock;
use crate::ledger::{LoginError, LoginSeen};
use crate::login::dpop::Proof;
use crate::login::jwt::ProgramMark;
use crate::login::password::PasswordMark;
use crate::login::{Login, LoginKind};
use crate::service::Service;
use crate::service::asked::Asked;
use crate::service::logins::NotBegun;
use crate::service::problem::{ProblemKind, Refused};
use crate::service::sessions::{AtProvider, Session};

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
                .noting(login)
        }
        Err(refused) => Outcome::of(Err(refused)),
    }
}

fn begun(service: &Service, asked: &Asked) -> Result<Response, Refused> {
    let new: NewLogin = asked.json()?;
    let known = service.method(&new.method).ok_or_else(|| {
        Refused::new(
            ProblemKind::Unfit,
            format!("there is no login method {:?}", new.method),
        )
    })?;
    if let Some(config) = &known.provider {
        return provider::begun(service, asked, (known, config), new);
    }
    if new != NewLogin::by(&new.method) {
        let detail = format!("login method {} takes nothing but `method`", known.name);
        return Err(Refused::new(ProblemKind::Unfit, detail));
    }
    let begun = service.logins.begin(known, asked.peer, service.now());
    let (id, begun) = begun.map_err(begun_in_words)?;
    let told = LoginBegun {
        login: id,
        kind: known.kind.as_str().to_owned(),
        challenge: (known.kind == LoginKind::Key)
            .then(|| Base64UrlUnpadded::encode_string(&begun.challenge)),
        open: None,
        code: None,
        expires: begun.expires,
    };
    json(StatusCode::CREATED, &told)
}

fn begun_in_words(error: NotBegun) -> Refused {
    match error {
        NotBegun::TooMany => {
            let detail = "so many logins began from here that nobody answered";
            Refused::new(ProblemKind::TooMany, detail).retry_after(60)
        }
        NotBegun::Random(error) => Refused::fault_of(error.to_string()),
    }
}

/// What was shown, and checked.
pub(in crate::service) struct Opener {
    pub(in crate::service) login: Login,
    /// The blob of the enrolled key that signed; empty where none did.
    pub(in crate::service) key: Vec<u8>,
    /// The password that it was, where it was one.
    pub(in crate::service) user: Option<PasswordMark>,
    /// What an identity provider said, where one did.
    pub(in crate::service) at_provider: Option<AtProvider>,
    /// The program that it is, where it is one.
    pub(in crate::service) program: Option<ProgramMark>,
    /// The first second in which what was shown is over, in Unix seconds, where it says that itself.
    pub(in crate::service) over_at: Option<u64>,
}

/// A session, and what the log says of it.
fn opened(service: &Service, id: &str, asked: &Asked) -> Result<(SessionOpened, String), Refused> {
    let proof = service.proof(asked, None)?;
    // Who logs out at the provider meanwhile waits until the session is there, and then it ends.
    // Of others, some wait for a platform's keys, and would keep logouts waiting.
    let is_at_provider = service.provider_logins.has(id, service.now());
    let _no_logout = is_at_provider.then(|| service.logouts.login());
    let opener = opener(service, id, asked, &proof)?;
    let tried = service.metrics.login(opener.login.kind());
    let now = service.now();
    let longest = now.saturating_add(longest(service, opener.login.kind()));
    let until = opener.over_at.map_or(longest, |over| over.min(longest));
    let Opener {
        login,
        key,
        user,
        at_provider,
        program,
        over_at: _,
    } = opener;
    let seen = LoginSeen {
        name: login.name().to_string(),
        method: login.method().to_string(),
        key,
        session_key: *proof.key().as_bytes(),
        until,
        server: service.serve.url.to_string(),
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
        user,
        at_provider,
        program,
        login: position,
        until,
        seen: now,
    };
    let told = shown(service, &session);
    let token = service.sessions.begin(session, now);
    let token = token.map_err(Refused::fault)?;
    tried.succeeded();
    let session = told;
    Ok((SessionOpened { token, session }, note(&login, position)))
}

/// How long a session lives at most: that of a program for what it began with, and no longer.
fn longest(service: &Service, kind: LoginKind) -> u64 {
    match kind {
        LoginKind::Jwt => service.serve.longest.min(OF_PROGRAM),
        LoginKind::Key
        | LoginKind::Password
        | LoginKind::Oidc
        | LoginKind::Ldap
        | LoginKind::Tls => service.serve.longest,
    }
}

fn note(login: &Login, position: u64) -> String {
    match login.subject() {
        Some(said) if login.kind() == LoginKind::Jwt => {
            format!(
                "logged in, entry {position}, by a token about {}",
                said.subject
            )
        }
        Some(said) if login.kind() == LoginKind::Tls => {
            format!(
                "logged in, entry {position}, by a client certificate of {}",
                said.subject
            )
        }
        _ => format!("logged in, entry {position}"),
    }
}

fn opener(service: &Service, id: &str, asked: &Asked, proof: &Proof) -> Result<Opener, Refused> {
    if service.provider_logins.has(id, service.now()) {
        let opener = provider::opener(service, asked, id);
        return opener.inspect_err(|refused| {
            if !refused.is_for_now() {
                service.metrics.login_refused(LoginKind::Oidc);
            }
        });
    }
    let begun = service.logins.take(id, service.now());
    let begun = begun.ok_or_else(no_login)?;
    let kind = begun.method.kind;
    let opener = match kind {
        LoginKind::Key => key::opener(service, asked, (id, &begun), proof),
        LoginKind::Password => password::opener(service, asked, &begun),
        LoginKind::Jwt => program::opener(service, asked, &begun, proof),
        LoginKind::Ldap => directory::opener(service, asked, &begun),
        LoginKind::Tls => certificate::opener(service, asked, &begun),
        // Such a login waits among those of providers.
        LoginKind::Oidc => Err(no_login()),
    };
    opener.inspect_err(|_refused| service.metrics.login_refused(kind))
}

/// A session, as whoever has it may know it.
pub(super) fn shown(service: &Service, session: &Session) -> SessionJson {
    let groups = session.at_provider.iter().flat_map(|said| &said.groups);
    SessionJson {
        requester: session.requester.to_string(),
        method: session.method.clone(),
        groups: groups.map(ToString::to_string).collect(),
        until: session.until,
        idle: service.serve.idle,
    }
}

fn no_login() -> Refused {
    Refused::new(ProblemKind::Login, NO_LOGIN)
}

/// In seconds.
const OF_PROGRAM: u64 = 10 * 60;
const NO_LOGIN: &str =
    "the login was answered before, is over, or what was shown opens nothing here: begin anew";
