//! What is said where something is refused: a problem (RFC 9457), whose type is a page of ours.

mod kind;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

pub(super) use kind::ProblemKind;

use super::Service;
use crate::api::problem::{MEDIA_TYPE, Problem, Refusal};
use crate::policy::{Refusal as Reason, Refusals};
use crate::wire::chain;

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct Refused {
    kind: ProblemKind,
    /// What is wrong, and the way out.
    detail: String,
    refusals: Vec<Refusal>,
    /// In how many seconds it may be tried again.
    retry_after: Option<u64>,
    /// What the log alone is told.
    cause: Option<String>,
}

/// One reason. Who else may is nobody's business.
fn told(reason: &Reason) -> Refusal {
    let (limit, sentence) = match reason {
        Reason::Requester { requester, .. } => {
            let sentence = format!("requester `{requester}` is not among those of the role");
            (None, sentence)
        }
        reason => (reason.limit(), reason.in_full()),
    };
    Refusal {
        field: reason.field().to_owned(),
        value: reason.value(),
        limit,
        sentence,
    }
}

impl Refused {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            refusals: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// What the ledger, a file or the program is at fault in; nobody outside is told more.
    pub(super) fn fault(error: impl std::error::Error) -> Self {
        Self::fault_of(chain(&error))
    }

    /// The same, by a cause in words.
    pub(super) fn fault_of(cause: String) -> Self {
        let detail = "the server could not do it; its log says why, under the id of this answer";
        let mut fault = Self::new(ProblemKind::Fault, detail);
        fault.cause = Some(cause);
        fault
    }

    /// Somebody else's server can't be asked; which one, and why, the log alone is told.
    pub(super) fn away(detail: &str, error: &impl std::error::Error) -> Self {
        let mut away = Self::new(ProblemKind::Busy, detail);
        away.cause = Some(chain(error));
        away
    }

    pub(super) fn by_policy(refusals: &Refusals) -> Self {
        let reasons = refusals.reasons().iter();
        let told: Vec<_> = reasons.map(told).collect();
        let sentences: Vec<_> = told.iter().map(|one| one.sentence.as_str()).collect();
        let mut refused = Self::new(ProblemKind::Refused, sentences.join("; "));
        refused.refusals = told;
        refused
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, of which the log is told more.
    pub(super) fn noting(mut self, cause: String) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Whether the same may be taken in a moment, so that nothing was decided.
    pub(super) fn is_for_now(&self) -> bool {
        matches!(
            self.kind,
            ProblemKind::Pending | ProblemKind::Busy | ProblemKind::TooMany | ProblemKind::Nonce
        )
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> u16 {
        self.kind.status()
    }

    /// What the log says of it.
    pub(super) fn note(&self) -> &str {
        self.cause.as_ref().unwrap_or(&self.detail)
    }

    pub(super) fn into_response(self, service: &Service) -> Response {
        let kind = self.kind;
        service.metrics.refused(kind);
        let problem = Problem {
            r#type: format!("{}/problems/{}", service.serve.url, kind.name()),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: Some(self.detail),
            refusals: self.refusals,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let status = StatusCode::from_u16(kind.status()).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(challenge) = kind.authenticate() {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
