//! Whose a key or a card cannot be, by the config's suffixes and by what the key or the card is.

use ssh_key::PublicKey;

use super::Config;
use crate::attestation::Family;
use crate::certificate::{Subject, SubjectError};
use crate::ledger::{Credential, Ledger, LedgerError, OPERATOR};
use crate::request::RequesterName;

/// Why a key or a card cannot be somebody's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NobodysError {
    /// The CA keeps the name for itself.
    #[error("the name `{name}` ends in `{suffix}`, which the CA alone writes")]
    Reserved {
        /// The name.
        name: RequesterName,
        /// How such names end.
        suffix: String,
    },
    /// Who asks where nobody is named.
    #[error("`{OPERATOR}` is whoever holds token and PIN, and can't be the name of anybody else")]
    Operator,
    /// It is no public key.
    #[error(transparent)]
    NoKey(#[from] ssh_key::Error),
    /// Anybody can sign with the key, or nobody.
    #[error("the key can be nobody's")]
    Key(#[from] SubjectError),
    /// A card attests by a root that is distrusted.
    #[error("the root {0} is distrusted, for good: its cards prove nothing")]
    Distrusted(String),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Refuses a name that the CA keeps for itself.
///
/// # Errors
/// [`NobodysError::Reserved`] and [`NobodysError::Operator`].
pub fn refuse_reserved(name: &RequesterName, config: &Config) -> Result<(), NobodysError> {
    if let Some(suffix) = config.policy().suffixes().reserved_end(name.as_str()) {
        return Err(NobodysError::Reserved {
            name: name.clone(),
            suffix: suffix.to_string(),
        });
    }
    if name.as_str() == OPERATOR {
        return Err(NobodysError::Operator);
    }
    Ok(())
}

/// Refuses a key that anybody can sign with, and a card whose root is distrusted. One that was enrolled
/// before this was looked at can still be taken away.
///
/// # Errors
/// [`NobodysError`].
pub fn refuse_worthless(credential: &Credential, ledger: &Ledger) -> Result<(), NobodysError> {
    match credential {
        Credential::Key(blob) => {
            let key = PublicKey::from_bytes(blob)?;
            Subject::try_from(key.key_data().clone())?;
            Ok(())
        }
        Credential::FamilyCard(card) => refuse_distrusted(&card.family, ledger),
        Credential::Card(_) => Ok(()),
    }
}

/// What a card attests by a root that is distrusted proves nothing, so that it can ask for nothing.
fn refuse_distrusted(card: &str, ledger: &Ledger) -> Result<(), NobodysError> {
    let roots = ledger.distrusted_roots()?.into_iter();
    let mut families = roots.map(|(_, distrusted)| Family::Private(distrusted.root).to_string());
    if families.any(|family| family == card) {
        return Err(NobodysError::Distrusted(card.to_owned()));
    }
    Ok(())
}
