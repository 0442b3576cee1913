//! Why a list that came is not put in place.

use crate::certificate::explain::utc;
use crate::krl::rollover::RolloversError;
use crate::krl::{BaseReadError, DelegationError, ListSignatureError, OutsideBase, ReadError};
use crate::server::access::KnownError;

/// Why a list is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The signature of the list is not one of the signer's.
    #[error(transparent)]
    Signature(#[from] ListSignatureError),
    /// The file beside it that should lead to its signer is none.
    #[error("the rollovers beside it")]
    Rollovers(#[from] RolloversError),
    /// The signer handed over to another key, which this server followed.
    #[error("signed by {old}, from which {new} took over")]
    EndedSigner {
        /// The key that signs no more.
        old: String,
        /// The key that took over.
        new: String,
    },
    /// The signer was revoked by a list that this server believed.
    #[error("signed or handed over by {0}, which was revoked")]
    RevokedSigner(String),
    /// A rollover to the signer, which does not hand over the signing of lists.
    #[error("{0} handed over, but not the signing of lists")]
    NotForLists(String),
    /// A list that names no ledger: no rollover can be seen to be of the same.
    #[error("its signer is a new key, and it does not say of which ledger it is")]
    NoLedger,
    /// A rollover to the signer that counts for another ledger.
    #[error("its signer took over in ledger {found}, and the list is of {expected}")]
    RolloverOfOtherLedger {
        /// The ledger of the list.
        expected: String,
        /// The ledger of the rollover.
        found: String,
    },
    /// More rollovers than a server remembers.
    #[error("more rollovers than a server remembers lead to its signer")]
    ManyRollovers,
    /// The file beside it that should let its signer sign is none.
    #[error("the delegation beside it")]
    Delegation(#[from] DelegationError),
    /// Its signer may sign lists of another ledger.
    #[error("its signer may sign lists of {0}, and the list is of another ledger")]
    DelegationOfOtherLedger(String),
    /// Its signer could sign lists until then.
    #[error("its signer could sign lists until {}", utc(*.0))]
    DelegationOver(u64),
    /// An earlier delegation than one that was seen here.
    #[error(
        "delegation {number} of the signing of lists is none behind {seen}, which was seen here"
    )]
    OlderDelegation {
        /// Which one came.
        number: u64,
        /// The newest that was seen.
        seen: u64,
    },
    /// The ledger key signed a list while lists come by another key.
    #[error(
        "signed by the ledger key, and lists come by the key that it delegated until {}",
        utc(*.0)
    )]
    Delegated(u64),
    /// The signature of the base beside it is not that of the key that delegated.
    #[error("the base beside it")]
    BaseSignature(#[source] ListSignatureError),
    /// The base beside it is none.
    #[error(transparent)]
    Base(#[from] BaseReadError),
    /// It is more, or less, than a delegated key may say.
    #[error(transparent)]
    OutsideBase(#[from] OutsideBase),
    /// It is signed, but no KRL that sshd would read.
    #[error("signed, but no KRL")]
    Krl(#[from] ReadError),
    /// It is signed, but no list of known certificates.
    #[error("signed, but no list of known certificates")]
    Known(#[from] KnownError),
    /// An older list than one that was seen here.
    #[error("version {fetched} is older than version {installed}, which was seen here")]
    Older {
        /// The highest version that was seen.
        installed: u64,
        /// The version that came.
        fetched: u64,
    },
    /// Two lists of one version: the signer made two histories.
    #[error("another list than the one of the same version {0}, which was seen here")]
    SameVersion(u64),
    /// A version that the clock can't have come to: taken, it would shut out every list that
    /// is made by a right one.
    #[error("version {version} is {days} days ahead of this machine's clock")]
    Ahead {
        /// The version.
        version: u64,
        /// How many days the list is ahead.
        days: u64,
    },
    /// The list is made from a ledger that has fewer entries than one that was seen.
    #[error(
        "the list was made from a ledger of {fetched} entries, and one of {kept} was seen before"
    )]
    OlderHead {
        /// The size that was seen.
        kept: u64,
        /// The size that came; 0 where the list carries no head any more.
        fetched: u64,
    },
    /// Two ledgers of one name and one size: it was written anew.
    #[error(
        "the list was made from another ledger of {0} entries than the one that was seen before"
    )]
    Forked(u64),
    /// The list is made from another ledger.
    #[error("the list was made from ledger {fetched}, and {kept} was seen before")]
    OtherLedger {
        /// The name of the ledger that was seen.
        kept: String,
        /// The name of the one that came.
        fetched: String,
    },
    /// The signer's list of something else.
    #[error("the list is named {fetched:?}, not {expected:?}")]
    Name {
        /// The name it should have.
        expected: String,
        /// The name it has.
        fetched: String,
    },
}
