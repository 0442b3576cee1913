//! Revocations, bars and gaps in words, as every command says them.

use serde_json::{Value, json};

use crate::certificate::explain::{key_id_in_quotes, utc};
use crate::ledger::{Barred, Revocation, Revoked, RevokedBy};

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

/// The serials of a revocation, a line each.
pub(crate) fn serials(revoked: &Revoked) -> impl Iterator<Item = String> {
    revoked.serials.iter().map(range)
}

/// A range of serials.
pub(crate) fn range((first, last): &(u64, u64)) -> String {
    if first == last {
        format!("serial {first}")
    } else {
        format!("serials {first} to {last}")
    }
}

/// The key IDs of a revocation, a line each.
pub(crate) fn key_ids(revoked: &Revoked) -> impl Iterator<Item = String> {
    let key_ids = revoked.key_ids.iter();
    key_ids.map(|key_id| format!("key ID {}", key_id_in_quotes(key_id.as_bytes())))
}

/// Who is barred, a line each.
pub(crate) fn bars(barred: &Barred) -> impl Iterator<Item = String> {
    let cards = barred.cards.iter();
    let cards =
        cards.map(|card| format!("card {card}, of whichever family, is never served again"));
    let of_families = barred.family_cards.iter().map(|card| {
        let (serial, family) = (card.serial, &card.family);
        format!("card {serial} of {family} is never served again")
    });
    let requesters = barred.requesters.iter();
    let requesters = requesters.map(|name| format!("requester {name} is never served again"));
    cards.chain(of_families).chain(requesters)
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
