//! Taking in a request that somebody left at a server, in a session that they logged in to.
//!
//! Whose it is comes from the session. What is proved of the key counts with one more lock than
//! where a person carries the request: the key, or the card that it is in, must be enrolled for
//! the requester. Otherwise a stolen session and the thief's own card would be as good as the
//! requester's card. A device becomes theirs with the certificate where another device of theirs
//! vouches for it, or where the role says that a login is enough.

use ssh_key::PublicKey;

use super::device::{DeviceWord, DeviceWordError};
use super::intake::{IntakeError, agree, enrolled, proof, proved_by, request};
use super::{Enrolments, Judge, Known};
use crate::attestation::{Proof, Roots};
use crate::ledger::{CardId, Credential, Served};
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
    /// What a device that they have already says for the key's, if one does.
    pub device_word: Option<DeviceWord>,
    /// The way by which it came; the ledger holds the login in it against the requester.
    pub served: Served,
}

/// What counts of a request's evidence.
#[derive(Default)]
struct Counts {
    proof: Option<Proof>,
    /// Why there is none.
    unbelieved: Option<String>,
    /// What becomes theirs by it.
    enrols: Option<Credential>,
}

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
    let (proof, unbelieved) = proof(content, admitted.used(), &judge.roots)?;
    if let Some(word) = &over.device_word {
        vouches(word, content, named, (&judge.roots, whose))?;
        if proof.is_none() || content.evidence.is_empty() {
            return Err(DeviceWordError::NothingProved.into());
        }
    }
    let may_enrol = over.device_word.is_some() || role.enrols_by_login();
    let counts = Counts {
        proof,
        unbelieved,
        enrols: None,
    };
    let counts = own(content, named, (counts, may_enrol), whose)?;
    Ok(Known {
        request: request(content, now)?,
        role,
        requester: Requester::logged_in(named.clone(), over.logged_in_by.clone()),
        proofs: counts.proof.into_iter().collect(),
        unbelieved: counts.unbelieved,
        content: Some(admitted.into_content()),
        evidence: Vec::new(),
        enrols: counts.enrols,
    })
}

/// Whether it is a device of this requester's that signed this very request.
fn vouches(
    word: &DeviceWord,
    content: &Content,
    requester: &RequesterName,
    (roots, whose): (&Roots, &Enrolments<'_>),
) -> Result<(), IntakeError> {
    word.is_of(content)?;
    if word.evidence().is_empty() {
        return Err(DeviceWordError::NoDevice("there is no evidence of it".to_owned()).into());
    }
    let (proof, unbelieved) = proved_by(word.evidence(), word.key(), roots)?;
    if let Some(why) = unbelieved {
        return Err(DeviceWordError::NoDevice(why).into());
    }
    let theirs = enrolled(word.key(), proof.as_ref(), whose)?;
    if theirs.is_none_or(|theirs| theirs.name() != requester) {
        return Err(DeviceWordError::NotTheirs(requester.clone()).into());
    }
    Ok(())
}

/// What a device is enrolled by: the card that holds the key, else the key.
fn credential(proof: &Proof) -> Result<Credential, IntakeError> {
    Ok(match proof.card() {
        Some((family, serial)) => Credential::FamilyCard(CardId {
            family: family.to_string(),
            serial: serial.into(),
        }),
        None => {
            let key = PublicKey::from(proof.key().clone()).to_bytes();
            Credential::Key(key.map_err(|_form| ssh_encoding::Error::Length)?)
        }
    })
}

/// The proof, where key or card is enrolled for the requester, or becomes theirs: a device that is nobody's, by
/// evidence of it.
fn own(
    content: &Content,
    requester: &RequesterName,
    (counts, may_enrol): (Counts, bool),
    whose: &Enrolments<'_>,
) -> Result<Counts, IntakeError> {
    let Some(proof) = &counts.proof else {
        if let Some(known) = enrolled(content.subject.key(), None, whose)? {
            agree(known.name(), [requester])?;
        }
        return Ok(counts);
    };
    if let Some(known) = enrolled(content.subject.key(), Some(proof), whose)? {
        agree(known.name(), [requester])?;
        return Ok(counts);
    }
    if may_enrol && !content.evidence.is_empty() {
        let enrols = Some(credential(proof)?);
        return Ok(Counts { enrols, ..counts });
    }
    Ok(Counts {
        unbelieved: Some(not_enrolled(requester)),
        ..Counts::default()
    })
}

fn not_enrolled(requester: &RequesterName) -> String {
    format!(
        "neither the key nor its card is enrolled for `{requester}`, and by login alone a key \
         counts as a file"
    )
}
