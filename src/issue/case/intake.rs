//! Taking in a request file: is it fresh, what is proved, who asks, and by which role.
//!
//! Between the file and policy. What must be unique (its id, its challenge) is for the
//! ledger to check, in the step that reserves a serial.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::device::DeviceWordError;
use super::word::WordError;
use super::{Enrolments, Judge, Known};
use crate::attestation::{Evidence, EvidenceError, EvidenceFormError, Proof, Roots};
use crate::certificate::{OptionError, OptionsAsked, ValidityError};
use crate::ledger::{CardId, Credential, LedgerError};
use crate::policy::Role;
use crate::request::{
    AdmissionError, AllowedSigners, Ask, Content, KnownBy, Request, RequestFile, Requester,
    RequesterName, RoleName,
};
use crate::wire::hex;
use crate::wire::verify::SecurityKeyUse;

/// Why a request does not get as far as policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// It is not fresh, not for us, or not signed by its key.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
    /// The direct form is for whoever holds the token.
    #[error("role `{0}` cannot be asked for by a request")]
    Operator(RoleName),
    /// There is no such role.
    #[error("there is no role `{0}`")]
    NoRole(RoleName),
    /// It came to a server, and answers no challenge of the session that it came in.
    #[error("the request answers no challenge of this session")]
    NoAnswer,
    /// What it brings as evidence is none.
    #[error("evidence of the request")]
    Form(#[from] EvidenceFormError),
    /// Its evidence proves nothing.
    #[error("evidence of the request")]
    Evidence(#[from] EvidenceError),
    /// Nobody knows whose key it is.
    #[error("nobody is enrolled with this key or card{}", claim(.claimed))]
    Unknown {
        /// The name that stands in the request.
        claimed: Option<RequesterName>,
    },
    /// Only a registrar says whose it is, and that doesn't count.
    #[error(transparent)]
    Word(#[from] WordError),
    /// Another device vouches for the key, and that doesn't count.
    #[error(transparent)]
    Device(#[from] DeviceWordError),
    /// The name in the request, or the vouched one, is not whose key or card it is.
    #[error("the key or card is that of requester `{known}`, not of `{named}`")]
    Other {
        /// Whose it is.
        known: RequesterName,
        /// Who was named.
        named: RequesterName,
    },
    /// It was theirs when the certificate that is made anew was signed.
    #[error("the {by} is no longer that of requester `{name}`")]
    NoLonger {
        /// Whose it was.
        name: String,
        /// What it was known by: `key`, `card`, or a line of `allowed-signers`.
        by: &'static str,
    },
    /// What the ledger keeps of the proof is nothing that this version can take up again.
    #[error("what the ledger keeps of the proof by `{0}` can't be read")]
    Kept(String),
    /// A name that no requester can have: `operator` is whoever holds token and PIN.
    #[error("`{0}` is no requester's name")]
    Name(String),
    /// The validity that it asks for.
    #[error(transparent)]
    Validity(#[from] ValidityError),
    /// The options that it asks for.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// The key could not be put into bytes.
    #[error("the key cannot be encoded")]
    Encode(#[from] ssh_encoding::Error),
    /// The ledger could not be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Takes a request in: is it fresh, for this CA and signed by its key; what is proved; who
/// asks; by which role.
pub(super) fn take_in<'a>(
    judge: &Judge<'a>,
    file: &RequestFile,
    vouched: Option<&RequesterName>,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Known<'a>, IntakeError> {
    let rulebook = &judge.rulebook;
    let admitted = file
        .clone()
        .admit(judge.ca.public_key(), judge.as_of(now), rulebook.limits)?;
    let content = admitted.content();
    let role = judge.role_of(content)?;
    let (proof, unbelieved) = proof(content, admitted.used(), &judge.roots)?;
    let (key, claimed) = (content.subject.key(), content.claimed.as_ref());
    let mut known = enrolled(key, proof.as_ref(), whose)?;
    if known.is_none() {
        known = signer(rulebook.allowed_signers, key, claimed, now)?;
    }
    Ok(Known {
        request: request(content, now)?,
        role,
        requester: judge.requester(content, known, vouched)?,
        proofs: proof.into_iter().collect(),
        unbelieved,
        content: Some(admitted.into_content()),
        evidence: Vec::new(),
        enrols: None,
    })
}

/// Takes in a key that signed nothing, for which the registrar of a bundle asks. What holds of a
/// request holds of it, but that its holder has shown nothing.
pub(super) fn carried<'a>(
    judge: &Judge<'a>,
    content: &Content,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Known<'a>, IntakeError> {
    let rulebook = &judge.rulebook;
    content.is_due(judge.ca.public_key(), judge.as_of(now), rulebook.limits)?;
    let role = judge.role_of(content)?;
    let (key, claimed) = (content.subject.key(), content.claimed.as_ref());
    let mut known = enrolled(key, None, whose)?;
    if known.is_none() {
        known = signer(rulebook.allowed_signers, key, claimed, now)?;
    }
    Ok(Known {
        request: request(content, now)?,
        role,
        requester: judge.requester(content, known, None)?,
        proofs: Vec::new(),
        unbelieved: None,
        content: Some(content.clone()),
        evidence: Vec::new(),
        enrols: None,
    })
}

impl<'a> Judge<'a> {
    /// As of when a request is fresh: in a bundle, as of its making.
    fn as_of(&self, now: u64) -> u64 {
        self.rulebook
            .bundle
            .as_ref()
            .map_or(now, |bundle| bundle.made)
    }

    pub(super) fn role_of(&self, content: &Content) -> Result<&'a Role, IntakeError> {
        if content.role.is_operator() {
            return Err(IntakeError::Operator(content.role.clone()));
        }
        self.role(&content.role)
    }

    /// Who asks: whom key or card is of, else whom somebody vouches for, else whom a registrar names.
    fn requester(
        &self,
        content: &Content,
        known: Option<Requester>,
        vouched: Option<&RequesterName>,
    ) -> Result<Requester, IntakeError> {
        match (&self.rulebook.bundle, &content.claimed) {
            (Some(bundle), Some(claimed)) if known.is_none() && vouched.is_none() => {
                if claimed == Requester::operator().name() {
                    return Err(IntakeError::Name(claimed.to_string()));
                }
                Ok(bundle.by_word(claimed, &content.role)?)
            }
            _ => requester(content, known, vouched),
        }
    }
}

/// What is proved of a request's key; and why its evidence is as good as none, if nobody who
/// is trusted here vouches for it. Evidence with any other fault is not the same as none.
///
/// # Errors
/// [`IntakeError::Form`] and [`IntakeError::Evidence`].
pub fn proof(
    content: &Content,
    used: Option<SecurityKeyUse>,
    roots: &Roots,
) -> Result<(Option<Proof>, Option<String>), IntakeError> {
    let key = content.subject.key();
    let (proof, unbelieved) = match content.evidence.as_slice() {
        [] => (Proof::sk(key.clone()), None),
        evidence => proved_by(evidence, key, roots)?,
    };
    // Flags at enrolment don't bind later use, so policy looks at those of the request too.
    Ok((proof.map(|proof| proof.used(used)), unbelieved))
}

/// What evidence proves of a key by these roots.
pub(super) fn proved_by(
    evidence: &[u8],
    key: &KeyData,
    roots: &Roots,
) -> Result<(Option<Proof>, Option<String>), IntakeError> {
    match Evidence::from_bytes(evidence)?.verify(key, roots) {
        Ok(proof) => Ok((Some(proof), None)),
        Err(error) if error.lacks_root() => Ok((Proof::sk(key.clone()), Some(causes(&error)))),
        Err(error) => Err(error.into()),
    }
}

/// An error and what is behind it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut words: Vec<_> = causes.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

/// What a request file asks, as policy takes it at `now`.
///
/// # Errors
/// [`IntakeError::Validity`] and [`IntakeError::Options`].
pub fn request(content: &Content, now: u64) -> Result<Request, IntakeError> {
    let validity = content.validity.map(|span| span.asked_at(now));
    let id = hex(&content.id);
    Ok(Request {
        subject: content.subject.key().clone(),
        ask: Ask {
            role: content.role.clone(),
            kind: content.kind,
            key_id: content.key_id.clone(),
            principals: content.principals.clone(),
            validity: validity.transpose()?,
            validity_as_asked: format!("request {id}"),
            options: OptionsAsked::parse(&content.options)?,
            reason: content.reason.clone(),
            serial: None,
        },
    })
}

/// Who asks. Evidence says what a key is made of, never whose it is.
fn requester(
    content: &Content,
    known: Option<Requester>,
    vouched: Option<&RequesterName>,
) -> Result<Requester, IntakeError> {
    let claimed = content.claimed.as_ref();
    match (known, vouched) {
        (Some(known), vouched) => {
            let named = vouched.into_iter().chain(claimed);
            agree(known.name(), named).map(|()| known)
        }
        (None, Some(vouched)) if vouched == Requester::operator().name() => {
            Err(IntakeError::Name(vouched.to_string()))
        }
        (None, Some(vouched)) => {
            agree(vouched, claimed)?;
            Ok(Requester::known(vouched.clone(), KnownBy::Vouch))
        }
        (None, None) => Err(IntakeError::Unknown {
            claimed: claimed.cloned(),
        }),
    }
}

/// Who asks for a key of a list, which names somebody: whose key it is by the ledger or the allowed
/// signers, which must be the same one; where neither knows the key, a person's word.
pub(super) fn listed(
    judge: &Judge<'_>,
    key: &KeyData,
    named: &RequesterName,
    whose: &Enrolments<'_>,
    now: u64,
) -> Result<Requester, IntakeError> {
    if named == Requester::operator().name() {
        return Err(IntakeError::Name(named.to_string()));
    }
    let mut known = enrolled(key, None, whose)?;
    if known.is_none() {
        known = signer(judge.rulebook.allowed_signers, key, Some(named), now)?;
    }
    match known {
        Some(known) => agree(known.name(), [named]).map(|()| known),
        None => Ok(Requester::known(named.clone(), KnownBy::Vouch)),
    }
}

/// By what the ledger says of the key, else of the card that was proved to hold it.
pub(super) fn enrolled(
    key: &KeyData,
    proof: Option<&Proof>,
    whose: &Enrolments<'_>,
) -> Result<Option<Requester>, IntakeError> {
    let key = PublicKey::from(key.clone()).to_bytes();
    let key = Credential::Key(key.map_err(|_form| ssh_encoding::Error::Length)?);
    if let Some(name) = whose(&key)? {
        return known(name, KnownBy::Key).map(Some);
    }
    let Some((family, serial)) = proof.and_then(Proof::card) else {
        return Ok(None);
    };
    // An enrolment by number alone, of before format 4, says nothing of whose number it is:
    // it counts once somebody added the card again, with its family.
    let card = CardId {
        family: family.to_string(),
        serial: serial.into(),
    };
    match whose(&Credential::FamilyCard(card))? {
        Some(name) => known(name, KnownBy::Card).map(Some),
        None => Ok(None),
    }
}

/// By the file of allowed signers.
pub(super) fn signer(
    signers: Option<&AllowedSigners>,
    key: &KeyData,
    claimed: Option<&RequesterName>,
    now: u64,
) -> Result<Option<Requester>, IntakeError> {
    let name = signers.and_then(|signers| signers.requester(key, claimed, now));
    name.map(|name| known(name.to_string(), KnownBy::AllowedSigners))
        .transpose()
}

fn known(name: String, by: KnownBy) -> Result<Requester, IntakeError> {
    match name.parse() {
        Ok(parsed) if parsed != *Requester::operator().name() => Ok(Requester::known(parsed, by)),
        _ => Err(IntakeError::Name(name)),
    }
}

pub(super) fn agree<'n>(
    known: &RequesterName,
    named: impl IntoIterator<Item = &'n RequesterName>,
) -> Result<(), IntakeError> {
    match named.into_iter().find(|named| *named != known) {
        Some(named) => Err(IntakeError::Other {
            known: known.clone(),
            named: named.clone(),
        }),
        None => Ok(()),
    }
}

fn claim(claimed: &Option<RequesterName>) -> String {
    claimed.as_ref().map_or(String::new(), |name| {
        format!("; the name `{name}` in the request is only claimed")
    })
}
