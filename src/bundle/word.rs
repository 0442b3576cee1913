//! What a registrar's word counts for.

use crate::ledger::DutiesSet;
use crate::policy::Decided;
use crate::request::KnownBy;

/// Why a registrar's word doesn't say whose a key is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordError {
    /// Not theirs to say.
    #[error(
        "{registrar} is no registrar for role `{role}`, and nothing else says that the key is that of `{name}`"
    )]
    OtherRole {
        /// Who says it.
        registrar: String,
        /// The role that is asked for.
        role: String,
        /// Whose the key is said to be.
        name: String,
    },
    /// Nobody vouches for himself.
    #[error("{0} is the registrar: nobody's own word says whose a key is")]
    Himself(String),
}

impl DutiesSet {
    /// Whether this registrar's word may stand for who asks. Whoever is known by an enrolment, a card
    /// or a line of the allowed signers needs none, and nothing that a registrar says changes whose
    /// that is.
    ///
    /// # Errors
    /// [`WordError`].
    pub fn may_vouch(&self, decided: &Decided) -> Result<(), WordError> {
        let (name, role) = (decided.requester(), decided.role());
        if decided.known_by() != KnownBy::Vouch {
            return Ok(());
        }
        if name == self.name {
            return Err(WordError::Himself(name.to_owned()));
        }
        if self.registrar.iter().any(|is| is == role) {
            return Ok(());
        }
        Err(WordError::OtherRole {
            registrar: self.name.clone(),
            role: role.to_owned(),
            name: name.to_owned(),
        })
    }
}
