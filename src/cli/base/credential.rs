//! A key or a card that is to be somebody's: how programs are told of it, and why it can be nobody's.

use serde_json::{Value, json};

use super::failure::{Advised, Kind};
use crate::config::NobodysError;
use crate::ledger::Credential;

/// The field of JSON that names a credential, and its value.
pub(crate) fn named(credential: &Credential) -> (&'static str, Value) {
    match credential {
        Credential::Key(_) => ("key", json!(credential.fingerprint())),
        Credential::Card(card) => ("card", json!(card)),
        Credential::FamilyCard(card) => ("card", json!(card.serial)),
    }
}

impl Advised for NobodysError {
    fn kind(&self) -> Kind {
        match self {
            Self::Reserved { .. } | Self::Operator => Kind::Usage,
            Self::Ledger(error) => error.kind(),
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint(),
            _ => None,
        }
    }
}
