//! The next list of a server: taken from a source, and judged beside the one that is there.
//!
//! Who can answer in the source's place can withhold a new list, and nothing else: that
//! shows when the list that is there grows old.

mod delegated;
mod judge;
mod known;
mod list;
mod mark;
mod refusal;
mod shrink;
mod signers;
mod torn;

use ssh_key::public::KeyData;

pub use delegated::DelegationSeen;
pub use known::KNOWN_NAMESPACE;
pub use list::SignedList;
pub use mark::{Mark, MarkError};
pub use refusal::Refusal;
pub use shrink::{Shrunk, count};
pub use signers::{KeyHash, SignersSeen};
pub use torn::FetchError;
pub(super) use torn::{once_more, refused};

use self::delegated::{Delegated, is_for};
use self::judge::judge;
use self::signers::{Signer, unknown};
use super::source::{Source, SourceError};
use crate::krl::rollover::{ROLLOVERS_BYTES_MAX, Rollovers};
use crate::krl::{
    BASE_BYTES_MAX, BASE_NAMESPACE, DELEGATION_BYTES_MAX, Delegation, LIST_SIGNATURE_BYTES_MAX,
    ListSignature, ListSignatureError, OutsideBase,
};

/// What a list must be, to be taken.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who may have signed it, or handed over to who did.
    pub signers: Vec<KeyData>,
    /// The name that the list must have, as the comment of a KRL is one; none for that of the list that is there.
    pub name: Option<String>,
    /// What this server has seen of the list before; none on the first fetch.
    pub mark: Option<Mark>,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// Keys that another list of this server revokes.
    pub revoked: Vec<KeyHash>,
    /// The version that root takes whatever the mark and the clock say.
    pub accept_version: Option<u64>,
    /// The base that is kept here, so that it need not be fetched again.
    pub base: Option<Vec<u8>>,
}

/// A list that may be put in place.
#[derive(Clone, Debug)]
pub struct Fetched<L> {
    /// The list.
    pub list: L,
    /// The bytes of the list; none if they are those that are there.
    pub bytes: Option<Vec<u8>>,
    /// How much that is revoked now would no longer be, where that is much.
    pub shrunk: Option<Shrunk>,
    /// The key that was followed to, by its fingerprint, where the list led to a new one.
    pub followed: Option<String>,
    /// What is to be kept beside it.
    pub mark: Mark,
    /// What is to be kept beside it of a list by a delegated key.
    pub beside: Option<KeptBeside>,
}

/// Why a delegated key could sign a list, and what the list was held to.
#[derive(Clone, Debug)]
pub struct KeptBeside {
    /// The statement of the ledger key, as the file that it came as.
    pub delegation: String,
    /// The newest base.
    pub base: Vec<u8>,
}

impl Expected {
    /// What was seen of the keys that sign.
    fn signers_seen(&self) -> SignersSeen {
        let mark = self.mark.as_ref();
        mark.map_or_else(SignersSeen::default, |mark| mark.signers.clone())
    }
}

/// Takes the signature, and the list only if it is not that of `installed`.
///
/// A list and a signature that don't match are asked for once more: the CA may have put new
/// ones there in between.
///
/// # Errors
/// [`FetchError`].
pub fn fetch<L: SignedList>(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected,
) -> Result<Fetched<L>, FetchError<Refusal>> {
    let torn = |refusal: &Refusal| {
        matches!(
            refusal,
            Refusal::Signature(ListSignatureError::Signature(_))
                | Refusal::BaseSignature(ListSignatureError::Signature(_))
                | Refusal::OutsideBase(OutsideBase::Head)
        )
    };
    once_more(torn, || try_fetch(source, installed, expected))
}

