//! What a revocation revokes and whom it bars, in words, a line each.

use ssh_key::Fingerprint;

use super::Statement;
use crate::certificate::explain::{key_id_in_quotes, utc};
use crate::ledger::{Barred, PendingRevocation, Revoked};

/// The lines of all that a pending revocation says: by whom, why, and what.
fn told(
    (revoker, made): (&str, u64),
    revoked: Option<&Revoked>,
    barred: Option<&Barred>,
) -> Vec<String> {
    let reason = revoked.map(|one| one.reason.as_str());
    let reason = reason.or_else(|| barred.map(|one| one.reason.as_str()));
    let why = match reason.unwrap_or_default() {
        "" => "without a reason".to_owned(),
        reason => format!("{reason:?}"),
    };
    let mut lines = vec![format!("revoked by {revoker}, {}: {why}", utc(made))];
    if let Some(revoked) = revoked {
        let keys = revoked.key_hashes().map(Fingerprint::Sha256);
        let keys = keys.map(|key| format!("key {key}"));
        let named = serials(revoked).chain(key_ids(revoked)).chain(keys);
        lines.extend(named.map(|line| format!("  {line}")));
    }
    if let Some(barred) = barred {
        lines.extend(bars(barred).map(|line| format!("  {line}")));
    }
    lines
}

/// A range of serials.
#[must_use]
pub fn range((first, last): &(u64, u64)) -> String {
    if first == last {
        format!("serial {first}")
    } else {
        format!("serials {first} to {last}")
    }
}

/// The serials of a revocation, a line each.
pub fn serials(revoked: &Revoked) -> impl Iterator<Item = String> {
    revoked.serials.iter().map(range)
}

/// The key IDs of a revocation, a line each.
pub fn key_ids(revoked: &Revoked) -> impl Iterator<Item = String> {
    let key_ids = revoked.key_ids.iter();
    key_ids.map(|key_id| format!("key ID {}", key_id_in_quotes(key_id.as_bytes())))
}

/// Who is barred, a line each.
pub fn bars(barred: &Barred) -> impl Iterator<Item = String> {
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

impl Statement {
    /// All that it says, a line each.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let by = (self.revoker.as_str(), self.made);
        told(by, self.revoked.as_ref(), self.barred.as_ref())
    }
}

impl PendingRevocation {
    /// All that it says, a line each.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let by = (self.taken.revoker.as_str(), self.taken.made);
        told(by, self.revoked.as_ref(), self.barred.as_ref())
    }
}
