//! The next KRL of a server: taken from a source, and judged beside the one that is there.
//!
//! Who can answer in the source's place can withhold a new list, and nothing else: that
//! shows when the list that is there grows old.

mod judge;
mod mark;
mod refusal;
mod shrink;
mod signers;

use std::thread::sleep;
use std::time::Duration;

use ssh_key::public::KeyData;

pub use mark::{Mark, MarkError};
pub use refusal::Refusal;
pub use shrink::{Shrunk, count};
pub use signers::{KeyHash, SignersSeen};

use self::judge::judge;
use self::signers::{Signer, unknown};
use super::source::{Source, SourceError};
use crate::krl::rollover::{ROLLOVERS_BYTES_MAX, Rollovers};
use crate::krl::{KRL_BYTES_MAX, KRL_SIGNATURE_BYTES_MAX, Krl, KrlSignature, KrlSignatureError};

/// What a list must be, to be taken.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who may have signed it, or handed over to who did.
    pub signers: Vec<KeyData>,
    /// The name that the list must have, which is the comment of the KRL; none for the name of the list that is there.
    pub name: Option<String>,
    /// What this server has seen of the list before; none on the first fetch.
    pub mark: Option<Mark>,
    /// The clock, in Unix seconds.
    pub now: u64,
    /// The version that root takes whatever the mark and the clock say.
    pub accept_version: Option<u64>,
}

/// A list that may be put in place.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The list.
    pub krl: Krl,
    /// The bytes of the list; none if they are those that are there.
    pub bytes: Option<Vec<u8>>,
    /// How much that is revoked now would no longer be, where that is much.
    pub shrunk: Option<Shrunk>,
    /// The key that was followed to, by its fingerprint, where the list led to a new one.
    pub followed: Option<String>,
    /// What is to be kept beside it.
    pub mark: Mark,
}

/// Why there is no list to put in place. What is there stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The source gave nothing, or too much.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What it gave is not believed.
    #[error("{source_name}")]
    Refused {
        /// The source.
        source_name: String,
        /// Why.
        #[source]
        refusal: Refusal,
    },
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
pub fn fetch(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected,
) -> Result<Fetched, FetchError> {
    match try_fetch(source, installed, expected) {
        Err(FetchError::Refused {
            refusal: Refusal::Signature(KrlSignatureError::Signature(_)),
            ..
        }) => {
            sleep(BETWEEN_TRIES);
            try_fetch(source, installed, expected)
        }
        once => once,
    }
}

fn try_fetch(
    source: &Source,
    installed: Option<&[u8]>,
    expected: &Expected,
) -> Result<Fetched, FetchError> {
    let refused = |refusal| FetchError::Refused {
        source_name: source.to_string(),
        refusal,
    };
    let signature = source.signature().read(KRL_SIGNATURE_BYTES_MAX)?;
    let signature = KrlSignature::read(&signature).map_err(|error| refused(error.into()))?;
    let seen = expected.signers_seen();
    let signer = seen.signer(&expected.signers, signature.signer());
    let rollovers = match signer.map_err(refused)? {
        Signer::Known => None,
        Signer::Unknown => Some(rollovers(source, &signature)?),
    };
    let judge = |bytes: &[u8]| {
        let judged = judge(bytes, installed, &signature, rollovers.as_ref(), expected);
        judged.map_err(refused)
    };
    match installed.filter(|bytes| signature.is_of(bytes)) {
        Some(bytes) => judge(bytes),
        None => judge(&source.read(KRL_BYTES_MAX)?),
    }
}

/// What may lead to a signer that this server doesn't know yet. It is read for such a one alone,
/// so that nothing is asked for while the key stays.
fn rollovers(source: &Source, signature: &KrlSignature) -> Result<Rollovers, FetchError> {
    let refused = |refusal| FetchError::Refused {
        source_name: source.to_string(),
        refusal,
    };
    match source.rollovers().read(ROLLOVERS_BYTES_MAX) {
        Ok(text) => Rollovers::parse(&text).map_err(|error| refused(error.into())),
        Err(error) if error.is_missing() => Err(refused(unknown(signature.signer()))),
        Err(error) => Err(error.into()),
    }
}

/// How long a second try waits: as long as it takes to rename two files.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
