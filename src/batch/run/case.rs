//! One certificate that is asked for, with all that stands behind it, and what policy says.

use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use ssh_key::public::KeyData;

use super::Run;
use crate::attestation::{Proof, ProofKind};
use crate::batch::{BatchError, Report, TakenIn};
use crate::certificate::Body;
use crate::config::Given;
use crate::ledger::{Basis, Policy, SerialChoice, Wanted};
use crate::policy::text::text;
use crate::policy::{Decided, Role, Rules, decide};
use crate::request::{Content, Request, RequestFile, Requester};

/// What is asked, by whom, by which role, and what is proved.
struct Case<'a> {
    request: Request,
    requester: Requester,
    role: &'a Role,
    proofs: Vec<Proof>,
    /// Of a request file.
    content: Option<Content>,
}

impl<'a> Run<'a> {
    /// Asks policy, and gathers what the ledger is to keep.
    pub(super) fn decide(
        &self,
        given: Given,
        serial: SerialChoice,
        file: Option<&Path>,
    ) -> Result<Wanted, BatchError> {
        let mut case = match given {
            Given::Key(key, _) => self.case_of_key(key)?,
            Given::Request(request) => self.case_of_request(*request)?,
        };
        case.request.ask.serial = match serial {
            SerialChoice::Next => None,
            SerialChoice::Exactly(serial) => Some(serial.number()),
        };
        let rules = Rules {
            role: case.role,
            ..self.batch.rules.clone()
        };
        let (request, requester) = (&case.request, &case.requester);
        let decided = decide(request, requester, &case.proofs, &rules, (self.batch.now)())?;
        for warning in decided.warnings() {
            (self.batch.report)(Report::Warned { file, warning });
        }
        self.compare(decided.body());
        let proof = decided.proof_in_words();
        Ok(Wanted {
            request: request.digest(&self.ca_key, requester, &proof)?,
            basis: self.basis(&case, &decided)?,
            decided,
            serial,
            keyboard: self.batch.keyboard.clone(),
        })
    }

    /// Whether all certificates say the same, but for their keys.
    fn compare(&self, body: &Body) {
        let first = self.first.get_or_init(|| body.clone());
        let same = (&first.key_id, &first.principals, &first.validity)
            == (&body.key_id, &body.principals, &body.validity);
        if !same {
            self.differ.store(true, Ordering::Relaxed);
        }
    }

    fn case_of_key(&self, key: KeyData) -> Result<Case<'a>, BatchError> {
        let ask = self.batch.ask.clone().ok_or(BatchError::NotAsked)?;
        Ok(Case {
            proofs: self.witnessed(&key).into_iter().collect(),
            request: Request { subject: key, ask },
            requester: self.batch.requester.clone(),
            role: self.batch.rules.role,
            content: None,
        })
    }

    fn case_of_request(&self, file: RequestFile) -> Result<Case<'a>, BatchError> {
        let now = (self.batch.now)();
        let TakenIn {
            request,
            role,
            requester,
            proof,
            content,
        } = self
            .batch
            .intake
            .take(file, &self.ca_key, self.ledger, now)?;
        let witnessed = self.witnessed(&request.subject);
        Ok(Case {
            proofs: proof.into_iter().chain(witnessed).collect(),
            request,
            requester,
            role,
            content: Some(content),
        })
    }

    /// The operator's word for a key.
    fn witnessed(&self, key: &KeyData) -> Option<Proof> {
        let words = self.batch.witnessed.clone()?;
        Some(Proof::witnessed(key.clone(), words))
    }

    fn basis(&self, case: &Case<'_>, decided: &Decided) -> Result<Basis, BatchError> {
        let mut basis = Basis::of(self.policy(case.role)?);
        basis.proof = decided.proof().cloned();
        if let Some(reason) = &case.request.ask.reason {
            basis.reason = reason.to_string();
        }
        if let Some(content) = &case.content {
            basis.request_id = Some(content.id);
            basis.challenge = content.challenge;
            let from_evidence =
                |proof: &Proof| matches!(proof.kind(), ProofKind::Piv | ProofKind::Fido);
            if decided.proof().is_some_and(from_evidence) {
                basis.evidence.clone_from(&content.evidence);
            }
        }
        Ok(basis)
    }

    /// The rules of a role in one text, put together once a run.
    fn policy(&self, role: &Role) -> Result<Policy, BatchError> {
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(policy) = policies.get(role.name()) {
            return Ok(policy.clone());
        }
        let roots = self.batch.intake.roots.fingerprints();
        let policy = Policy::new(text(role, self.batch.rules.suffixes, &roots)?);
        policies.insert(role.name().clone(), policy.clone());
        Ok(policy)
    }
}
