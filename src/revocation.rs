//! Revoking: from what somebody names to what the ledger records, and from there to a KRL.
//!
//! A revocation names serials, key IDs or keys, so that it says the same for ever,
//! whatever is issued later under the same principal or role.

mod beyond;
mod families;
mod known;
mod known_root;
mod list;
mod lives_on;
mod living;
mod naming;
mod pending;
mod selector;
mod state;
mod taken_over;
pub mod told;

use std::collections::{BTreeSet, HashSet};

use ssh_key::{HashAlg, PublicKey};

use crate::certificate::explain::Fields;
use crate::ledger::{
    Barred, Ca, CardId, Credential, Ledger, LedgerError, OPERATOR, Record, Revocation, Revoked,
    RevokedSet, State,
};

pub use beyond::{Beyond, beyond};
pub use known::{KnownCertificates, known_certificates};
pub use known_root::is_known_root;
pub use list::{KrlError, Prune, krl, list_base};
pub use lives_on::{LivesOn, lives_on};
pub use living::{Last, Living, living};
pub use naming::NamingError;
pub use pending::{
    ListMade, OpenStatement, Pending, PendingError, REVOCATION_NAMESPACE, Rebased, Statement,
    StatementError, is_covered,
};
pub use selector::Selector;
pub use state::PublishedState;
pub use taken_over::OfList;

/// What a revocation would catch, before it is recorded.
#[derive(Debug, Default)]
pub struct Caught {
    /// What would be recorded, without reason and keyboard.
    pub revoked: Revoked,
    /// Cards and requesters that would never be served again, without reason and keyboard.
    pub barred: Barred,
    /// The certificates in the ledger that it hits.
    pub certificates: Vec<Hit>,
    /// CAs of the ledger whose own key it is: nothing that they signed is taken any more.
    pub cas: Vec<CaHit>,
    /// The revocations that said all of this before, oldest first, if nothing of it is new.
    pub before: Option<Vec<Revocation>>,
}

/// A CA whose own key a revocation hits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CaHit {
    /// Its name.
    pub ca: String,
    /// How many certificates it has issued.
    pub issued: u64,
}

/// A certificate that a revocation hits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hit {
    /// Its CA.
    pub ca: String,
    /// Its serial.
    pub serial: u64,
    /// Its key ID.
    pub key_id: String,
    /// Its principals.
    pub principals: Vec<String>,
    /// Its validity in words.
    pub validity: String,
    /// What revoked it before.
    #[serde(skip)]
    pub revoked: Option<Revocation>,
}

/// Why nothing can be revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The selectors mean no key, and no certificate that is known.
    #[error("nothing is caught: no certificate of CA `{0}` in the ledger is meant")]
    Nothing(String),
    /// Nobody has this name, and somebody the same in another case: to bar the one would leave the other.
    #[error(
        "nobody is called `{name}`, and names that differ in case only are one: `{other}` is meant, or nobody"
    )]
    OtherCase {
        /// What was named.
        name: String,
        /// Who is known.
        other: String,
    },
    /// A selector that nothing can be recorded for.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The CA's key cannot be encoded.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
}

/// What somebody wants revoked, and of whom.
#[derive(Clone, Copy, Debug)]
pub struct Meant<'a> {
    /// The CA; none where keys alone are named, which are a matter of every CA.
    pub ca: Option<&'a Ca>,
    /// What is named.
    pub selectors: &'a [Selector],
    /// The families of cards that count beside those that the ledger knows.
    pub families: &'a BTreeSet<String>,
}

/// Finds what is meant.
///
/// # Errors
/// [`RevokeError`].
pub fn catch(ledger: &Ledger, meant: Meant<'_>) -> Result<Caught, RevokeError> {
    meant.refuse_other_case(ledger)?;
    let mut caught = Caught::default();
    meant.take_named(&mut caught.revoked)?;
    let set = RevokedSet::of(ledger)?;
    let terms = meant.selectors.iter();
    let terms: Vec<_> = terms.filter_map(|one| one.term(meant.ca)).collect();
    ledger.each_record_of(&terms, &mut |record| meant.take(record, &set, &mut caught))?;
    bar(ledger, meant, &mut caught.barred)?;
    for (_, added) in ledger.requesters()? {
        if caught.barred.requesters.contains(&added.name) {
            take_credential(&mut caught, added.credential);
        }
    }
    if caught.revoked.is_empty() && caught.bars_nobody() {
        let name = meant.ca.map_or_else(String::new, |ca| ca.name().to_owned());
        return Err(RevokeError::Nothing(name));
    }
    caught.cas = cas_themselves(ledger, &caught.revoked)?;
    join(&mut caught.revoked.serials);
    caught.revoked.sha256s.sort_unstable();
    caught.revoked.sha256s.dedup();
    caught.before = before(ledger, &set, &caught)?;
    Ok(caught)
}

