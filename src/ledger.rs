//! Which serials were taken, for what exactly, and what became of it.
//!
//! Stands between policy and the key: a [`Reservation`] can be made by a ledger
//! alone, from a [`Decided`] that policy alone can make, and nothing is signed
//! without one. What was reserved is durable before the key is used; there is no undo.

mod account;
pub mod checkpoint;
mod clock;
mod condition;
mod disk;
mod entry;
mod error;
pub mod file;
#[cfg(test)]
pub(crate) mod for_tests;
pub mod heads;
mod index;
pub mod key;
mod key_id;
mod memory;
pub mod merkle;
pub mod migrate;
pub mod note;
mod old_head;
mod proof_text;
pub mod receipt;
pub mod replay;
pub mod rows;
mod rules;
pub mod settings;
mod sqlite_rows;
pub mod store;
mod wanted;

use std::sync::Arc;

use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use clock::{BUILT_AFTER, ClockError, LEAP_DAYS, check_clock};
pub use condition::{Condition, Standing, ends_before};
pub use entry::{
    Barred, Became, Binding, Bound, BundleClosed, BundleTaken, CaAdded, CaRetired, CardId,
    CeremonyHeld, ChallengeMade, CheckpointSigned, ClockCorrected, CopyKind, CopySeen, CopyTried,
    Credential, Derivation, DutiesSet, Entry, EntryError, Event, EvidenceSeen, Failed, Grounds,
    HEADS, HeadAdopted, HeadPlaces, Issued, Known, KrlMade, LISTS, LedgerKeyAdded,
    LedgerKeyRevoked, LedgerKeyRolled, ListSigned, ListsDelegated, LoginBound, LoginSeen, Nonce,
    NotBound, OpenedDevice, OpenedDevices, Origin, PendingRefused, PendingTaken, PlaceAllowed,
    PolicySeen, Purpose, RECEIPTS, Recovery, RequestId, RequesterAdded, RequesterNamed,
    RequesterRemoved, Reserved, Resumed, Revoked, RootDistrusted, SecretsDerived, SecretsSet,
    Sequence, Served, Stage, StageReached, SuffixSet, SuffixesSet, TailCut, TrialResult, TriedFor,
};
pub use error::{BindError, EnrolError, LedgerError, LoginError, ReserveError};
pub use key_id::before_private_root;
pub use proof_text::{ProofText, ProvedEntry};
pub use replay::Signatures;
pub use rules::{
    Audit, Auditor, Brought, BundleRefused, EndOfTrust, Inclusion, IndexFault, KnownBundle,
    KnownCopy, Ledger, LedgerKeyState, Mirror, MirrorError, PendingRevocation, ProofError, Reached,
    Revocation, RevokedBy, RevokedSet, SuffixDifference, SuffixesError, TakenOver, TakenUp, Term,
    TrustEnded, recorded_form,
};
pub use rules::{Counts, KnownHashes, Places, people_changes};
pub use wanted::{OPERATOR, Policy, SerialChoice, Wanted};

use crate::certificate::{Serial, ToBeSigned};
use crate::policy::Decided;

/// A CA as its ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    /// The position of its entry, which names it in other entries.
    position: u64,
    added: CaAdded,
    public_key: KeyData,
    time: u64,
}

/// The right to one signature over one content. Only a ledger makes one.
#[derive(Debug)]
pub struct Reservation {
    position: u64,
    serial: Serial,
    decided: Decided,
    to_be_signed: ToBeSigned,
    /// The ledger looks whether it is still held: a run that let go of it has ended.
    held: Arc<()>,
}

/// What became of a reservation.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// It was signed, and the signature verified.
    Issued(&'a Reservation, &'a Signature),
    /// It was given up, for this reason.
    Failed(&'a Reservation, String),
}

/// A reservation and what became of it, read back from the ledger.
#[derive(Debug)]
pub struct Record {
    /// The name of its CA.
    pub ca: String,
    /// When it was reserved, in Unix seconds.
    pub time: u64,
    /// What was reserved.
    pub reserved: Reserved,
    /// What became of it.
    pub state: State,
}

/// What became of a reservation.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// Reserved, and nothing more: a run is at it, or ended before it came to it.
    Reserved,
    /// Issued: the whole certificate blob.
    Issued(Vec<u8>),
    /// Given up, for this reason.
    Failed(String),
}

impl Ca {
    /// The position of its entry, which other entries name it by.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its name in the config.
    pub fn name(&self) -> &str {
        &self.added.name
    }

    /// Its public key.
    pub fn public_key(&self) -> &KeyData {
        &self.public_key
    }

    /// All that was recorded when it was added.
    pub fn added(&self) -> &CaAdded {
        &self.added
    }

    /// When it was added, in Unix seconds.
    pub fn time(&self) -> u64 {
        self.time
    }
}

impl Outcome<'_> {
    /// The reservation that it is of.
    fn reservation(&self) -> &Reservation {
        match self {
            Self::Issued(reservation, _) | Self::Failed(reservation, _) => reservation,
        }
    }
}

impl Reservation {
    /// The serial that was taken.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// What was decided.
    pub fn decided(&self) -> &Decided {
        &self.decided
    }

    /// The exact content to sign.
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.to_be_signed
    }
}
