//! Requests to a server, and its answers: https, JSON, and a proof of the session's key in each.
//!
//! A server asks for a nonce of its own in a proof. One that is missing or over costs one more
//! round, once; all later requests of a run have the newest.

use std::io::Read as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response};
use ureq::{Agent, Body, Error, Timeout};

use super::ServerAddress;
use super::certificate::ClientCertificate;
use crate::api::Secret;
use crate::api::problem::Problem;
use crate::config;
use crate::login::dpop::{SessionKey, url_of};
use crate::server::source::{HttpsError, agent, agent_showing};

/// The way to one server.
pub struct Exchange {
    agent: Agent,
    server: ServerAddress,
    nonce: Option<String>,
}

/// Who asks: the key of a session, and its token once there is one.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) key: &'a SessionKey,
    pub(super) token: Option<&'a Secret>,
}

/// Why a server gave no answer, or none that helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The way to the server; it may be down.
    #[error("{server} cannot be reached")]
    Unreachable {
        /// Which server.
        server: ServerAddress,
        /// What went wrong.
        source: HttpsError,
    },
    /// The server says why not.
    #[error("{server}: {}", words(.problem))]
    Refused {
        /// Which server.
        server: ServerAddress,
        /// What it said.
        problem: Box<Problem>,
    },
    /// The answer is not what this program understands.
    #[error("{server} answers in a way that this program doesn't understand ({what})")]
    Strange {
        /// Which server.
        server: ServerAddress,
        /// What is strange.
        what: String,
    },
    /// There are no random numbers for a proof.
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
}

impl Exchange {
    /// The way to a server, which is known by the web's roots, or by the certificates of a PEM text alone.
    ///
    /// # Errors
    /// [`HttpsError::Roots`].
    pub fn new(server: &ServerAddress, roots: Option<&str>) -> Result<Self, HttpsError> {
        Ok(Self {
            agent: agent(SECONDS, roots, 0)?,
            server: server.clone(),
            nonce: None,
        })
    }

    /// The same, on which this certificate is shown.
    ///
    /// # Errors
    /// [`HttpsError::Roots`].
    pub fn showing(
        certificate: &ClientCertificate,
        server: &ServerAddress,
        roots: Option<&str>,
    ) -> Result<Self, HttpsError> {
        Ok(Self {
            agent: agent_showing(Some(certificate.to_show()), SECONDS, roots, 0)?,
            server: server.clone(),
            nonce: None,
        })
    }

    /// Which server it is.
    #[must_use]
    pub fn server(&self) -> &ServerAddress {
        &self.server
    }

    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        path: &str,
        shown: Option<Shown<'_>>,
    ) -> Result<T, ExchangeError> {
        let answer = self.ask("GET", path, shown, None)?;
        self.understood(&answer)
    }

    pub(super) fn post<T: DeserializeOwned>(
        &mut self,
        path: &str,
        shown: Option<Shown<'_>>,
        body: &impl Serialize,
    ) -> Result<T, ExchangeError> {
        let body = serde_json::to_vec(body).map_err(|error| self.strange(error))?;
        let answer = self.ask("POST", path, shown, Some(&body))?;
        self.understood(&answer)
    }

    pub(super) fn delete(&mut self, path: &str, shown: Shown<'_>) -> Result<(), ExchangeError> {
        self.ask("DELETE", path, Some(shown), None).map(drop)
    }

    /// The body of an answer that is none of refusal.
    fn ask(
        &mut self,
        method: &str,
        path: &str,
        shown: Option<Shown<'_>>,
        body: Option<&[u8]>,
    ) -> Result<Vec<u8>, ExchangeError> {
        let mut answer = self.once(method, path, shown, body)?;
        if wants_nonce(&answer) {
            answer = self.once(method, path, shown, body)?;
        }
        let status = answer.status();
        let body = self.body(answer)?;
        if status.is_success() {
            return Ok(body);
        }
        let problem: Result<Problem, _> = serde_json::from_slice(&body);
        match problem {
            Ok(problem) => Err(ExchangeError::Refused {
                server: self.server.clone(),
                problem: Box::new(problem),
            }),
            Err(_no_problem) => Err(self.strange(format!("status {status}"))),
        }
    }

    fn once(
        &mut self,
        method: &str,
        path: &str,
        shown: Option<Shown<'_>>,
        body: Option<&[u8]>,
    ) -> Result<Response<Body>, ExchangeError> {
        let url = url_of(&self.server.url(), path);
        let mut request = Request::builder().method(method).uri(&url);
        if let Some(shown) = shown {
            request = request.header("DPoP", self.proof(method, &url, shown)?);
            if let Some(token) = shown.token {
                request = request.header("Authorization", format!("DPoP {}", token.expose()));
            }
        }
        let answer = match body {
            None => {
                let request = request.body(()).map_err(|error| self.strange(error))?;
                self.agent.run(request)
            }
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                let request = request.body(body).map_err(|error| self.strange(error))?;
                self.agent.run(request)
            }
        };
        let answer = answer.map_err(|error| self.unreachable(error))?;
        let nonce = answer.headers().get("DPoP-Nonce");
        if let Some(nonce) = nonce.and_then(|nonce| nonce.to_str().ok()) {
            self.nonce = Some(nonce.to_owned());
        }
        Ok(answer)
    }

    fn proof(&self, method: &str, url: &str, shown: Shown<'_>) -> Result<String, ExchangeError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(ExchangeError::Random)?;
        let token = shown.token.map(Secret::expose);
        let nonce = self.nonce.as_deref();
        Ok(shown
            .key
            .prove((method, url), token, nonce, &id, config::now()))
    }

    fn body(&self, mut answer: Response<Body>) -> Result<Vec<u8>, ExchangeError> {
        let mut bytes = Vec::new();
        let body = answer.body_mut().as_reader();
        body.take(ANSWER_MAX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.unreachable(error.into()))?;
        if bytes.len() > usize::try_from(ANSWER_MAX).unwrap_or_default() {
            return Err(self.strange("an answer without end"));
        }
        Ok(bytes)
    }

    fn understood<T: DeserializeOwned>(&self, answer: &[u8]) -> Result<T, ExchangeError> {
        serde_json::from_slice(answer).map_err(|error| self.strange(error))
    }

    pub(super) fn strange(&self, what: impl ToString) -> ExchangeError {
        ExchangeError::Strange {
            server: self.server.clone(),
            what: what.to_string(),
        }
    }

    fn unreachable(&self, error: Error) -> ExchangeError {
        let source = match error {
            Error::Timeout(Timeout::Global) => HttpsError::TimedOut { seconds: SECONDS },
            Error::RequireHttpsOnly(_) => HttpsError::NotHttps,
            error => HttpsError::Connection(error.to_string()),
        };
        let server = self.server.clone();
        ExchangeError::Unreachable { server, source }
    }
}

