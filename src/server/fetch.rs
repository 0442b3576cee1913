//! The next list of a server: taken from a source, and judged beside the one that is there.
//!
//! Who can answer in the source's place can withhold a new list, and nothing else: that
//! shows when the list that is there grows old.

mod judge;
mod known;
mod list;
mod mark;
mod refusal;
mod shrink;
mod signers;
mod torn;

use ssh_key::public::KeyData;

pub use known::KNOWN_NAMESPACE;
pub use list::SignedList;
pub use mark::{Mark, MarkError};
pub use refusal::Refusal;
pub use shrink::{Shrunk, count};
pub use signers::{KeyHash, SignersSeen};
pub use torn::FetchError;
pub(super) use torn::{once_more, refused};

use self::judge::judge;
use self::signers::{Signer, unknown};
use super::source::Source;
use crate::krl::rollover::{ROLLOVERS_BYTES_MAX, Rollovers};
use crate::krl::{LIST_SIGNATURE_BYTES_MAX, ListSignature, ListSignatureError};

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
    let rollovers = match signer.map_err(&refused)? {
        Signer::Known => None,
        Signer::Unknown => Some(rollovers(source, &signature)?),
    };
    let judge = |bytes: &[u8]| {
        let judged = judge(bytes, installed, &signature, rollovers.as_ref(), expected);
        judged.map_err(&refused)
    };
    match installed.filter(|bytes| signature.is_of(L::NAMESPACE, bytes)) {
        Some(bytes) => judge(bytes),
        None => judge(&source.read(L::BYTES_MAX)?),
    }
}

/// What may lead to a signer that this server doesn't know yet. It is read for such a one alone,
/// so that nothing is asked for while the key stays.
fn rollovers(source: &Source, signature: &ListSignature) -> Result<Rollovers, FetchError<Refusal>> {
    let refused = refused(source);
    match source.rollovers().read(ROLLOVERS_BYTES_MAX) {
        Ok(text) => Rollovers::parse(&text).map_err(|error| refused(error.into())),
        Err(error) if error.is_missing() => Err(refused(unknown(signature.signer()))),
        Err(error) => Err(error.into()),
    }
}
