//! Taking in a certificate of the ledger that is to be made anew: what is still proved of its key,
//! and whose the key still is.
//!
//! Nothing counts because it counted once. Evidence is verified again by the roots of today, and
//! whoever was known by an enrolment must be enrolled still; where a person's word stood for it,
//! the front asks for that word again ([`KnownBy::Vouch`]).

use serde::Deserialize;
use ssh_key::public::KeyData;

use super::intake::{IntakeError, agree, enrolled, proved_by, signer};
use super::{Enrolments, Judge, Known};
use crate::attestation::{Proof, Roots};
use crate::ledger::EvidenceSeen;
use crate::request::{Ask, KnownBy, Request, Requester, RequesterName};
use crate::wire::verify::SecurityKeyUse;

/// A certificate of the ledger, as far as it is asked for once more.
#[derive(Clone, Debug)]
pub struct Anew {
    /// Its key.
    pub subject: KeyData,
    /// What is asked for it: the same as it says.
    pub ask: Ask,
    /// Who asked for it.
    pub requester: RequesterName,
    /// How that was known.
    pub known_by: WasKnownBy,
    /// What was proved of the key then, as the ledger keeps it.
    pub proof: Option<EvidenceSeen>,
}

/// How it was known who asked for a certificate that the ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WasKnownBy {
    /// By token and PIN alone, or by a person's word; entries of before format 4 don't say.
    Word,
    /// By an enrolment or line that must still be there: `key`, `card`, `allowed-signers`.
    Listed(&'static str),
    /// By whatever it was: key or card was taken away since, from the requester of this name.
    TakenFrom(String),
}

/// What of the facts of a proof, which the ledger keeps as JSON, evidence doesn't say itself.
#[derive(Debug, Default, Deserialize)]
struct KeptFacts {
    #[serde(default)]
    used: Option<KeptUse>,
    #[serde(default)]
    statement: Option<String>,
}

#[derive(Debug, Deserialize)]
struct KeptUse {
    present: bool,
    verified: bool,
}

/// A proof, and why evidence is as good as none where it lacks a root.
type Proved = (Option<Proof>, Option<String>);

pub(super) fn take_in<'a>(
    judge: &Judge<'a>,
    anew: &Anew,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Known<'a>, IntakeError> {
    let role = judge.role(&anew.ask.role)?;
    let (proof, unbelieved) = match &anew.proof {
        Some(seen) => proof(seen, &anew.subject, &judge.roots)?,
        None => (None, None),
    };
    Ok(Known {
        role,
        requester: requester(judge, anew, proof.as_ref(), whose, now)?,
        request: Request {
            subject: anew.subject.clone(),
            ask: anew.ask.clone(),
        },
        proofs: proof.into_iter().collect(),
        unbelieved,
        content: None,
        evidence: anew
            .proof
            .iter()
            .flat_map(|seen| seen.evidence.clone())
            .collect(),
        enrols: None,
    })
}

/// What evidence proves by the roots of today, with what the ledger alone keeps: how a security key
/// was used for the request, and what a witness said.
fn proof(seen: &EvidenceSeen, key: &KeyData, roots: &Roots) -> Result<Proved, IntakeError> {
    let unreadable = || IntakeError::Kept(seen.kind.clone());
    let facts: KeptFacts = serde_json::from_str(&seen.facts).map_err(|_form| unreadable())?;
    let used = facts.used.map(|used| SecurityKeyUse {
        present: used.present,
        verified: used.verified,
        // No part of what is proved: it counts up with each use.
        counter: 0,
    });
    match seen.kind.as_str() {
        "piv" | "fido" => {
            let (proof, unbelieved) = proved_by(&seen.evidence, key, roots)?;
            Ok((proof.map(|proof| proof.used(used)), unbelieved))
        }
        "witnessed" => {
            let statement = facts.statement.ok_or_else(unreadable)?;
            Ok((Some(Proof::witnessed(key.clone(), statement)), None))
        }
        "sk" => Ok((Proof::sk(key.clone()).map(|proof| proof.used(used)), None)),
        _ => Err(unreadable()),
    }
}

/// Who asks: whose the key is by today's enrolments and lines, which must be who asked before.
fn requester(
    judge: &Judge<'_>,
    anew: &Anew,
    proof: Option<&Proof>,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Requester, IntakeError> {
    let name = &anew.requester;
    // Who asks for anybody's key by the direct form asks for no one's that was taken from them.
    let was_taken = matches!(anew.known_by, WasKnownBy::TakenFrom(_));
    if name == Requester::operator().name() && !was_taken {
        return Ok(Requester::operator());
    }
    let mut known = enrolled(&anew.subject, proof, whose)?;
    if known.is_none() {
        let signers = judge.rulebook.allowed_signers;
        known = signer(signers, &anew.subject, Some(name), now)?;
    }
    let no_longer = |name: &str, by| {
        let name = name.to_owned();
        Err(IntakeError::NoLonger { name, by })
    };
    match (known, &anew.known_by) {
        (Some(known), _) => agree(known.name(), [name]).map(|()| known),
        (None, WasKnownBy::Listed(by)) => no_longer(name.as_str(), by),
        (None, WasKnownBy::TakenFrom(whom)) => no_longer(whom, "key or card"),
        (None, WasKnownBy::Word) => Ok(Requester::known(name.clone(), KnownBy::Vouch)),
    }
}
