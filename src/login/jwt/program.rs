//! The programs that a config lists, and which of them a token is about.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::ProgramToken;
use crate::login::{Login, LoginKind, LoginSubject, MethodName};
use crate::request::{Requester, RequesterName};

/// A program: who it is here, and what all a token must say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    requester: RequesterName,
    claims: BTreeMap<String, String>,
}

/// All programs of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programs(Vec<Program>);

/// Tells a program as the config lists it from every other.
pub type ProgramMark = [u8; 32];

/// Why claims say of no program which one it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// Whoever holds token and PIN is no program.
    #[error("`operator` is whoever holds token and PIN, and no program")]
    Operator,
    /// Names of projects, branches and environments are had by others later.
    #[error(
        "`claims` has none of repository_id, project_id and sub: a name that somebody else may have tomorrow says \
         not who it is"
    )]
    NoStableId,
    /// More than says anything.
    #[error("`claims` has more than {CLAIMS_MAX} entries")]
    TooMany,
    /// Nothing has such a claim.
    #[error("claim {0:?} is empty, or has an empty value")]
    Empty(String),
}

/// Why a token is about no program of the config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotListed {
    /// No entry fits. What they ask for is nobody's business who is none of them.
    #[error("no program of the server's config has all that the token says (subject {0:?})")]
    None(String),
    /// It would be two.
    #[error(
        "the token is about two programs of the server's config, {0} and {1}: their claims must tell them apart"
    )]
    Several(RequesterName, RequesterName),
}

impl Program {
    /// A program of this name, by claims of which all must be equal.
    ///
    /// # Errors
    /// [`ProgramError`].
    pub fn new(
        requester: RequesterName,
        claims: BTreeMap<String, String>,
    ) -> Result<Self, ProgramError> {
        let operator = Requester::operator();
        if requester
            .as_str()
            .eq_ignore_ascii_case(operator.name().as_str())
        {
            return Err(ProgramError::Operator);
        }
        if claims.len() > CLAIMS_MAX {
            return Err(ProgramError::TooMany);
        }
        let mut empty = claims
            .iter()
            .filter(|(claim, value)| claim.is_empty() || value.is_empty());
        if let Some((claim, _)) = empty.next() {
            return Err(ProgramError::Empty(claim.clone()));
        }
        if !STABLE.iter().any(|id| claims.contains_key(*id)) {
            return Err(ProgramError::NoStableId);
        }
        Ok(Self { requester, claims })
    }

    /// Who it is here.
    #[must_use]
    pub fn requester(&self) -> &RequesterName {
        &self.requester
    }

    /// Whether each token of the other program is one of this, too.
    #[must_use]
    pub fn takes_all_of(&self, other: &Self) -> bool {
        let mut claims = self.claims.iter();
        claims.all(|(claim, value)| other.claims.get(claim) == Some(value))
    }

    /// Whether a token says all of it: texts, letter by letter. A number or a word of another kind is equal to no
    /// text.
    fn is_of(&self, token: &ProgramToken) -> bool {
        let mut claims = self.claims.iter();
        claims.all(|(claim, value)| token.claims.of(claim).and_then(Value::as_str) == Some(value))
    }

    fn mark(&self, issuer: &str) -> ProgramMark {
        let all = (issuer, self.requester.as_str(), &self.claims);
        // Nothing but texts, which serde always writes.
        Sha256::digest(serde_json::to_vec(&all).unwrap_or_default()).into()
    }
}

impl Programs {
    /// All of these.
    #[must_use]
    pub fn new(programs: Vec<Program>) -> Self {
        Self(programs)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Program> {
        self.0.iter()
    }

    /// The login of the program that a token is about, and what that is known by later on.
    ///
    /// # Errors
    /// [`NotListed`].
    pub fn login(
        &self,
        token: &ProgramToken,
        method: &MethodName,
    ) -> Result<(Login, ProgramMark), NotListed> {
        let mut found = self.iter().filter(|program| program.is_of(token));
        let none = || NotListed::None(token.subject.chars().take(SHOWN_MAX).collect());
        let program = found.next().ok_or_else(none)?;
        if let Some(other) = found.find(|other| other.requester != program.requester) {
            let (one, other) = (program.requester.clone(), other.requester.clone());
            return Err(NotListed::Several(one, other));
        }
        let login = Login {
            method: method.clone(),
            kind: LoginKind::Jwt,
            name: program.requester.clone(),
            subject: Some(LoginSubject {
                issuer: token.issuer.clone(),
                subject: token.subject.clone(),
            }),
            groups: Vec::new(),
            authenticated_at: Some(token.issued),
            amr: Vec::new(),
            acr: None,
        };
        Ok((login, program.mark(&token.issuer)))
    }

    /// Whether the program of this name that is known by the mark is still listed so, of the same platform.
    #[must_use]
    pub fn have(&self, mark: &ProgramMark, issuer: &str, requester: &RequesterName) -> bool {
        let mut of_name = self
            .iter()
            .filter(|program| program.requester == *requester);
        of_name.any(|program| program.mark(issuer) == *mark)
    }
}

/// What a platform gives to nobody else later: the number of a repository or a project, or the whole subject,
/// which whoever writes it down has chosen to go by.
const STABLE: [&str; 3] = ["repository_id", "project_id", "sub"];
const CLAIMS_MAX: usize = 32;
const SHOWN_MAX: usize = 200;
