//! What a registrar's word counts for: whose the keys of a bundle are that nothing else tells.

use crate::ledger::DutiesSet;
use crate::request::{KnownBy, Requester, RequesterName, RoleName};

/// A bundle, as far as what comes in it is decided by that.
#[derive(Clone, Debug)]
pub struct Bundled {
    /// What its registrar may do.
    pub registrar: DutiesSet,
    /// When it was made, in Unix seconds: requests are as old as they were then.
    pub made: u64,
}

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

impl Bundled {
    /// Who asks, by the registrar's word. Whoever is known by an enrolment, a card or a line of the
    /// allowed signers needs none, and nothing that a registrar says changes whose that is.
    ///
    /// # Errors
    /// [`WordError`].
    pub fn by_word(&self, name: &RequesterName, role: &RoleName) -> Result<Requester, WordError> {
        let registrar = &self.registrar;
        if name.as_str() == registrar.name {
            return Err(WordError::Himself(name.to_string()));
        }
        if !registrar.registrar.iter().any(|one| one == role.as_str()) {
            let (role, name) = (role.to_string(), name.to_string());
            let registrar = registrar.name.clone();
            return Err(WordError::OtherRole {
                registrar,
                role,
                name,
            });
        }
        Ok(Requester::known(name.clone(), KnownBy::Registrar))
    }
}
