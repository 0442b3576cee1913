//! Whether a hash is that of a root that anything here knows: one with a typo in it would be
//! distrusted for good, and the root that was meant would stay trusted.

use std::collections::BTreeSet;

use super::lives_on::was_believed_by;
use crate::attestation::{Family, RootFingerprint, Roots};
use crate::ledger::{Credential, Ledger, LedgerError};

/// Whether a certificate of this hash is the config's (`trusted`), the program's, or in what
/// the ledger keeps: the root that evidence was believed by, or a card is enrolled by.
///
/// # Errors
/// [`LedgerError`].
pub fn is_known_root(
    ledger: &Ledger,
    trusted: &Roots,
    root: RootFingerprint,
) -> Result<bool, LedgerError> {
    Ok(trusted.knows(root) || is_enrolled_by(ledger, root)? || is_in_evidence(ledger, root)?)
}

fn is_enrolled_by(ledger: &Ledger, root: RootFingerprint) -> Result<bool, LedgerError> {
    let family = Family::Private(root.0).to_string();
    let requesters = ledger.requesters()?;
    Ok(requesters.iter().any(|(_, added)| {
        matches!(&added.credential, Credential::FamilyCard(card) if card.family == family)
    }))
}

fn is_in_evidence(ledger: &Ledger, root: RootFingerprint) -> Result<bool, LedgerError> {
    let mut positions = BTreeSet::new();
    ledger.each_record(&mut |record| {
        let grounds = record.reserved.grounds.as_ref();
        positions.extend(grounds.and_then(|grounds| grounds.evidence));
    })?;
    for position in positions {
        let seen = ledger.evidence_of(position)?;
        if seen.is_some_and(|seen| was_believed_by(&seen, root)) {
            return Ok(true);
        }
    }
    Ok(false)
}
