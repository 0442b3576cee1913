//! What the config names to hold cases against, read once a run.

use ssh_key::Fingerprint;

use crate::attestation::Roots;
use crate::config::{self, Config, ConfigError, OwnLedgerKeyError};
use crate::issue::Rulebook;
use crate::ledger::Ledger;
use crate::request::AllowedSigners;

/// What cases of a run are held against.
pub struct Books {
    roots: Roots,
    allowed_signers: Option<AllowedSigners>,
    ledger_key: Option<Fingerprint>,
}

/// Why there is nothing to hold cases against.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BooksError {
    /// A file that the config names can't be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger key isn't known.
    #[error(transparent)]
    LedgerKey(#[from] OwnLedgerKeyError),
}

impl Books {
    /// Reads all of it.
    ///
    /// # Errors
    /// [`BooksError`].
    pub fn read(config: &Config, ledger: &Ledger) -> Result<Self, BooksError> {
        Ok(Self {
            roots: config.attestation_roots()?,
            allowed_signers: config.allowed_signers()?,
            ledger_key: config.own_ledger_key(ledger)?,
        })
    }

    /// Whose key is whose, beside what the ledger says.
    #[must_use]
    pub fn allowed_signers(&self) -> Option<&AllowedSigners> {
        self.allowed_signers.as_ref()
    }

    /// The rulebook for cases that come in no bundle.
    #[must_use]
    pub fn rulebook<'a>(&'a self, config: &'a Config) -> Rulebook<'a> {
        Rulebook {
            policy: config.policy(),
            roots: &self.roots,
            limits: config.admission_limits(),
            allowed_signers: self.allowed_signers.as_ref(),
            ledger_key: self.ledger_key,
            bundle: None,
            keyboard: config::keyboard(),
        }
    }
}
