//! An identity provider, asked over https: what it says of itself, its keys, tokens for a code, and more of a person.
//!
//! All that it answers goes through the pure checks of `login::oidc`. Here is what they can't do: connections
//! that go nowhere else than where they were sent, limits on size and time, and how often it is asked. A provider's
//! description and keys count for an hour. Its keys are fetched again when a token names one that isn't among them, once
//! a minute at most, so that whoever sends tokens with made-up keys asks the provider no more than that.
//!
//! Each call waits for the network, for ten seconds at most. No lock is held meanwhile, so that a slow
//! provider holds up those alone who log in by it; two who find the same thing missing both fetch it.

mod platform;

use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::Response;
use ureq::{Agent, Body, Error, RequestBuilder};

use crate::login::oidc::{
    ExchangeError, Expected, ExpectedLogout, IdToken, IdTokenError, Issuer, KeySet, KeySetError,
    LogoutToken, LogoutTokenError, PlainHttp, Provider, ProviderError, ProviderUrl, TokenRequest,
    Tokens,
};
use crate::server::source::{HttpsError, agent};

/// The way to one provider.
pub struct ProviderLine {
    issuer: Issuer,
    http: PlainHttp,
    agent: Agent,
    seconds: u64,
    known: Mutex<Known>,
}

/// What was fetched.
#[derive(Default)]
struct Known {
    provider: Option<(Arc<Provider>, Instant)>,
    /// Where a platform that logs in programs has its keys.
    keys_at: Option<(ProviderUrl, Instant)>,
    keys: Option<Keys>,
}

#[derive(Clone)]
struct Keys {
    set: Arc<KeySet>,
    fetched: Instant,
    /// When newer ones were asked for, whatever came of it.
    asked: Instant,
}

/// Why a provider gave nothing of use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderLineError {
    /// It, or the way to it.
    #[error("{url}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong.
        source: HttpsError,
    },
    /// Nothing is followed: where else it points is its own affair.
    #[error(
        "{url} redirects (status {status}), and a server follows nowhere: is the issuer written as the provider writes it?"
    )]
    Redirect {
        /// What was asked.
        url: String,
        /// How it answered.
        status: u16,
    },
    /// The answer is something else, such as a page for people.
    #[error("{url} answers with `{found}`, not with JSON")]
    MediaType {
        /// What was asked.
        url: String,
        /// What came.
        found: String,
    },
    /// What it says of itself.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// It gave no tokens.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The ID token doesn't count.
    #[error("the ID token")]
    IdToken(#[from] IdTokenError),
    /// The logout token doesn't count.
    #[error("the logout token")]
    LogoutToken(#[from] LogoutTokenError),
}

impl ProviderLineError {
    /// Whether the way to the provider is at fault, or what it says of itself, and not the login.
    pub(super) fn is_of_the_way(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Redirect { .. }
                | Self::MediaType { .. }
                | Self::Provider(_)
                | Self::Keys(_)
        )
    }
}

impl ProviderLine {
    /// The way to the provider of this name, which is known by the web's roots, or by the certificates of a
    /// PEM text alone. Nothing is asked yet.
    ///
    /// # Errors
    /// [`HttpsError::Roots`].
    pub fn new(issuer: Issuer, http: PlainHttp, roots: Option<&str>) -> Result<Self, HttpsError> {
        Self::waiting(SECONDS, (issuer, http), roots)
    }

    fn waiting(
        seconds: u64,
        (issuer, http): (Issuer, PlainHttp),
        roots: Option<&str>,
    ) -> Result<Self, HttpsError> {
        Ok(Self {
            issuer,
            http,
            agent: agent(seconds, roots, NO_REDIRECTS)?,
            seconds,
            known: Mutex::default(),
        })
    }

