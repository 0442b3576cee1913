//! Logging in as a program, by a token of the platform that it runs on.
//!
//! Some platforms lay the token ready; GitHub Actions is asked for one. It is made for the server alone, and shown
//! to it alone: whom it is for is said here, and never by the server, who could else have one made that opens
//! something of somebody else's.

use std::io::Read as _;
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use ureq::Error;

use super::exchange::Shown;
use super::log_in::{LogInError, other_kind, token_path};
use super::{Exchange, KeptSession};
use crate::api::Secret;
use crate::api::login::{LoginBegun, NewLogin, SessionOpened, TokenShown};
use crate::api::path;
use crate::login::LoginKind;
use crate::login::dpop::SessionKey;
use crate::login::jws::strict;
use crate::login::oidc::{PlainHttp, ProviderUrl, ProviderUrlError};
use crate::server::source::{HttpsError, agent};

/// Where a job asks its platform for a token.
#[derive(Clone, Debug)]
pub struct TokenPlace {
    /// The address, with a query.
    pub url: ProviderUrl,
    /// What shows which job it is.
    pub bearer: Secret,
}

/// Why a platform gave no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is asked nowhere.
    #[error("the address that a token is asked for at")]
    Url(#[from] ProviderUrlError),
    /// It, or the way to it.
    #[error("no token from {origin}")]
    Unreachable {
        /// Scheme, host and port; what is behind them may name the job.
        origin: String,
        /// What went wrong.
        source: HttpsError,
    },
    /// What it gives is no token.
    #[error("no token from {0}: its answer is not {{\"value\": TOKEN}}")]
    Answer(String),
}

#[derive(Deserialize)]
struct Given {
    value: Secret,
}

impl TokenPlace {
    /// The address and what is shown there. Plain http is for a runner on this machine.
    ///
    /// # Errors
    /// [`TokenError::Url`].
    pub fn new(url: &str, bearer: Secret) -> Result<Self, TokenError> {
        let url = ProviderUrl::parse(url, PlainHttp::OnLoopback)?;
        Ok(Self { url, bearer })
    }

    /// A token for this audience.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn token(&self, audience: &str) -> Result<Secret, TokenError> {
        let failed = |source| self.failed(source);
        let agent = agent(SECONDS, None, NO_REDIRECTS).map_err(failed)?;
        let authorization = format!("Bearer {}", self.bearer.expose());
        let mut asked = agent
            .get(self.url.as_str())
            .query("audience", audience)
            .header("Authorization", authorization)
            .header("Accept", "application/json");
        if self.url.as_str().starts_with("http://") {
            asked = asked.config().https_only(false).proxy(None).build();
        }
        let mut answer = asked.call().map_err(|error| failed(in_words(error)))?;
        if answer.status().as_u16() != 200 {
            return Err(failed(HttpsError::Status(answer.status().as_u16())));
        }
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let body = answer.body_mut().as_reader();
        let read = body.take(ANSWER_MAX).read_to_end(&mut bytes);
        read.map_err(|error| failed(in_words(error.into())))?;
        // What a reader says of an answer with a token may repeat it.
        let given: Result<Given, _> = strict(&bytes);
        let given = given.map_err(|_words| TokenError::Answer(self.url.origin().to_owned()))?;
        Ok(given.value)
    }

    fn failed(&self, source: HttpsError) -> TokenError {
        let origin = self.url.origin().to_owned();
        TokenError::Unreachable { origin, source }
    }
}

fn in_words(error: Error) -> HttpsError {
    match error {
        Error::Timeout(_) => HttpsError::TimedOut { seconds: SECONDS },
        Error::RequireHttpsOnly(_) => HttpsError::NotHttps,
        // What ureq says of a request doesn't repeat its headers; its address is the runner's own.
        error => HttpsError::Connection(error.to_string()),
    }
}

/// Logs in by a method of kind `jwt`. The token belongs to the session's key from then on: whoever shows it again
/// does so with the same key. A server that is busy is asked again, since nobody is there to do it.
///
/// # Errors
/// [`LogInError`].
pub fn log_in_as_program(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
    token: &Secret,
) -> Result<KeptSession, LogInError> {
    let mut left = TRIES;
    loop {
        left -= 1;
        match once(exchange, method, key, token) {
            Err(LogInError::Exchange(error) | LogInError::ByToken(error))
                if error.is_passing() && left > 0 =>
            {
                thread::sleep(BETWEEN);
            }
            done => return done,
        }
    }
}

fn once(
    exchange: &mut Exchange,
    method: &str,
    key: &SessionKey,
    token: &Secret,
) -> Result<KeptSession, LogInError> {
    let begun: LoginBegun = exchange.post(path::LOGINS, None, &NewLogin::by(method))?;
    if begun.kind != LoginKind::Jwt.as_str() {
        return Err(other_kind(exchange, method, &begun));
    }
    let at = token_path(exchange, &begun)?;
    let token = token.clone();
    let shown_by = Some(Shown { key, token: None });
    let opened: Result<SessionOpened, _> = exchange.post(&at, shown_by, &TokenShown { token });
    let opened = opened.map_err(LogInError::ByToken)?;
    Ok(KeptSession::new(opened.token, key, opened.session))
}

/// For one answer, all included.
const SECONDS: u64 = 10;
const NO_REDIRECTS: u32 = 0;
/// In bytes; tokens have two thousand.
const ANSWER_MAX: u64 = 64 * 1024;
const TRIES: u32 = 4;
const BETWEEN: Duration = Duration::from_secs(3);
