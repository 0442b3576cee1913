//! A key or a card that is to be somebody's: how it is named, and why it can be nobody's.

use serde_json::{Value, json};
use ssh_key::PublicKey;

use super::failure::{At, Failure};
use crate::attestation::Family;
use crate::certificate::Subject;
use crate::certificate::subject::fingerprint;
use crate::ledger::{CardId, Credential, Ledger};

/// The field of JSON that names a credential, and its value.
pub(crate) fn named(credential: &Credential) -> (&'static str, Value) {
    match credential {
        Credential::Key(blob) => ("key", json!(fingerprint_of(blob))),
        Credential::Card(card) => ("card", json!(card)),
        Credential::FamilyCard(card) => ("card", json!(card.serial)),
    }
}

/// Names a credential as people know it: by a key's fingerprint, or the number on a card.
pub(crate) fn describe(credential: &Credential) -> String {
    match credential {
        Credential::Card(card) => format!("card {card}, by its number alone"),
        Credential::FamilyCard(CardId { family, serial }) if family == "yubico" => {
            format!("YubiKey {serial}")
        }
        Credential::FamilyCard(card) => format!("card {} of {}", card.serial, card.family),
        Credential::Key(blob) => match fingerprint_of(blob) {
            Some(fingerprint) => format!("key {fingerprint}"),
            None => "a key that cannot be read".to_owned(),
        },
    }
}

fn fingerprint_of(blob: &[u8]) -> Option<String> {
    let key = PublicKey::from_bytes(blob).ok()?;
    Some(fingerprint(key.key_data()))
}

/// What a card attests by a root that is distrusted proves nothing, so that it can ask for nothing.
pub(crate) fn refuse_distrusted(credential: &Credential, ledger: &Ledger) -> Result<(), Failure> {
    let Credential::FamilyCard(card) = credential else {
        return Ok(());
    };
    let roots = ledger.distrusted_roots()?.into_iter();
    let mut families = roots.map(|(_, distrusted)| Family::Private(distrusted.root).to_string());
    if families.any(|family| family == card.family) {
        return Err(Failure::new(format!(
            "the root {} is distrusted, for good: its cards prove nothing",
            card.family
        )));
    }
    Ok(())
}

/// A key that anybody can sign with is nobody's. One that was enrolled before this was looked
/// at can still be taken away.
pub(crate) fn refuse_weak(credential: &Credential) -> Result<(), Failure> {
    let Credential::Key(blob) = credential else {
        return Ok(());
    };
    let key = PublicKey::from_bytes(blob)?;
    Subject::try_from(key.key_data().clone()).at("the key can be nobody's")?;
    Ok(())
}
