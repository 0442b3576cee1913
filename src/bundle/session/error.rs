//! Why a bundle is not signed.

use std::io;

use super::enrolments::BroughtEnrolmentError;
use crate::batch::BooksError;
use crate::bundle::{AnswerError, BundleError};
use crate::ca::KnownCaError;
use crate::config::ConfigError;
use crate::krl::WriteError;
use crate::ledger::key::LedgerKeyError;
use crate::ledger::{BundleRefused, LedgerError, ProofError};
use crate::output::OutputError;
use crate::request::{RequesterName, RoleName};
use crate::revocation::{KrlError, StatementError};

/// Why a bundle is not signed, or its answer not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleSessionError {
    /// A file.
    #[error("{path}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is no bundle, or not as it was signed.
    #[error("{path}")]
    Bundle {
        /// The file.
        path: String,
        /// Why.
        source: BundleError,
    },
    /// It is longer than any.
    #[error("{0}: is longer than {most} bytes, as no bundle is", most = crate::bundle::LARGEST_BUNDLE)]
    TooLong(String),
    /// Our copy of it can't be read once more.
    #[error(transparent)]
    Again(#[from] BundleError),
    /// The config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The CA.
    #[error(transparent)]
    KnownCa(#[from] KnownCaError),
    /// What its items are held against.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger takes no such bundle.
    #[error(transparent)]
    Refused(#[from] BundleRefused),
    /// A role of no CA.
    #[error("role `{0}` names no CA")]
    RoleWithoutCa(RoleName),
    /// Nothing is asked for.
    #[error("nothing is asked for")]
    Nothing,
    /// One run signs by one CA.
    #[error("the roles that are asked for are of several CAs: {0}")]
    SeveralCas(String),
    /// The ledger does not go on from where it was made.
    #[error("it was made against another ledger than this one")]
    OtherLedger(#[source] ProofError),
    /// It was made in the middle of a frame.
    #[error(
        "it was made against another ledger than this one: no frame of this ledger ends where the \
         bundle was made"
    )]
    NoFrame,
    /// It is too old.
    #[error("the bundle is {age} old, and {most} is the most")]
    TooOld {
        /// How old.
        age: String,
        /// How old it may be.
        most: String,
    },
    /// It is of tomorrow.
    #[error("the bundle was made {0} after now")]
    OfTomorrow(String),
    /// A revocation that it brings is none.
    #[error("{place}")]
    Revocation {
        /// Which.
        place: String,
        /// Why.
        source: StatementError,
    },
    /// A revocation that it brings is of another ledger.
    #[error("revocation {0} that it brings: is of another ledger")]
    ForeignRevocation(u64),
    /// One of them was left out on the way.
    #[error(
        "revocation {0} that it brings follows one that the bundle lacks and this ledger never had"
    )]
    RevocationOrder(u64),
    /// It ends whoever signed it.
    #[error("it brings a revocation that ends {0}, who signed it")]
    RegistrarEnded(RequesterName),
    /// An enrolment that it brings cannot be.
    #[error("enrolment of {name}")]
    Enrolment {
        /// Of whom.
        name: RequesterName,
        /// Why not.
        source: BroughtEnrolmentError,
    },
    /// It was not signed here, and has no answer.
    #[error("this bundle was not signed here")]
    NotSigned,
    /// The ledger did not take it.
    #[error("the ledger has no such bundle")]
    NoBundle,
    /// An item that was neither refused nor signed.
    #[error("item {0} has no certificate in the ledger")]
    NoCertificate(u64),
    /// The answer.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The ledger key can't be encoded.
    #[error("the ledger key")]
    Encode(#[source] ssh_key::Error),
    /// What was revoked.
    #[error(transparent)]
    Revoked(#[from] KrlError),
    /// The base of lists.
    #[error("the base of lists")]
    Base(#[source] WriteError),
    /// The ledger key.
    #[error(transparent)]
    LedgerKey(#[from] LedgerKeyError),
    /// The answer was not written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