    /// What the provider says of itself, asked anew after an hour.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub fn provider(&self) -> Result<Arc<Provider>, ProviderLineError> {
        if let Some((provider, since)) = &self.known().provider
            && since.elapsed() < LIFE
        {
            return Ok(Arc::clone(provider));
        }
        let document = self.read(&self.issuer.discovery(), None)?;
        let provider = Provider::parse(&self.issuer, &document, self.http)?;
        let provider = Arc::new(provider);
        self.known().provider = Some((Arc::clone(&provider), Instant::now()));
        Ok(provider)
    }

    /// Shows a code.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub fn tokens(
        &self,
        provider: &Provider,
        request: &TokenRequest,
    ) -> Result<Tokens, ProviderLineError> {
        let url = provider.token().as_str();
        let mut asked = self.of_trial(self.agent.post(url), url);
        asked = asked.header("Content-Type", "application/x-www-form-urlencoded");
        if let Some(authorization) = request.authorization() {
            asked = asked.header("Authorization", authorization);
        }
        let response = asked.header("Accept", JSON).send(request.body());
        let (status, body) = self.whole(url, response)?;
        Ok(Tokens::parse(status, &body)?)
    }

    /// Checks an ID token by the provider's keys, which are fetched again if they lack its key.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub fn id_token(
        &self,
        provider: &Provider,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<IdToken, ProviderLineError> {
        let check = |keys: &KeySet| IdToken::check(token, keys, expected);
        let is_newer = |error: &IdTokenError| matches!(error, IdTokenError::Token(of) if of.is_of_newer_keys());
        Ok(self.checked(provider.keys(), check, is_newer)??)
    }

    /// Checks a logout token by the provider's keys, which are fetched again if they lack its key.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub fn logout_token(
        &self,
        provider: &Provider,
        token: &str,
        expected: &ExpectedLogout<'_>,
    ) -> Result<LogoutToken, ProviderLineError> {
        let check = |keys: &KeySet| LogoutToken::check(token, keys, expected);
        let is_newer = |error: &LogoutTokenError| matches!(error, LogoutTokenError::Token(of) if of.is_of_newer_keys());
        Ok(self.checked(provider.keys(), check, is_newer)??)
    }

    /// What a check by the keys at a place finds, and by newer ones where those that are known lack the right one.
    fn checked<T, E>(
        &self,
        at: &ProviderUrl,
        check: impl Fn(&KeySet) -> Result<T, E>,
        is_newer: impl Fn(&E) -> bool,
    ) -> Result<Result<T, E>, ProviderLineError> {
        let keys = self.keys(at)?;
        let found = check(&keys.set);
        let lacks = found.as_ref().is_err_and(is_newer);
        if lacks && keys.asked.elapsed() >= KEYS_REST {
            return Ok(check(&self.newer_keys(at)?.set));
        }
        Ok(found)
    }

    /// What the provider says of the person whose access token it is; nothing where it has no place to be asked.
    ///
    /// # Errors
    /// [`ProviderLineError`].
    pub fn userinfo(
        &self,
        provider: &Provider,
        access_token: &str,
    ) -> Result<Option<Vec<u8>>, ProviderLineError> {
        let url = provider.userinfo().map(ProviderUrl::as_str);
        url.map(|url| self.read(url, Some(access_token)))
            .transpose()
    }

    /// The keys that are known, if they aren't too old to be.
    fn keys(&self, at: &ProviderUrl) -> Result<Keys, ProviderLineError> {
        let known = self.known().keys.clone();
        match known.filter(|keys| keys.fetched.elapsed() < LIFE) {
            Some(keys) => Ok(keys),
            None => self.newer_keys(at),
        }
    }

    fn newer_keys(&self, at: &ProviderUrl) -> Result<Keys, ProviderLineError> {
        let now = Instant::now();
        // Before the question: a provider that fails is asked no more often than one that answers.
        if let Some(keys) = &mut self.known().keys {
            keys.asked = now;
        }
        let set = KeySet::parse(&self.read(at.as_str(), None)?)?;
        let keys = Keys {
            set: Arc::new(set),
            fetched: now,
            asked: now,
        };
        self.known().keys = Some(keys.clone());
        Ok(keys)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProviderLine {
    /// The body of a 200 in JSON.
    fn read(&self, url: &str, access_token: Option<&str>) -> Result<Vec<u8>, ProviderLineError> {
        let mut asked = self.of_trial(self.agent.get(url), url);
        if let Some(token) = access_token {
            asked = asked.header("Authorization", format!("Bearer {token}"));
        }
        let (status, body) = self.whole(url, asked.header("Accept", JSON).call())?;
        if status == 200 {
            Ok(body)
        } else {
            Err(unreachable(url, HttpsError::Status(status)))
        }
    }

    /// Status and body of an answer that is one.
    fn whole(
        &self,
        url: &str,
        response: Result<Response<Body>, Error>,
    ) -> Result<(u16, Vec<u8>), ProviderLineError> {
        let mut response = response.map_err(|error| self.fault(url, error))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            let url = url.to_owned();
            return Err(ProviderLineError::Redirect { url, status });
        }
        if status == 200 {
            is_json(url, &response)?;
        }
        let mut body = Vec::new();
        let one_more = u64::try_from(ANSWER_MAX)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let reader = response.body_mut().as_reader();
        let read = reader.take(one_more).read_to_end(&mut body);
        read.map_err(|error| self.fault(url, Error::from(error)))?;
        if body.len() > ANSWER_MAX {
            let limit = ANSWER_MAX;
            return Err(unreachable(url, HttpsError::TooLong { limit }));
        }
        Ok((status, body))
    }

    /// The same question; one that stays on this machine in a trial goes without TLS, and past every proxy.
    fn of_trial<B>(&self, asked: RequestBuilder<B>, url: &str) -> RequestBuilder<B> {
        if self.http == PlainHttp::OnLoopback && url.starts_with("http://") {
            asked.config().https_only(false).proxy(None).build()
        } else {
            asked
        }
    }

    fn fault(&self, url: &str, error: Error) -> ProviderLineError {
        let source = match error {
            Error::Timeout(_) => HttpsError::TimedOut {
                seconds: self.seconds,
            },
            Error::RequireHttpsOnly(_) => HttpsError::NotHttps,
            error => HttpsError::Connection(error.to_string()),
        };
        unreachable(url, source)
    }
}

