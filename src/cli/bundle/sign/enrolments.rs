//! The enrolments that a bundle brings: each is checked as `requester add` checks one, and none is the
//! registrar's own.

use std::collections::HashSet;

use serde_json::json;

use crate::attestation::Family;
use crate::bundle::Header;
use crate::cli::base::context::Context;
use crate::cli::base::credential::{describe, named, refuse_distrusted, refuse_weak};
use crate::cli::base::failure::{Failure, Kind};
use crate::cli::base::faults::Faults;
use crate::cli::base::requester_name::refuse_reserved;
use crate::cli::base::roots::believed;
use crate::cli::base::terminal::{product, product_object};
use crate::config::{self, Config};
use crate::ledger::{Credential, Ledger, PendingRevocation, RequesterAdded};

/// Those that the ledger does not have yet. All that is wrong with them is told at once.
pub(super) fn of(
    header: &Header,
    ledger: &Ledger,
    config: &Config,
    pending: &[PendingRevocation],
) -> Result<Vec<RequesterAdded>, Failure> {
    let revoked = super::pending::keys(pending);
    let mut faults = Faults::default();
    let mut all = Vec::new();
    for enrolment in &header.enrolments {
        let name = enrolment.name.to_string();
        if ledger.requester_of(&enrolment.credential)?.as_deref() == Some(&name) {
            continue;
        }
        let added = RequesterAdded {
            name,
            credential: enrolment.credential.clone(),
            keyboard: config::keyboard(),
        };
        let checked = refuse_reserved(&enrolment.name, config)
            .and_then(|()| check(&added, ledger, config))
            .and_then(|()| refuse_ended(&added, &revoked, pending));
        faults.note(checked.map_err(|failure| failure.at(format!("enrolment of {}", added.name))));
        all.push(added);
    }
    faults.or(Some(all))
}

fn check(added: &RequesterAdded, ledger: &Ledger, config: &Config) -> Result<(), Failure> {
    refuse_weak(&added.credential)?;
    refuse_distrusted(&added.credential, ledger)?;
    if let Credential::FamilyCard(card) = &added.credential {
        let believed = believed(config)?.families();
        let families: Vec<String> = believed.iter().map(Family::to_string).collect();
        if !families.contains(&card.family) {
            let words = format!("the config trusts no root of {}", card.family);
            return Err(Failure::of(Kind::Refused, words));
        }
    }
    Ok(ledger.check_requester(added)?)
}

/// What the same bundle revokes or bars is nobody's.
fn refuse_ended(
    added: &RequesterAdded,
    revoked: &HashSet<[u8; 32]>,
    pending: &[PendingRevocation],
) -> Result<(), Failure> {
    use sha2::{Digest, Sha256};
    let is_revoked = match &added.credential {
        Credential::Key(blob) => revoked.contains(&<[u8; 32]>::from(Sha256::digest(blob))),
        Credential::Card(_) | Credential::FamilyCard(_) => false,
    };
    let mut barred = pending.iter().filter_map(|one| one.barred.as_ref());
    let is_barred = barred.any(|barred| {
        barred.requesters.contains(&added.name)
            || matches!(&added.credential, Credential::FamilyCard(card)
                if barred.family_cards.contains(card) || barred.cards.contains(&card.serial))
    });
    if is_revoked || is_barred {
        return Err(Failure::of(
            Kind::Refused,
            "is revoked or barred by what the bundle brings",
        ));
    }
    Ok(())
}

/// A line each.
pub(super) fn show(enrolments: &[RequesterAdded], context: &Context) -> Result<(), Failure> {
    for RequesterAdded {
        name, credential, ..
    } in enrolments
    {
        let (field, value) = named(credential);
        if context.json() {
            product_object(json!({ "enrolment": name, field: value }))?;
        } else if context.talks() {
            product(&format!("       enrols {name}: {}", describe(credential)))?;
        }
    }
    Ok(())
}
