//! Why the ledger takes no bundle.

use crate::ledger::{EnrolError, LedgerError};

/// Why a bundle is not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleRefused {
    /// It was signed before.
    #[error("the bundle was signed before")]
    Signed,
    /// It was declared void.
    #[error("the bundle was declared void: {0}")]
    Void(String),
    /// Another is under way.
    #[error("the signing of bundle {} was begun and is not done", crate::wire::hex(.0))]
    Other([u8; 16]),
    /// One is missing before it, or it was made before the last one.
    #[error(
        "the bundle follows {}, and the last one here is {}",
        told(before),
        told(last)
    )]
    Order {
        /// What it follows.
        before: [u8; 32],
        /// The last that was signed here.
        last: [u8; 32],
    },
    /// Its registrar's key is nobody's, or another's.
    #[error("the key that signed the bundle is not enrolled for requester `{0}`")]
    Key(String),
    /// Who made it is no registrar.
    #[error("{0} is no registrar")]
    NoRegistrar(String),
    /// What it enrols can't be.
    #[error("an enrolment that the bundle brings")]
    Enrolment(#[from] EnrolError),
    /// Its registrar enrols himself.
    #[error("the registrar's own key or card is none that his bundle enrols")]
    OfHimself,
    /// Its registrar's key was revoked.
    #[error("the key that signed the bundle was revoked")]
    KeyRevoked,
    /// There is no such bundle under way.
    #[error("no bundle with this id is under way")]
    NotOpen,
    /// What ended it can't be.
    #[error("the end of the bundle says what can't be of it")]
    Malformed,
    /// The ledger could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

fn told(sha256: &[u8; 32]) -> String {
    match sha256 {
        [0, ..] if *sha256 == [0; 32] => "none".to_owned(),
        other => crate::wire::hex(other),
    }
}