impl ExchangeError {
    /// Whether the server could not be asked at all.
    #[must_use]
    pub fn is_down(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { problem, .. } => problem.status == 503,
            _ => false,
        }
    }

    /// Whether the session that was shown is over.
    #[must_use]
    pub fn is_logged_out(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.status == 401)
    }

    /// Whether a person has something to do yet, before the login opens anything.
    pub(super) fn is_pending(&self) -> bool {
        self.is_problem("authorization-pending")
    }

    /// Whether the server's config lets nobody log in by a code that is typed elsewhere.
    #[must_use]
    pub fn is_code_off(&self) -> bool {
        self.is_problem("code-login-off")
    }

    /// Whether the same question may be answered in a while.
    pub(super) fn is_passing(&self) -> bool {
        self.is_down() || matches!(self, Self::Refused { problem, .. } if problem.status == 429)
    }

    /// By the page of the server's that says what kind of problem it is.
    fn is_problem(&self, name: &str) -> bool {
        let Self::Refused { problem, .. } = self else {
            return false;
        };
        let of = problem.r#type.rsplit_once("/problems/");
        of.is_some_and(|(_, known)| known == name)
    }

    /// Whether the server's policy said no.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        matches!(self, Self::Refused { problem, .. } if problem.status == 403)
    }
}

/// RFC 9449, 8.
fn wants_nonce(answer: &Response<Body>) -> bool {
    let asks = answer.headers().get("WWW-Authenticate");
    let asks = asks.and_then(|asks| asks.to_str().ok()).unwrap_or_default();
    answer.status().as_u16() == 401 && asks.contains("use_dpop_nonce")
}

/// What a person is told: each reason of policy, else the one sentence. Nothing that steers a terminal.
fn words(problem: &Problem) -> String {
    let sentences: Vec<_> = problem
        .refusals
        .iter()
        .map(|refusal| &refusal.sentence)
        .collect();
    let words = match (sentences.is_empty(), &problem.detail) {
        (false, _) => sentences
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
            .join("; "),
        (true, Some(detail)) => detail.clone(),
        (true, None) => problem.title.clone(),
    };
    let plain = words.chars().filter(|char| !char.is_control());
    plain.take(WORDS_MAX).collect()
}

/// For a whole request; a server answers within 30 s or says that it is busy.
const SECONDS: u64 = 35;
const ANSWER_MAX: u64 = 1024 * 1024;
const WORDS_MAX: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::problem::Refusal;

    fn problem(status: u16, detail: &str, sentences: &[&str]) -> Problem {
        let refusal = |sentence: &&str| Refusal {
            field: "lifetime".to_owned(),
            value: None,
            limit: None,
            sentence: (*sentence).to_owned(),
        };
        Problem {
            r#type: String::new(),
            title: "no".to_owned(),
            status,
            detail: Some(detail.to_owned()).filter(|detail| !detail.is_empty()),
            refusals: sentences.iter().map(refusal).collect(),
        }
    }

    #[test]
    fn a_person_reads_the_reasons_and_nothing_that_steers_a_terminal() {
        assert_eq!(
            words(&problem(403, "more", &["too long", "no role"])),
            "too long; no role"
        );
        assert_eq!(words(&problem(404, "a\u{1b}[2Jb", &[])), "a[2Jb");
        assert_eq!(words(&problem(404, "", &[])), "no");
        assert_eq!(words(&problem(404, &"a".repeat(5000), &[])).len(), 2000);
    }

    #[test]
    fn what_a_status_means_is_told_apart() {
        let refused = |status| ExchangeError::Refused {
            server: "ca".parse().unwrap(),
            problem: Box::new(problem(status, "", &[])),
        };
        let told =
            |error: &ExchangeError| (error.is_logged_out(), error.is_policy(), error.is_down());
        assert_eq!(told(&refused(401)), (true, false, false));
        assert_eq!(told(&refused(403)), (false, true, false));
        assert_eq!(told(&refused(503)), (false, false, true));
        assert_eq!(told(&refused(409)), (false, false, false));
    }
}
