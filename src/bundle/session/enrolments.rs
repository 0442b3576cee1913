//! The enrolments that a bundle brings: each is checked as `requester add` checks one, and none is the
//! registrar's own.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::attestation::Family;
use crate::bundle::{Enrolment, Header};
use crate::config::{self, Config, ConfigError, NobodysError, refuse_reserved, refuse_worthless};
use crate::ledger::{
    Credential, EnrolError, Ledger, LedgerError, PendingRevocation, RequesterAdded,
};
use crate::request::RequesterName;

/// Why an enrolment that a bundle brings cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BroughtEnrolmentError {
    /// The name, the key or the card can be nobody's.
    #[error(transparent)]
    Nobodys(#[from] NobodysError),
    /// The ledger enrols no such thing.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No card of this family attests anything here.
    #[error("the config trusts no root of {0}")]
    Family(String),
    /// What the same bundle revokes or bars is nobody's.
    #[error("is revoked or barred by what the bundle brings")]
    Ended,
}

/// Those that the ledger does not have yet. All that is wrong with them is told at once.
pub(super) fn of(
    header: &Header,
    ledger: &Ledger,
    config: &Config,
    ended: &Ended<'_>,
) -> Result<Vec<RequesterAdded>, Vec<(RequesterName, BroughtEnrolmentError)>> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for enrolment in &header.enrolments {
        match one(enrolment, ledger, config, ended) {
            Ok(added) => all.extend(added),
            Err(error) => faults.push((enrolment.name.clone(), error)),
        }
    }
    if faults.is_empty() {
        return Ok(all);
    }
    Err(faults)
}

/// The entry of an enrolment; none where the ledger has it.
fn one(
    enrolment: &Enrolment,
    ledger: &Ledger,
    config: &Config,
    ended: &Ended<'_>,
) -> Result<Option<RequesterAdded>, BroughtEnrolmentError> {
    let Enrolment { name, credential } = enrolment;
    if ledger.requester_of(credential)?.as_deref() == Some(name.as_str()) {
        return Ok(None);
    }
    refuse_reserved(name, config)?;
    refuse_worthless(credential, ledger)?;
    if let Credential::FamilyCard(card) = credential {
        refuse_foreign(&card.family, ledger, config)?;
    }
    let added = RequesterAdded {
        name: name.to_string(),
        credential: credential.clone(),
        keyboard: config::keyboard(),
    };
    ledger.check_requester(&added)?;
    if ended.has(&added) {
        return Err(BroughtEnrolmentError::Ended);
    }
    Ok(Some(added))
}

/// Refuses a card of a family of which no root is believed here.
fn refuse_foreign(
    family: &str,
    ledger: &Ledger,
    config: &Config,
) -> Result<(), BroughtEnrolmentError> {
    let believed = ledger.believed(&config.attestation_roots()?)?.families();
    let mut names = believed.iter().map(Family::to_string);
    if names.any(|name| name == family) {
        return Ok(());
    }
    Err(BroughtEnrolmentError::Family(family.to_owned()))
}

/// What the same bundle revokes and bars.
pub(super) struct Ended<'p> {
    /// The keys that are revoked, by SHA-256.
    pub(super) keys: HashSet<[u8; 32]>,
    pub(super) pending: &'p [PendingRevocation],
}

impl Ended<'_> {
    /// Whether that ends whoever signed the bundle, or the key.
    pub(super) fn has_registrar(&self, header: &Header) -> bool {
        self.has(&RequesterAdded {
            name: header.registrar.name.to_string(),
            credential: Credential::Key(header.registrar.key.clone()),
            keyboard: String::new(),
        })
    }

    fn has(&self, added: &RequesterAdded) -> bool {
        let is_revoked = matches!(&added.credential, Credential::Key(blob)
            if self.keys.contains(&<[u8; 32]>::from(Sha256::digest(blob))));
        let mut barred = self.pending.iter().filter_map(|one| one.barred.as_ref());
        let is_barred = barred.any(|barred| {
            barred.requesters.contains(&added.name)
                || matches!(&added.credential, Credential::FamilyCard(card)
                    if barred.family_cards.contains(card) || barred.cards.contains(&card.serial))
        });
        is_revoked || is_barred
    }
}
