//! Why a key was not copied from one token into another.

use super::call::{CallFailed, Fault};
use super::destroying::DestroyError;
use super::making::{GenerateError, PlaceError};
use super::opening::OpeningError;

/// Why a token's key has no copy in another token.
///
/// Names the fault and the device; holds no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// A key is wrapped from a PKCS#11 token into one.
    #[error("a key is wrapped from one PKCS#11 token into another, and {0} is none")]
    NoToken(String),
    /// Both places are in one token.
    #[error("the copy would be in {0}, where the key is")]
    SameToken(String),
    /// A token is not there, or not open.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The copy has no place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The key was not made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A token failed at a call.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// A token makes no key to wrap by, or takes none.
    #[error("{device}: no way to wrap by it works")]
    Cannot {
        /// The device.
        device: String,
        /// What it answered last.
        source: Fault,
    },
    /// The token says that the key can still leave it.
    #[error("{device}: the key can still leave it: CKA_EXTRACTABLE is true")]
    Extractable {
        /// The device.
        device: String,
    },
    /// The token takes the copy, and shows another key.
    #[error("{device}: the copy is another key than was wrapped")]
    OtherKey {
        /// The device.
        device: String,
    },
    /// The wrapping key is there still.
    #[error(transparent)]
    Destroy(#[from] DestroyError),
}
