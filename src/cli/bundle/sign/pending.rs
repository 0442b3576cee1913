//! The revocations that a bundle brings: each signed by somebody who is a revoker here and now.

use std::collections::HashSet;

use serde_json::json;

use crate::bundle::Header;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::pending;
use crate::cli::base::terminal::{hint, product, product_object, warn};
use crate::cli::bundle::told;
use crate::config;
use crate::ledger::{Barred, Ledger, PendingRevocation, PendingTaken, Revoked};
use crate::revocation::Statement;
use crate::wire::hex;

/// Those that the ledger has not taken yet, in their order.
pub(super) fn of(header: &Header, ledger: &Ledger) -> Result<Vec<PendingRevocation>, Failure> {
    let mut all = Vec::new();
    for (signed, signature) in &header.pending {
        let statement = Statement::signed(signed, signature).at("a revocation that it brings")?;
        let place = format!("revocation {} that it brings", statement.number);
        if statement.origin != header.against.origin {
            return Err(Failure::new("is of another ledger").at(place));
        }
        let sha256 = statement.sha256().at(place.clone())?;
        if ledger.took_revocation(&sha256)? {
            continue;
        }
        if let Some(why) = not_taken(&statement, ledger)? {
            warn(&format!("{place} is not taken: {why}"));
            let (revoked, barred) = (statement.revoked.as_ref(), statement.barred.as_ref());
            let by = (statement.revoker.as_str(), statement.made);
            told::lines(by, revoked, barred)
                .iter()
                .for_each(|line| hint(line));
            continue;
        }
        let here = config::keyboard();
        let keyboard = format!("{}, a revoker; taken in by {here}", statement.revoker);
        let taken = PendingTaken {
            sha256,
            made: statement.made,
            revoker: statement.revoker,
            key: statement.key,
            keyboard: here,
        };
        all.push(PendingRevocation {
            taken,
            revoked: statement.revoked.map(|revoked| Revoked {
                keyboard: keyboard.clone(),
                ..revoked
            }),
            barred: statement.barred.map(|barred| Barred { keyboard, ..barred }),
        });
    }
    Ok(all)
}

/// Why a revocation that the bundle brings does not count; the bundle is signed all the same.
fn not_taken(statement: &Statement, ledger: &Ledger) -> Result<Option<String>, Failure> {
    if !ledger.is_revoker(&statement.revoker, &statement.key)? {
        return Ok(Some(format!("{} is no revoker", statement.revoker)));
    }
    if statement.made > config::now().saturating_add(A_CLOCK_AHEAD) {
        return Ok(Some("it was made after now".to_owned()));
    }
    let revoked = statement.revoked.as_ref();
    let beyond = revoked.map(|revoked| pending::beyond(revoked, ledger));
    Ok(beyond.transpose()?.flatten())
}

/// The keys that they revoke, by SHA-256.
pub(super) fn keys(pending: &[PendingRevocation]) -> HashSet<[u8; 32]> {
    let revoked = pending.iter().filter_map(|one| one.revoked.as_ref());
    revoked
        .flat_map(|revoked| revoked.key_hashes().collect::<Vec<_>>())
        .collect()
}

/// Each whole: by whom, why, and what.
pub(super) fn show(pending: &[PendingRevocation], context: &Context) -> Result<(), Failure> {
    for one in pending {
        let by = (one.taken.revoker.as_str(), one.taken.made);
        let lines = told::lines(by, one.revoked.as_ref(), one.barred.as_ref());
        if context.json() {
            let reason = one.revoked.as_ref().map(|revoked| &revoked.reason);
            let reason = reason.or(one.barred.as_ref().map(|barred| &barred.reason));
            product_object(
                json!({ "revocation": hex(&one.taken.sha256), "revoker": by.0,
                "made": by.1, "reason": reason, "what": lines.get(1..) }),
            )?;
        } else if context.talks() {
            for line in lines {
                product(&format!("       {line}"))?;
            }
        }
    }
    Ok(())
}

/// Clocks differ by some minutes.
const A_CLOCK_AHEAD: u64 = 600;
