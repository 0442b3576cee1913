//! Decides whether what is asked may be signed, and does nothing else.
//!
//! Pure: no clock, no file, no token. What it lets through is a [`Decided`], which
//! nothing else can make, and nothing else can be reserved and signed.

use ssh_key::public::KeyData;

use crate::certificate::{Body, Kind, Subject, SubjectError};
use crate::request::Request;

/// What policy needs to know of the CA that shall sign.
#[derive(Clone, Debug)]
pub struct CaFacts<'a> {
    /// Its name in the config.
    pub name: &'a str,
    /// Whether it signs user certificates.
    pub signs_users: bool,
    /// Whether it signs host certificates.
    pub signs_hosts: bool,
    /// Every key that is a CA, by name: none of them is ever certified.
    pub ca_keys: &'a [(String, KeyData)],
}

/// A body that may be signed, and by which role. Only [`decide`] makes one.
#[derive(Clone, Debug)]
pub struct Decided {
    body: Body,
    role: &'static str,
    requester: String,
}

/// Why nothing is signed. Every field is the one at fault, with its limit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A user certificate of a host CA, or the other way round.
    #[error("CA `{ca}` signs no {kind} certificates")]
    WrongKind {
        /// The CA.
        ca: String,
        /// What was asked.
        kind: Kind,
    },
    /// A key that is a CA would be its own user.
    #[error("the key is CA `{0}` itself; a CA key is never certified")]
    SubjectIsCa(String),
    /// A key that no certificate should be made for.
    #[error("the key cannot be certified")]
    Subject(#[from] SubjectError),
}

/// Decides by the built-in role `operator`: whoever holds token and PIN gets what the
/// flags say, within the invariants that hold for everybody.
///
/// # Errors
/// [`Refusal`].
pub fn decide(request: Request, ca: &CaFacts<'_>) -> Result<Decided, Refusal> {
    let ask = request.ask;
    let signs = match ask.kind {
        Kind::User => ca.signs_users,
        Kind::Host => ca.signs_hosts,
    };
    if !signs {
        return Err(Refusal::WrongKind {
            ca: ca.name.to_owned(),
            kind: ask.kind,
        });
    }
    if let Some((name, _)) = ca.ca_keys.iter().find(|(_, key)| *key == request.subject) {
        return Err(Refusal::SubjectIsCa(name.clone()));
    }
    Ok(Decided {
        body: Body {
            kind: ask.kind,
            subject: Subject::try_from(request.subject)?,
            key_id: ask.key_id,
            principals: ask.principals,
            validity: ask.validity,
            options: ask.options,
        },
        role: OPERATOR,
        requester: OPERATOR.to_owned(),
    })
}

impl Decided {
    /// What may be signed.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The role that allowed it.
    pub fn role(&self) -> &str {
        self.role
    }

    /// Who asked.
    pub fn requester(&self) -> &str {
        &self.requester
    }

    /// The same, asked by somebody else.
    #[cfg(test)]
    pub(crate) fn asked_by(self, requester: &str) -> Self {
        Self {
            requester: requester.to_owned(),
            ..self
        }
    }
}

/// The built-in role of whoever holds token and PIN.
const OPERATOR: &str = "operator";