impl Meant<'_> {
    fn refuse_other_case(&self, ledger: &Ledger) -> Result<(), RevokeError> {
        for selector in self.selectors {
            if let Selector::Requester(name) = selector
                && let Some(other) = ledger.in_other_case(name)?
            {
                let name = name.clone();
                return Err(RevokeError::OtherCase { name, other });
            }
        }
        Ok(())
    }

    /// What is named by itself, whatever was issued.
    fn take_named(&self, revoked: &mut Revoked) -> Result<(), RevokeError> {
        if let Some(ca) = self.ca {
            revoked.ca = PublicKey::from(ca.public_key().clone()).to_bytes()?;
        }
        let blob = revoked.ca.clone();
        let of_ca = naming::OfCa {
            blob: &blob,
            name: self.ca.map_or("", Ca::name),
        };
        for selector in self.selectors {
            naming::take(selector, of_ca, revoked)?;
        }
        Ok(())
    }

    /// What a record adds, if it is meant.
    fn take(&self, record: Record, set: &RevokedSet, caught: &mut Caught) {
        let fields = Fields::of_to_be_signed(&record.reserved.to_be_signed);
        let meaning = || {
            let selectors = self.selectors.iter();
            selectors.filter(|selector| selector.means(&record, &fields))
        };
        if meaning().any(Selector::is_of_a_person) {
            caught.revoked.sha256s.extend(sha256_of(&fields.key));
        }
        let is_of_the_ca = self.ca.is_none_or(|ca| ca.name() == record.ca);
        if !is_of_the_ca || meaning().next().is_none() {
            return;
        }
        let serial = record.reserved.serial;
        if meaning().any(Selector::is_by_record) {
            caught.revoked.serials.push((serial, serial));
        }
        caught.certificates.push(Hit {
            revoked: set.revocation_of(&record),
            ca: record.ca,
            serial,
            key_id: fields.key_id,
            principals: fields.principals,
            validity: fields.validity,
        });
    }
}

/// The revocations that said all of this before; none if any of it is new.
fn before(
    ledger: &Ledger,
    set: &RevokedSet,
    caught: &Caught,
) -> Result<Option<Vec<Revocation>>, LedgerError> {
    if !ledger.bars_all(&caught.barred)? {
        return Ok(None);
    }
    Ok(set.all_before(&caught.revoked))
}

impl Caught {
    /// Whether no card and no requester is meant.
    #[must_use]
    pub fn bars_nobody(&self) -> bool {
        self.barred.cards.is_empty()
            && self.barred.family_cards.is_empty()
            && self.barred.requesters.is_empty()
    }
}

/// The CAs whose own key is among what is revoked: sshd refuses whatever such a key signed.
fn cas_themselves(ledger: &Ledger, revoked: &Revoked) -> Result<Vec<CaHit>, LedgerError> {
    let hashes: HashSet<_> = revoked.key_hashes().collect();
    let is_hit = |ca: &Ca| {
        let fingerprint = ca.public_key().fingerprint(HashAlg::Sha256);
        fingerprint
            .sha256()
            .is_some_and(|hash| hashes.contains(&hash))
    };
    let cas = ledger.cas()?.into_iter().filter(is_hit);
    let mut hits: Vec<_> = cas
        .map(|ca| CaHit {
            ca: ca.name().to_owned(),
            issued: 0,
        })
        .collect();
    if !hits.is_empty() {
        ledger.each_record(&mut |record| {
            let issued = matches!(record.state, State::Issued(_));
            for hit in hits.iter_mut().filter(|hit| issued && hit.ca == record.ca) {
                hit.issued = hit.issued.saturating_add(1);
            }
        })?;
    }
    Ok(hits)
}

/// What is enrolled for who is revoked, whether it was ever certified or not.
fn take_credential(caught: &mut Caught, credential: Credential) {
    match credential {
        Credential::Key(key) => naming::take_key(key, &mut caught.revoked),
        Credential::Card(card) => caught.barred.cards.push(card),
        Credential::FamilyCard(card) => caught.barred.family_cards.push(card),
    }
}

/// Who is revoked by name is not certified again.
fn bar(ledger: &Ledger, meant: Meant<'_>, barred: &mut Barred) -> Result<(), LedgerError> {
    for selector in meant.selectors {
        match selector {
            Selector::Card {
                serial,
                family: None,
            } => bar_in_each_family(ledger, meant, *serial, barred)?,
            Selector::Card {
                serial,
                family: Some(family),
            } => barred.family_cards.push(CardId {
                family: family.clone(),
                serial: *serial,
            }),
            // Whoever holds token and PIN is no person who can be turned away.
            Selector::Requester(name) if name == OPERATOR => {}
            Selector::Requester(name) => barred.requesters.push(name.clone()),
            _ => {}
        }
    }
    Ok(())
}

/// A card of this number in every family that is known. Where the ledger knows one by its
/// number alone, as before a card had a family, it is barred by that, whosever number it is.
fn bar_in_each_family(
    ledger: &Ledger,
    meant: Meant<'_>,
    serial: u64,
    barred: &mut Barred,
) -> Result<(), LedgerError> {
    let known = families::of_card(ledger, serial)?;
    if known.by_number_alone {
        barred.cards.push(serial);
    }
    for family in known.families.union(meant.families) {
        barred.family_cards.push(CardId {
            family: family.clone(),
            serial,
        });
    }
    Ok(())
}

fn sha256_of(fingerprint: &str) -> Option<[u8; 32]> {
    match fingerprint.parse().ok()? {
        ssh_key::Fingerprint::Sha256(hash) => Some(hash),
        _ => None,
    }
}

/// Joins ranges that touch or overlap.
fn join(ranges: &mut Vec<(u64, u64)>) {
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges.drain(..) {
        match joined.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    *ranges = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_or_overlap_are_joined() {
        let mut ranges = vec![(7, 9), (1, 2), (3, 3), (8, 20), (u64::MAX, u64::MAX)];
        join(&mut ranges);
        assert_eq!(ranges, [(1, 3), (7, 20), (u64::MAX, u64::MAX)]);
    }
}
