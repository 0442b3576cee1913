//! The revocations that a bundle brings: each signed by somebody who is a revoker here and now.

use std::collections::HashSet;

use serde_json::json;

use crate::bundle::Header;
use crate::certificate::explain::utc;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure, Kind};
use crate::cli::base::terminal::{product, product_object};
use crate::config;
use crate::ledger::{Ledger, PendingRevocation, PendingTaken};
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
        if !ledger.is_revoker(&statement.revoker, &statement.key)? {
            let words = format!("{} is no revoker", statement.revoker);
            return Err(Failure::of(Kind::Refused, words).at(place).hint(
                "if it shall count: punchmark requester add NAME --revoker, and take that away again afterwards",
            ));
        }
        all.push(PendingRevocation {
            taken: PendingTaken {
                sha256,
                made: statement.made,
                revoker: statement.revoker,
                key: statement.key,
                keyboard: config::keyboard(),
            },
            revoked: statement.revoked,
            barred: statement.barred,
        });
    }
    Ok(all)
}

/// The keys that they revoke, by SHA-256.
pub(super) fn keys(pending: &[PendingRevocation]) -> HashSet<[u8; 32]> {
    let revoked = pending.iter().filter_map(|one| one.revoked.as_ref());
    revoked
        .flat_map(|revoked| revoked.key_hashes().collect::<Vec<_>>())
        .collect()
}

/// A line each.
pub(super) fn show(pending: &[PendingRevocation], context: &Context) -> Result<(), Failure> {
    for one in pending {
        let reason = match (&one.revoked, &one.barred) {
            (Some(revoked), _) => revoked.reason.as_str(),
            (None, Some(barred)) => barred.reason.as_str(),
            (None, None) => "",
        };
        let (revoker, made) = (&one.taken.revoker, utc(one.taken.made));
        if context.json() {
            product_object(
                json!({ "revocation": hex(&one.taken.sha256), "revoker": revoker,
                "made": one.taken.made, "reason": reason }),
            )?;
        } else if context.talks() {
            product(&format!("       revoked by {revoker}, {made}: {reason}"))?;
        }
    }
    Ok(())
}
