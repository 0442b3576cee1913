//! A CA that config, public key file and ledger agree on.

use crate::config::{CaConfig, Config, ConfigError};
use crate::issue::{AgreedCa, ConfiguredCa, DisagreementError, agree};
use crate::ledger::{Ca, Ledger};

/// A CA as config and ledger agree on it.
pub struct KnownCa {
    /// What the config has of it.
    pub config: CaConfig,
    /// What signs by it.
    pub agreed: AgreedCa,
}

/// Why a CA is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KnownCaError {
    /// The config doesn't have it, or its public key file can't be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Config and ledger disagree.
    #[error(transparent)]
    Disagreement(#[from] DisagreementError),
}

impl KnownCa {
    /// The CA `name`, which config, public key file and ledger must agree on.
    ///
    /// # Errors
    /// [`KnownCaError`].
    pub fn find(config: &Config, ledger: &Ledger, name: &str) -> Result<Self, KnownCaError> {
        let entry = config.ca(name)?.clone();
        let recorded = config.public_key(&entry)?;
        let configured = ConfiguredCa {
            name,
            purpose: entry.certificates,
            public_key_file: &config.resolve(&entry.public_key),
            public_key: recorded.key_data(),
            suffixes: config.policy().suffixes(),
        };
        let agreed = agree(ledger, &configured)?;
        Ok(Self {
            config: entry,
            agreed,
        })
    }

    /// The CA, as the ledger has it.
    #[must_use]
    pub fn ca(&self) -> &Ca {
        self.agreed.ca()
    }
}
