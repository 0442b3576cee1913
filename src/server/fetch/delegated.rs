//! A list by a key to which a ledger key delegated the signing of lists: what lies beside it, and whether
//! it keeps within that.
//!
//! What a server can see: that the ledger key signed the statement, that it is not over and no earlier one
//! than was seen here; that the list is made from the head of the base, which the ledger key signed; that
//! it holds all of the base, and names no CA's key and no serial beyond it. What it can't see: whether
//! anything is missing that was revoked outside since, and whether there is a newer base. That a list
//! is made is all that the thief of such a key can withhold.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::list::SignedList;
use super::signers::{Signer, SignersSeen, hash, unknown};
use super::{Expected, KeyHash, Refusal};
use crate::krl::rollover::Rollovers;
use crate::krl::{BASE_NAMESPACE, Delegation, ListBase, ListSignature};

/// What lies beside a list by a delegated key.
#[derive(Clone, Debug)]
pub(super) struct Delegated {
    pub(super) delegation: Delegation,
    /// What may lead to the ledger key that delegated, where this server doesn't know it yet.
    pub(super) rollovers: Option<Rollovers>,
    pub(super) base: Vec<u8>,
    pub(super) signature: ListSignature,
}

/// The delegation that a server has followed: none before it counts any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegationSeen {
    /// Which one of its ledger.
    pub number: u64,
    /// When it is over, in Unix seconds.
    pub until: u64,
    /// The key that signs lists.
    pub key: KeyHash,
}

impl Delegated {
    /// The ledger key that delegated.
    pub(super) fn by(&self) -> Result<KeyData, Refusal> {
        let key = PublicKey::from_bytes(self.delegation.by());
        Ok(key.map_err(|_none| Refusal::NoLedger)?.key_data().clone())
    }

    /// Holds a list by its signer against statement and base, and says what is known of the keys that
    /// sign then.
    pub(super) fn hold<L: SignedList>(
        &self,
        list: &L,
        signer: &KeyData,
        expected: &Expected,
    ) -> Result<(SignersSeen, DelegationSeen), Refusal> {
        let statement = self.delegation.statement();
        let origin = list.list_name().head.map(|head| head.origin);
        let (by, seen) = (self.by()?, expected.signers_seen());
        let given = &expected.signers;
        let seen = match (seen.signer(given, &by)?, &self.rollovers) {
            (Signer::Known, _) => seen,
            (Signer::Unknown, None) => return Err(unknown(&by)),
            (Signer::Unknown, Some(rollovers)) => {
                seen.follow(given, &by, rollovers, origin.as_deref())?
            }
        };
        if origin.as_ref() != Some(&statement.ledger) {
            return Err(Refusal::DelegationOfOtherLedger(statement.ledger.clone()));
        }
        let now = DelegationSeen {
            number: statement.number,
            until: statement.until,
            key: hash(signer),
        };
        if expected.now > now.until {
            return Err(Refusal::DelegationOver(now.until));
        }
        let before = expected.mark.as_ref().and_then(|mark| mark.delegated);
        if let Some(before) = before.filter(|before| before.number >= now.number && *before != now)
        {
            let (number, seen) = (now.number, before.number);
            return Err(Refusal::OlderDelegation { number, seen });
        }
        let by_alone = std::slice::from_ref(&by);
        let is_signed = self.signature.verify(BASE_NAMESPACE, &self.base, by_alone);
        is_signed.map_err(Refusal::BaseSignature)?;
        let base = ListBase::from_bytes(&self.base)?;
        list.held_to(&base)?;
        Ok((seen, now))
    }
}

/// Whether a delegation is one of this key.
pub(super) fn is_for(delegation: &Delegation, signer: &KeyData) -> bool {
    let blob = PublicKey::from(signer.clone()).to_bytes();
    blob.is_ok_and(|blob| blob == delegation.statement().key)
}

/// While lists come by a delegated key, none comes by the ledger key itself: what the offline side makes
/// lacks what was revoked outside since. One that revokes the delegated key takes its place.
pub(super) fn refuse_direct<L: SignedList>(
    list: &L,
    signer: &KeyData,
    expected: &Expected,
) -> Result<(), Refusal> {
    let mark = expected.mark.as_ref();
    let Some(seen) = mark.and_then(|mark| mark.delegated) else {
        return Ok(());
    };
    let is_ended = || {
        list.revoked_keys().contains(&seen.key)
            || expected.signers_seen().revoked.contains(&seen.key)
    };
    let is_of_root = expected.accept_version == Some(list.version());
    if expected.now > seen.until || hash(signer) == seen.key || is_of_root || is_ended() {
        return Ok(());
    }
    Err(Refusal::Delegated(seen.until))
}

#[cfg(test)]
mod tests;
