//! What somebody wants reserved, and what stands behind it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Nonce, RequestId};
use crate::attestation::Proof;
use crate::certificate::Serial;
use crate::policy::Decided;
use crate::request::RequestDigest;

/// Something to be reserved.
#[derive(Debug)]
pub struct Wanted {
    /// What policy decided to sign.
    pub decided: Decided,
    /// Which serial it shall have.
    pub serial: SerialChoice,
    /// The request it came from.
    pub request: RequestDigest,
    /// What stands behind the decision.
    pub basis: Basis,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// Which serial a certificate shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialChoice {
    /// The next of the sequence that nobody took.
    Next,
    /// This one.
    Exactly(Serial),
}

/// What stands behind a decision, to be checked and kept with the reservation.
#[derive(Clone, Debug)]
pub struct Basis {
    /// What decided. The ledger keeps its text once.
    pub policy: Policy,
    /// The id that the request made up for itself: used once.
    pub request_id: Option<RequestId>,
    /// The challenge that the request answers: made here, not expired, used once.
    pub challenge: Option<Nonce>,
    /// What was proved of the key. The ledger keeps it once.
    pub proof: Option<Proof>,
    /// The evidence that the proof was read from; empty where it is a person's word.
    pub evidence: Vec<u8>,
    /// Why it is asked for, where a role wants a reason; else empty.
    pub reason: String,
}

/// The text of what decided (role, suffixes, roots, program version), and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: Arc<str>,
    digest: [u8; 32],
}

/// The direct form's requester, which is nobody's name: whoever holds token and PIN.
pub const OPERATOR: &str = "operator";

impl Basis {
    /// A decision by this policy, with neither proof nor request file.
    #[must_use]
    pub fn of(policy: Policy) -> Self {
        Self {
            policy,
            request_id: None,
            challenge: None,
            proof: None,
            evidence: Vec::new(),
            reason: String::new(),
        }
    }
}

impl Policy {
    /// The policy that writes itself down as `text`.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self {
            digest: Sha256::digest(text.as_bytes()).into(),
            text,
        }
    }

    /// The direct form without any rules in the config: whoever holds token and PIN.
    #[must_use]
    pub fn operator() -> Self {
        Self::new(concat!(
            r#"{"program":"punchmark "#,
            env!("CARGO_PKG_VERSION"),
            r#"","role":"operator"}"#
        ))
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of what it says.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}
