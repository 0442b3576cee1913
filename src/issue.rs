//! The spine: the one way from what somebody asks to a certificate.
//!
//! - `open`: the ledger, by a clock and a head that can be believed, and a CA that config and
//!   ledger agree on;
//! - `case`: what is asked and known is decided, and sealed as a [`Wanted`](crate::ledger::Wanted);
//! - `way`: reserve, sign, verify, record, release, each with its reason: read that first;
//! - `anew`: what a certificate of the ledger asks for, so that it is made once more;
//! - `desk`: the same for as many as come, on a thread for each session of a device;
//! - `lent`: the ledger of a server that runs, lent to a command;
//! - `shared`: who goes first where several want the ledger;
//! - `open_ca`: the key that signs, found and held against the one that was recorded;
//! - `sign`: the only place that asks a CA key for a signature.

mod again;
mod anew;
mod case;
mod desk;
pub mod lent;
mod open;
mod open_ca;
mod shared;
mod sign;
#[cfg(test)]
mod tests;
mod way;

use std::sync::Arc;
use std::time::Duration;

pub use again::{AgainError, Before, stands};
pub use anew::{Lasting, NotAnewError, base_names};
pub use case::intake::{self, IntakeError};
pub use case::{
    Anew, Asked, Bundled, Case, CaseError, DeviceWord, DeviceWordError, Enrolments, Judge,
    OverLogin, Rulebook, WasKnownBy, WordError, requester_names,
};
pub use desk::{Desk, Reply, SubmitError, Ticket, Trial};
pub use open::{
    AgreedCa, ConfiguredCa, Confirm, DisagreementError, LedgerPlace, OpenLedgerError, UnkeptLedger,
    WrongTime, agree,
};
pub use open_ca::{OpenCa, OpenError};
pub use shared::SharedLedger;
pub(crate) use shared::lock;
pub use sign::{SelfTestError, TestSignature, self_test, test_signature};
pub use way::{issue_next, issue_one};

use crate::certificate::{Certificate, EncodeError, Serial, VerifyError};
use crate::ledger::{LedgerError, ReserveError};
use crate::signer::SignerError;
use open_ca::Session;

/// A certificate that its ledger holds.
#[derive(Debug)]
pub struct Issued {
    /// Its serial.
    pub serial: Serial,
    /// The certificate, verified.
    pub certificate: Certificate,
}

/// Tells the Unix time in seconds.
pub type Clock = fn() -> u64;

/// Is told of a device that can sign no more, and why, while others can.
pub type Lost = Arc<dyn Fn(&str, &SignerError) + Send + Sync>;

/// What is told of a device at a desk that stays open without it.
#[derive(Debug)]
pub enum News<'a> {
    /// It can sign no more, and is looked for.
    Lost(&'a SignerError),
    /// It is back, and signs.
    Back,
    /// It is of no use until the desk is opened anew, and is looked for no more: it refuses its PIN, or its
    /// signature is not that of the CA's key.
    GivenUp(&'a dyn std::error::Error),
}

/// Is told of the devices of a desk that stays open, by name.
pub type NewsOf = Arc<dyn Fn(&str, &News<'_>) + Send + Sync>;

/// A step of a desk whose time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Serials were taken. One write to the ledger may take some and record others.
    Reserve,
    /// A device signed.
    Sign,
    /// Outcomes were recorded.
    Record,
}

/// Is told how long a step took.
pub type Times = Arc<dyn Fn(Step, Duration) + Send + Sync>;

/// Why one order gave no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// It was decided for a CA whose key these devices don't hold. No serial was taken.
    #[error("it was decided for another CA than `{ca}`")]
    OtherCa {
        /// The CA of the devices.
        ca: String,
    },
    /// No serial was taken for it.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// A device of the run can't take what would be signed. No serial was taken for it.
    #[error("{length} bytes to sign, where the CA's key takes at most {longest}")]
    TooLong {
        /// How many there are.
        length: usize,
        /// How many the device takes.
        longest: usize,
    },
    /// The content cannot be put together. No serial was taken for it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The key did not sign; the serial is spent.
    #[error(transparent)]
    Sign(#[from] SignerError),
    /// What the token returned is no signature of this CA over this content.
    #[error("the certificate was thrown away")]
    Verify(#[from] VerifyError),
    /// The run ended before it was signed; the serial is spent.
    #[error("not signed, since the run ended before")]
    NotTried,
    /// No device of the CA could sign it. A serial that was taken for it is spent.
    #[error("not signed, since no device of the CA can sign now")]
    Away,
    /// The ledger could not take a serial for it.
    #[error("not signed, since the ledger could not reserve a serial")]
    NotReserved,
    /// The ledger did not take it, so it is not released.
    #[error("not released, since the ledger could not record it")]
    NotRecorded,
    /// The program has a fault, and broke off; whether a serial was taken, the ledger says.
    #[error("not signed, since the program broke off: a fault of punchmark")]
    Panicked,
}

/// Why a run ended before its last order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunEnd {
    /// The key can sign no more; the error of the last order says why.
    #[error("the run was ended, since the key can sign no more")]
    Signer,
    /// Somebody asked it to stop; what was begun was finished.
    #[error("the run was stopped")]
    Interrupted,
    /// The ledger failed; nothing of the last chunk was released.
    #[error("the run was ended by the ledger")]
    Ledger(#[from] LedgerError),
    /// The program has a fault.
    #[error("the run was ended by a fault of punchmark")]
    Panicked,
}
