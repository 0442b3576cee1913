//! The revocations that a bundle brings, shown.

use serde_json::json;

use crate::bundle::LeftOut;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{hint, product, product_object, warn};
use crate::ledger::PendingRevocation;
use crate::wire::hex;

/// Each whole: by whom, why, and what.
pub(super) fn show(pending: &[PendingRevocation], context: &Context) -> Result<(), Failure> {
    for one in pending {
        let lines = one.told();
        if context.json() {
            let reason = one.revoked.as_ref().map(|revoked| &revoked.reason);
            let reason = reason.or(one.barred.as_ref().map(|barred| &barred.reason));
            product_object(
                json!({ "revocation": hex(&one.taken.sha256), "revoker": one.taken.revoker,
                "made": one.taken.made, "reason": reason, "what": lines.get(1..) }),
            )?;
        } else if context.talks() {
            for line in lines {
                product(&format!("       {line}"))?;
            }
        }
    }
    Ok(())
}

/// Those that do not count, each whole, and why.
pub(super) fn warn_of_left_out(left_out: &[LeftOut]) {
    for one in left_out {
        warn(&one.words());
        one.statement.told().iter().for_each(|line| hint(line));
    }
}
