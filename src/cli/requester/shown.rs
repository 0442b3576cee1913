//! How a key or a card is named to people, and in JSON.

use serde_json::{Value, json};
use ssh_key::PublicKey;

use crate::certificate::subject::fingerprint;
use crate::ledger::{CardId, Credential};

/// The field of JSON that names a credential, and its value.
pub(super) fn named(credential: &Credential) -> (&'static str, Value) {
    match credential {
        Credential::Key(blob) => ("key", json!(fingerprint_of(blob))),
        Credential::Card(card) => ("card", json!(card)),
        Credential::FamilyCard(card) => ("card", json!(card.serial)),
    }
}

/// Names a credential as people know it: by a key's fingerprint, or the number on a card.
pub(super) fn describe(credential: &Credential) -> String {
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
