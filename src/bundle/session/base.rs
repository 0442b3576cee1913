//! What lists outside are held to, where the ledger key delegated them.

use ssh_key::PublicKey;

use super::BundleSessionError;
use crate::bundle::SignedBase;
use crate::config;
use crate::krl::{BASE_NAMESPACE, ListHead};
use crate::ledger::Ledger;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::key::LedgerKey;
use crate::revocation::{Prune, list_base};

/// What an answer brings along for lists outside.
pub enum OfferedBase {
    /// Nobody outside signs lists.
    Undelegated,
    /// Another ledger key lets somebody outside sign lists.
    DelegatedByAnother,
    /// What their lists are held to.
    Signed(SignedBase),
}

/// The base of lists as of a head, signed by the key that delegated them.
///
/// # Errors
/// [`BundleSessionError`].
pub fn signed_base(
    ledger: &Ledger,
    head: &Checkpoint,
    key: &mut LedgerKey,
) -> Result<OfferedBase, BundleSessionError> {
    let now = config::now();
    let Some(delegation) = ledger.delegation(now)? else {
        return Ok(OfferedBase::Undelegated);
    };
    let own = PublicKey::from(key.public_key().clone()).to_bytes();
    if delegation.by() != own.map_err(BundleSessionError::Encode)? {
        return Ok(OfferedBase::DelegatedByAnother);
    }
    let list_head = ListHead {
        origin: head.origin.clone(),
        size: head.size,
        root: head.root,
    };
    let over = Prune::ExpiredBefore(now.saturating_sub(MARGIN));
    let base = list_base(ledger, list_head, now, over)?;
    let bytes = base.to_bytes().map_err(BundleSessionError::Base)?;
    let signature = key.sign_list(BASE_NAMESPACE, &bytes)?;
    Ok(OfferedBase::Signed(SignedBase { bytes, signature }))
}

/// How long an expired certificate stays in the base, in seconds: the clock here may be wrong by a day.
const MARGIN: u64 = 86_400;