fn try_fetch<L: SignedList>(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected,
) -> Result<Fetched<L>, FetchError<Refusal>> {
    let refused = refused(source);
    let signature = source.signature().read(LIST_SIGNATURE_BYTES_MAX)?;
    let signature = ListSignature::read(&signature).map_err(|error| refused(error.into()))?;
    let seen = expected.signers_seen();
    let signer = seen.signer(&expected.signers, signature.signer());
    let leads = match signer.map_err(&refused)? {
        Signer::Known => Leads::None,
        Signer::Unknown => Leads::read(source, &signature, expected)?,
    };
    let judge = |bytes: &[u8]| {
        let judged = judge(bytes, installed, &signature, &leads, expected);
        judged.map_err(&refused)
    };
    match installed.filter(|bytes| signature.is_of(L::NAMESPACE, bytes)) {
        Some(bytes) => judge(bytes),
        None => judge(&source.read(L::BYTES_MAX)?),
    }
}

/// What leads to a signer that this server doesn't know. It is read for such a one alone, so that
/// nothing is asked for while the key stays.
#[derive(Debug)]
enum Leads {
    None,
    /// Ledger keys that took over from one another.
    Rollovers(Rollovers),
    /// The word of a ledger key for this key.
    Delegated(Box<Delegated>),
}

impl Leads {
    fn read(
        source: &Source,
        signature: &ListSignature,
        expected: &Expected,
    ) -> Result<Self, FetchError<Refusal>> {
        let (refused, signer) = (refused(source), signature.signer());
        let (seen, given) = (expected.signers_seen(), &expected.signers);
        let rollovers = rollovers(source)?;
        match rollovers {
            Some(rollovers) if seen.may_follow(given, signer, &rollovers) => {
                Ok(Self::Rollovers(rollovers))
            }
            // A ledger key that the server knows may let this one sign.
            rollovers => {
                let text = present(source.delegation().read(DELEGATION_BYTES_MAX))?;
                let delegation = text.map(|text| Delegation::parse(&text)).transpose();
                match delegation.map_err(|error| refused(error.into()))? {
                    Some(delegation) if is_for(&delegation, signer) => {
                        let leads = delegated(source, delegation, rollovers, expected)?;
                        Ok(Self::Delegated(Box::new(leads)))
                    }
                    _ => Err(refused(unknown(signer))),
                }
            }
        }
    }

    /// What a server keeps of it.
    fn beside(&self) -> Option<KeptBeside> {
        match self {
            Self::Delegated(leads) => Some(KeptBeside {
                delegation: leads.delegation.to_string(),
                base: leads.base.clone(),
            }),
            Self::None | Self::Rollovers(_) => None,
        }
    }
}

/// What lies beside a list by a delegated key. The base is read only if it is not the one that is here.
fn delegated(
    source: &Source,
    delegation: Delegation,
    rollovers: Option<Rollovers>,
    expected: &Expected,
) -> Result<Delegated, FetchError<Refusal>> {
    let refused = refused(source);
    let base = source.base();
    let signature = base.signature().read(LIST_SIGNATURE_BYTES_MAX)?;
    let signature = ListSignature::read(&signature);
    let signature = signature.map_err(|error| refused(Refusal::BaseSignature(error)))?;
    let kept = expected.base.as_ref();
    let base = match kept.filter(|bytes| signature.is_of(BASE_NAMESPACE, bytes)) {
        Some(bytes) => bytes.clone(),
        None => base.read(BASE_BYTES_MAX)?,
    };
    Ok(Delegated {
        delegation,
        rollovers,
        base,
        signature,
    })
}

fn rollovers(source: &Source) -> Result<Option<Rollovers>, FetchError<Refusal>> {
    let text = present(source.rollovers().read(ROLLOVERS_BYTES_MAX))?;
    let rollovers = text.map(|text| Rollovers::parse(&text)).transpose();
    rollovers.map_err(|error| refused(source)(error.into()))
}

/// What the source has; none of what it says it has not.
fn present(read: Result<Vec<u8>, SourceError>) -> Result<Option<Vec<u8>>, SourceError> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}
