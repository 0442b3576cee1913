//! What lives on a root of attestation: all that is believed by it, and by nothing else.

use std::collections::BTreeMap;

use ssh_key::PublicKey;

use super::Hit;
use crate::attestation::{Evidence, Family, RootFingerprint, Roots};
use crate::certificate::explain::Fields;
use crate::ledger::{Credential, EvidenceSeen, Ledger, LedgerError, RequesterAdded, State};

/// What is believed by one root alone.
#[derive(Debug, Default)]
pub struct LivesOn {
    /// The certificates that were issued on evidence that leads to it.
    pub certificates: Vec<Hit>,
    /// The cards that are enrolled by it.
    pub enrolments: Vec<RequesterAdded>,
}

/// Looks through the ledger for what lives on a root, or on a certificate below one.
/// `trusted` is what the config trusts.
///
/// # Errors
/// [`LedgerError`].
pub fn lives_on(
    ledger: &Ledger,
    trusted: &Roots,
    root: RootFingerprint,
) -> Result<LivesOn, LedgerError> {
    let mut with = trusted.clone();
    with.add_family(Family::Yubico);
    let mut without = with.clone();
    without.distrust(root);
    let mut records = Vec::new();
    ledger.each_record(&mut |record| records.push(record))?;

    // One piece of evidence stands behind many certificates, and is looked at once.
    let mut leaning: BTreeMap<u64, bool> = BTreeMap::new();
    let mut lives = LivesOn::default();
    for record in records {
        let grounds = record.reserved.grounds.as_ref();
        let evidence = grounds.and_then(|grounds| grounds.evidence);
        let Some(position) = evidence.filter(|_| matches!(record.state, State::Issued(_))) else {
            continue;
        };
        let leans = match leaning.get(&position) {
            Some(leans) => *leans,
            None => {
                let seen = ledger.evidence_of(position)?;
                seen.is_some_and(|seen| leans_on(&seen, &with, &without, root))
            }
        };
        leaning.insert(position, leans);
        if leans {
            let fields = Fields::of_to_be_signed(&record.reserved.to_be_signed);
            lives.certificates.push(Hit {
                revoked: ledger.revocation_of(&record)?,
                ca: record.ca,
                serial: record.reserved.serial,
                key_id: fields.key_id,
                principals: fields.principals,
                validity: fields.validity,
            });
        }
    }
    let family = Family::Private(root.0).to_string();
    let enrolled = ledger.requesters()?.into_iter().map(|(_, added)| added);
    lives.enrolments = enrolled
        .filter(|added| {
            matches!(&added.credential, Credential::FamilyCard(card) if card.family == family)
        })
        .collect();
    Ok(lives)
}

/// Whether evidence is believed with a root and not without it; or was believed by it, when it
/// was recorded, where the config has forgotten that root since.
fn leans_on(seen: &EvidenceSeen, with: &Roots, without: &Roots, root: RootFingerprint) -> bool {
    if was_believed_by(seen, root) {
        return true;
    }
    let evidence = Evidence::from_bytes(&seen.evidence);
    let (Ok(evidence), Ok(key)) = (evidence, PublicKey::from_bytes(&seen.subject)) else {
        return false;
    };
    let believed = |roots| evidence.verify(key.key_data(), roots).is_ok();
    believed(with) && !believed(without)
}

/// Whether evidence was believed by a root when it was recorded.
pub(super) fn was_believed_by(seen: &EvidenceSeen, root: RootFingerprint) -> bool {
    let facts: serde_json::Value = serde_json::from_str(&seen.facts).unwrap_or_default();
    facts.get("family").and_then(|family| family.as_str()) == Some(&root.to_string())
}
