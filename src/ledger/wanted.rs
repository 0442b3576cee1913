//! What somebody wants reserved, and what stands behind it: sealed once policy has decided.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Credential, Nonce, RequestId, Served};
use crate::attestation::{Proof, ProofKind};
use crate::certificate::Serial;
use crate::policy::Decided;
use crate::request::{Content, Request, RequestDigest};

/// A certificate that was decided, sealed with all that the ledger is to check and keep.
///
/// Its fields are the ledger's alone. One constructor makes it, and `scripts/layers` lets
/// the spine's `issue/case.rs` alone call that, so that no front can leave out the id of a
/// request, its challenge or its evidence, or take them from another request.
#[derive(Debug)]
pub struct Wanted {
    /// What policy decided to sign, and for which CA.
    pub(super) decided: Decided,
    /// Which serial it shall have.
    pub(super) serial: SerialChoice,
    /// The request it came from.
    pub(super) request: RequestDigest,
    /// What stands behind the decision.
    pub(super) basis: Basis,
    /// Who was at the keyboard, by the system's word.
    pub(super) keyboard: String,
    /// What becomes the requester's in the same durable step.
    pub(super) enrols: Option<Credential>,
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
pub(super) struct Basis {
    /// What decided. The ledger keeps its text once.
    pub(super) policy: Policy,
    /// The id that the request made up for itself: used once.
    pub(super) request_id: Option<RequestId>,
    /// When the request says that it was made, in Unix seconds; none without a request file.
    pub(super) created: Option<u64>,
    /// The challenge that the request answers: made here, not expired, used once.
    pub(super) challenge: Option<Nonce>,
    /// What was proved of the key. The ledger keeps it once.
    pub(super) proof: Option<Proof>,
    /// The evidence that the proof was read from; empty where it is a person's word.
    pub(super) evidence: Vec<u8>,
    /// Why it is asked for, where a role wants a reason; else empty.
    pub(super) reason: String,
    /// The way by which a server was asked; none in a command.
    pub(super) served: Option<Served>,
}

/// The text of what decided (role, suffixes, roots, program version), and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: Arc<str>,
    digest: [u8; 32],
}

/// The direct form's requester, which is nobody's name: whoever holds token and PIN.
pub const OPERATOR: &str = "operator";

impl Wanted {
    /// Seals what was decided about `request`; `basis` is the content of the request file or item of a
    /// bundle that said it, if one did, and what a proof was read from. `policy` is the text of what decided.
    ///
    /// # Errors
    /// [`ssh_encoding::Error`] if a field of the request is longer than the wire allows.
    pub(crate) fn seal(
        decided: Decided,
        request: &Request,
        basis: (Option<&Content>, &[u8]),
        policy: Policy,
        keyboard: String,
    ) -> Result<Self, ssh_encoding::Error> {
        let proof = decided.proof_in_words();
        Ok(Self {
            request: request.digest(decided.ca(), decided.asker(), &proof)?,
            serial: SerialChoice::from(request.ask.serial),
            basis: Basis::new(&decided, request, basis, policy),
            decided,
            keyboard,
            enrols: None,
        })
    }

    /// The same, asked of a server: the challenge that the request answers is the server's own, which
    /// saw to it, and none of the ledger's.
    #[must_use]
    pub(crate) fn served(mut self, served: Served) -> Self {
        self.basis.challenge = None;
        self.basis.served = Some(served);
        self
    }

    /// The same, which also makes this key or card the requester's: in the frame that takes
    /// the serial, so that neither is without the other. What becomes of the signature
    /// changes nothing about it.
    #[must_use]
    pub fn enrolling(self, credential: Credential) -> Self {
        Self {
            enrols: Some(credential),
            ..self
        }
    }

    /// The hash of all that was asked, which tells one request from another.
    pub(crate) fn request_hash(&self) -> [u8; 32] {
        *self.request.as_bytes()
    }

    /// What policy decided.
    pub fn decided(&self) -> &Decided {
        &self.decided
    }
}

impl From<Option<Serial>> for SerialChoice {
    fn from(asked: Option<Serial>) -> Self {
        asked.map_or(Self::Next, Self::Exactly)
    }
}

impl Basis {
    fn new(
        decided: &Decided,
        request: &Request,
        (content, evidence): (Option<&Content>, &[u8]),
        policy: Policy,
    ) -> Self {
        let reason = request.ask.reason.as_ref();
        // A witness's word comes without evidence, also where the request brought some.
        let from_evidence = decided
            .proof()
            .is_some_and(|proof| matches!(proof.kind(), ProofKind::Piv | ProofKind::Fido));
        Self {
            policy,
            request_id: content.map(|content| content.id),
            created: content.map(|content| content.created),
            challenge: content.and_then(|content| content.challenge),
            proof: decided.proof().cloned(),
            evidence: if from_evidence {
                evidence.to_vec()
            } else {
                Vec::new()
            },
            reason: reason.map(ToString::to_string).unwrap_or_default(),
            served: None,
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
