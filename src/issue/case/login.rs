//! Taking in a request that somebody left at a server, in a session that they logged in to.
//!
//! Whose it is comes from the session. What is proved of the key counts with one more lock than
//! where a person carries the request: the key, or the card that it is in, must be enrolled for
//! the requester. Otherwise a stolen session and the thief's own card would be as good as the
//! requester's card.

use super::intake::{IntakeError, agree, enrolled, proof, request};
use super::{Enrolments, Judge, Known};
use crate::attestation::Proof;
use crate::ledger::Served;
use crate::request::{Content, LoginFacts, RequestFile, Requester, RequesterName};

/// A request that came in a session.
#[derive(Clone, Debug)]
pub struct OverLogin {
    /// The request.
    pub file: RequestFile,
    /// Whose session it is.
    pub requester: RequesterName,
    /// What the login says of them that opened it.
    pub logged_in_by: LoginFacts,
    /// The way by which it came; the ledger holds the login in it against the requester.
    pub served: Served,
}

/// A proof that counts, and why there is none.
type Proved = (Option<Proof>, Option<String>);

pub(super) fn take_in<'a>(
    judge: &Judge<'a>,
    over: &OverLogin,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Known<'a>, IntakeError> {
    let rulebook = &judge.rulebook;
    let admitted = over
        .file
        .clone()
        .admit(judge.ca.public_key(), now, rulebook.limits)?;
    let content = admitted.content();
    if content.challenge != Some(over.served.challenge) {
        return Err(IntakeError::NoAnswer);
    }
    let role = judge.role_of(content)?;
    let named = &over.requester;
    if named == Requester::operator().name() {
        return Err(IntakeError::Name(named.to_string()));
    }
    agree(named, &content.claimed)?;
    let proved = proof(content, admitted.used(), &judge.roots)?;
    let (proof, unbelieved) = own(content, named, proved, whose)?;
    Ok(Known {
        request: request(content, now)?,
        role,
        requester: Requester::logged_in(named.clone(), over.logged_in_by.clone()),
        proofs: proof.into_iter().collect(),
        unbelieved,
        content: Some(admitted.into_content()),
        evidence: Vec::new(),
    })
}

/// The proof, where key or card is enrolled for the requester.
fn own(
    content: &Content,
    requester: &RequesterName,
    (proof, unbelieved): Proved,
    whose: &Enrolments<'_>,
) -> Result<Proved, IntakeError> {
    let known = enrolled(content.subject.key(), proof.as_ref(), whose)?;
    match (known, proof) {
        (Some(known), proof) => {
            agree(known.name(), [requester])?;
            Ok((proof, unbelieved))
        }
        (None, None) => Ok((None, unbelieved)),
        (None, Some(_)) => Ok((None, Some(not_enrolled(requester)))),
    }
}

fn not_enrolled(requester: &RequesterName) -> String {
    format!(
        "neither the key nor its card is enrolled for `{requester}`, and by login alone a key \
         counts as a file"
    )
}
