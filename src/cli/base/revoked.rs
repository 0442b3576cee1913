//! Revocations, bars and gaps in words, as every command says them.

use serde_json::{Value, json};

use crate::certificate::explain::utc;
use crate::ledger::{Barred, Revocation, RevokedBy};

/// When, by what, why and by whom a certificate was revoked.
pub(crate) fn words(revocation: &Revocation) -> String {
    let by = match revocation.by {
        RevokedBy::Serial => "by its serial",
        RevokedBy::KeyId => "by its key ID",
        RevokedBy::Key => "with its key",
        RevokedBy::CaKey => "with its CA",
        RevokedBy::Gap => "with a gap in the serials",
    };
    format!("{}, {by}{}", on(revocation), why(revocation))
}

/// When, why and by whom, of whatever was revoked.
pub(crate) fn before(revocation: &Revocation) -> String {
    format!("{}{}", on(revocation), why(revocation))
}

/// The same for programs.
pub(crate) fn json(revocation: &Revocation) -> Value {
    json!({
        "at": utc(revocation.time),
        "at-unix": revocation.time,
        "by": revocation.by,
        "reason": revocation.reason,
        "keyboard": revocation.keyboard,
        "entry": revocation.position,
    })
}

/// The cards of a family that are barred, for programs.
pub(crate) fn family_cards(barred: &Barred) -> Vec<Value> {
    let cards = barred.family_cards.iter();
    cards
        .map(|card| json!({ "card": card.serial, "family": card.family }))
        .collect()
}

fn on(revocation: &Revocation) -> String {
    format!("on {}", utc(revocation.time))
}

fn why(revocation: &Revocation) -> String {
    let by = &revocation.keyboard;
    match revocation.reason.as_str() {
        "" => format!(", without a reason, by {by}"),
        reason => format!(", for {reason:?}, by {by}"),
    }
}
