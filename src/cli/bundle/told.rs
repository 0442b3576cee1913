//! A pending revocation in words, as those read it who let it in.

use ssh_key::Fingerprint;

use crate::certificate::explain::utc;
use crate::cli::base::revoked as words;
use crate::ledger::{Barred, Revoked};

/// All of a revocation by a revoker, a line each: by whom, why, and what.
pub(in crate::cli::bundle) fn lines(
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
        let named = words::serials(revoked).chain(words::key_ids(revoked));
        let keys = revoked.key_hashes().map(Fingerprint::Sha256);
        let named = named.chain(keys.map(|key| format!("key {key}")));
        lines.extend(named.map(|line| format!("  {line}")));
    }
    if let Some(barred) = barred {
        lines.extend(words::bars(barred).map(|line| format!("  {line}")));
    }
    lines
}