/// Whether an answer says that it is JSON: a page or a signed text would be read for something else.
fn is_json(url: &str, response: &Response<Body>) -> Result<(), ProviderLineError> {
    let found = response.headers().get("content-type");
    let found = found
        .and_then(|found| found.to_str().ok())
        .unwrap_or_default();
    let kind = found.split(';').next().unwrap_or_default().trim();
    if JSON_KINDS
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
    {
        return Ok(());
    }
    Err(ProviderLineError::MediaType {
        url: url.to_owned(),
        found: kind.chars().take(SHOWN_MAX).collect(),
    })
}

fn unreachable(url: &str, source: HttpsError) -> ProviderLineError {
    let url = url.to_owned();
    ProviderLineError::Unreachable { url, source }
}

/// For one answer, all included.
const SECONDS: u64 = 10;
const NO_REDIRECTS: u32 = 0;
/// How long what was fetched counts: a key that the provider took away opens nothing later than that.
const LIFE: Duration = Duration::from_secs(60 * 60);
/// Before keys are asked for again on the word of a token.
const KEYS_REST: Duration = Duration::from_secs(60);
/// In bytes.
const ANSWER_MAX: usize = 1 << 20;
const JSON: &str = "application/json";
/// What a set of keys may be called too (RFC 7517, 8.5.2).
const JSON_KINDS: [&str; 2] = [JSON, "application/jwk-set+json"];
const SHOWN_MAX: usize = 100;

#[cfg(test)]
mod tests;
