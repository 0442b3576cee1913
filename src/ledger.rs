//! Which serials were taken, for what exactly, and what became of it.
//!
//! Stands between policy and the key: a [`Reservation`] can be made by a ledger
//! alone, from a [`Decided`] that policy alone can make, and nothing is signed
//! without one. What was reserved is durable before the key is used; there is no undo.

mod account;
pub mod checkpoint;
mod clock;
mod disk;
mod entry;
pub mod file;
pub mod heads;
mod index;
pub mod key;
mod lock;
mod memory;
pub mod merkle;
pub mod migrate;
pub mod note;
mod old_head;
pub mod replay;
pub mod rows;
pub mod rules;
pub mod settings;
mod sqlite;
mod sqlite_rows;
pub mod store;
#[cfg(test)]
mod tests;
mod wanted;

use std::path::PathBuf;

use ssh_key::Signature;
use ssh_key::public::KeyData;

pub use clock::{ClockError, check_clock};
pub use entry::{
    Barred, Bound, CaAdded, CardId, ChallengeMade, CheckpointSigned, ClockCorrected, Credential,
    Entry, EntryError, Event, EvidenceSeen, Failed, Grounds, HEADS, HeadAdopted, HeadPlaces,
    Issued, Known, KrlMade, LISTS, LedgerKeyAdded, LedgerKeyRevoked, LedgerKeyRolled, ListSigned,
    Nonce, Origin, PlaceAllowed, PolicySeen, Purpose, RECEIPTS, Recovery, RequestId,
    RequesterAdded, RequesterRemoved, Reserved, Resumed, Revoked, RootDistrusted, Sequence,
    SuffixSet, SuffixesSet, TailCut,
};
pub use replay::Signatures;
pub use sqlite::{Audit, AuditError, EnrolError, Fault, Inclusion, ProofError, SqliteLedger, Term};
pub use wanted::{OPERATOR, Policy, SerialChoice, Wanted};

use checkpoint::Checkpoint;

use crate::certificate::{EncodeError, Kind, Serial, ToBeSigned};
use crate::policy::Decided;
use crate::wire::hex;

/// A store of entries that are only ever appended.
///
/// One conformance suite runs over every implementation.
pub trait Ledger: Send {
    /// The CAs that were added, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn cas(&self) -> Result<Vec<Ca>, LedgerError>;

    /// Records a key as CA.
    ///
    /// # Errors
    /// [`LedgerError::CaKnown`] if the ledger has this key or this name already.
    fn add_ca(&mut self, ca: CaAdded, time: u64) -> Result<Ca, LedgerError>;

    /// In one durable step, records what became of reservations, and then takes a serial for
    /// each item of `wanted`. When this returns, the outcomes and the to-be-signed content of
    /// every reservation are on disk: what was issued may be released, and what was reserved
    /// may be signed.
    ///
    /// One result an item, in order: an item whose explicit serial was ever taken is
    /// refused alone. Each item knows its CA, which must be one of this ledger.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded or reserved: release nothing.
    fn commit(
        &mut self,
        outcomes: &[Outcome<'_>],
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError>;

    /// Takes a serial for each item, as [`Self::commit`] does.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was reserved.
    fn reserve(
        &mut self,
        wanted: Vec<Wanted>,
        time: u64,
    ) -> Result<Vec<Result<Reservation, ReserveError>>, LedgerError> {
        self.commit(&[], wanted, time)
    }

    /// Records what became of reservations, as [`Self::commit`] does.
    ///
    /// # Errors
    /// [`LedgerError`], and then nothing was recorded: release nothing.
    fn record(&mut self, outcomes: &[Outcome<'_>], time: u64) -> Result<(), LedgerError> {
        self.commit(outcomes, Vec::new(), time).map(drop)
    }

    /// Whether [`Self::reserve`] would take this now, on a read: so that nobody is asked for a
    /// PIN in vain. It is checked again when it is reserved.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn check(&self, wanted: &Wanted, time: u64) -> Result<Result<(), ReserveError>, LedgerError>;

    /// Whether its key, card and requester are served at all: neither revoked nor barred, and
    /// the key nobody else's.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn may_be_certified(&self, wanted: &Wanted) -> Result<Result<(), ReserveError>, LedgerError>;

    /// Whether the certificate with this serial or key ID, of the CA with this key, was revoked
    /// by one of them.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn is_revoked(&self, ca: &KeyData, serial: u64, key_id: &[u8]) -> Result<bool, LedgerError>;

    /// The newest certificate that was issued for this very request, by its CA.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn issued_for(&self, wanted: &Wanted) -> Result<Option<Record>, LedgerError>;

    /// The record of one serial.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn record_of(&self, ca: &Ca, serial: Serial) -> Result<Option<Record>, LedgerError>;

    /// Calls `each` with every record in the order of reservation.
    ///
    /// # Errors
    /// [`LedgerError`], also that of the first entry that cannot be read.
    fn each_record(&self, each: &mut dyn FnMut(Record)) -> Result<(), LedgerError>;

    /// Its head, as it can be signed and kept; none of an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError>;

    /// Whose key or card this is: the name that it was enrolled under, if it was.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn requester_of(&self, credential: &Credential) -> Result<Option<String>, LedgerError>;

    /// The time of the last entry, in Unix seconds; none in an empty ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    fn last_time(&self) -> Result<Option<u64>, LedgerError>;
}

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

/// Why one item got no reservation. Nothing was taken for it.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// The CA that it was decided for is none of this ledger.
    #[error("the ledger knows no CA with key {0}")]
    UnknownCa(String),
    /// The CA was recorded for the other kind of certificate.
    #[error("CA `{ca}` was recorded for {purpose} certificates, and signs no {kind} certificate")]
    OtherPurpose {
        /// The CA.
        ca: String,
        /// What it was recorded for.
        purpose: Purpose,
        /// What was decided.
        kind: Kind,
    },
    /// The serial was reserved before, whatever became of it.
    #[error("serial {0} was taken before")]
    SerialTaken(Serial),
    /// The key was revoked, and is never certified again.
    #[error("key {0} was revoked")]
    KeyRevoked(String),
    /// The CA's own key was revoked: it signs nothing any more.
    #[error("the key of CA `{0}` was revoked, and signs no more")]
    CaRevoked(String),
    /// The key is that of a CA.
    #[error("the key is that of CA `{0}`; a CA's key is never certified")]
    CaKey(String),
    /// A principal ends in a suffix that it did not get by proof.
    #[error("principal `{principal}` ends in `{suffix}`, which the CA gives by proof alone")]
    Suffix {
        /// The principal.
        principal: String,
        /// The suffix that is recorded for the CA.
        suffix: String,
    },
    /// The key signed heads of this ledger; it is no user's and no host's.
    #[error("key {0} is the ledger's own; a ledger key is never certified")]
    LedgerKey(String),
    /// The key is somebody else's: it was enrolled for, or certified to, another requester.
    #[error("key {fingerprint} is that of requester `{owner}`, not of `{requester}`")]
    KeyOfAnother {
        /// The key.
        fingerprint: String,
        /// Whose it is.
        owner: String,
        /// Who asked.
        requester: String,
    },
    /// The card was barred.
    #[error("card {0} was barred")]
    CardBarred(u64),
    /// The requester was barred.
    #[error("requester `{0}` was barred")]
    RequesterBarred(String),
    /// The request was used before, and that was not given up.
    #[error("request {} was used before", hex(.0))]
    RequestUsed(RequestId),
    /// The request was made before the ledger lost entries and went on: it may have been
    /// used in the lost part.
    #[error(
        "request {} was made before {from}, when the ledger went on behind a gap",
        hex(id)
    )]
    RequestTooOld {
        /// The request.
        id: RequestId,
        /// The first second whose requests are taken, in Unix seconds.
        from: u64,
    },
    /// The challenge is none of this ledger.
    #[error("challenge {} was never made here", hex(.0))]
    ChallengeUnknown(Nonce),
    /// The challenge was answered too late.
    #[error("challenge {} expired {late} s ago", hex(nonce))]
    ChallengeExpired {
        /// The challenge.
        nonce: Nonce,
        /// How long ago.
        late: u64,
    },
    /// The challenge was answered before, and that was not given up.
    #[error("challenge {} was answered before", hex(.0))]
    ChallengeUsed(Nonce),
    /// What was proved is of another key than the one to be certified.
    #[error("the proof is of another key than {0}")]
    ProofOfAnotherKey(String),
    /// The sequence reached the last serial there is.
    #[error("no serial is left after {max}", max = u64::MAX)]
    NoSerialLeft,
    /// The content cannot be encoded as a certificate.
    #[error("the certificate cannot be built")]
    Encode(#[from] EncodeError),
}

/// Why the ledger could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// No file is there.
    #[error("ledger {} is missing", .0.display())]
    Missing(PathBuf),
    /// A new ledger was to be made where a file is.
    #[error("ledger {} exists already", .0.display())]
    Exists(PathBuf),
    /// The file is no ledger of ours.
    #[error("{} is not a ledger", .0.display())]
    NotALedger(PathBuf),
    /// A later version wrote it.
    #[error("ledger {} has format {found}, this version knows up to {known}", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// An earlier version wrote it, and it is opened to read only.
    #[error("ledger {} has format {found}, which this version only reads after it wrote to it", path.display())]
    OlderFormat {
        /// The file.
        path: PathBuf,
        /// Its format number.
        found: i64,
    },
    /// Another run writes to it.
    #[error("ledger {} is in use by another run{}", path.display(), by(*holder))]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that said it holds the lock.
        holder: Option<u32>,
    },
    /// The file or its lock cannot be used.
    #[error("ledger file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key or the name is a CA already.
    #[error("the ledger knows CA `{name}` already, with key {fingerprint}")]
    CaKnown {
        /// Its name.
        name: String,
        /// Its key.
        fingerprint: String,
    },
    /// An entry cannot be read: the file was damaged or tampered with.
    #[error("ledger entry {position} is damaged")]
    Damaged {
        /// Its position, from 1.
        position: u64,
        /// What is wrong with it.
        #[source]
        source: Option<EntryError>,
    },
    /// Entries and the head of the ledger disagree: another hand changed the file.
    #[error("the ledger's newest entries do not agree with its head")]
    Head,
    /// An entry of a later version: what it means for what comes behind it is not known.
    #[error("ledger entry {position} is of kind {kind}, which this version does not know")]
    UnknownKind {
        /// Its position, from 1.
        position: u64,
        /// Its kind.
        kind: u8,
    },
    /// The clock cannot be believed.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The key that was to become a CA is the ledger's own.
    #[error("the key is the ledger's own, and becomes no CA")]
    IsLedgerKey,
    /// The key that was to become the ledger's own is a CA's, or was certified.
    #[error("the key is a CA's or was certified, and becomes no ledger key")]
    SubjectOrCa,
    /// A ledger key was to be rolled over or revoked that is none.
    #[error("the key is none of the ledger's own")]
    NoLedgerKey,
    /// A rollover of the ledger key that one of the two keys did not sign.
    #[error("the rollover is not signed by both the old and the new ledger key")]
    Rollover,
    /// Something became of the reservation before, or it is none.
    #[error("entry {reserved} is no reservation that is still open")]
    OutcomeKnown {
        /// The position of the reservation.
        reserved: u64,
    },
    /// A KRL with a version that does not grow.
    #[error("KRL version {version} is not above {newest}, that of the newest")]
    KrlVersion {
        /// Its version.
        version: u64,
        /// The newest that was made.
        newest: u64,
    },
    /// A challenge that was made before.
    #[error("the challenge was made before")]
    ChallengeKnown,
    /// A head that is none of this ledger.
    #[error("a head over {size} entries is none of this ledger's")]
    OtherHead {
        /// How many entries it covers.
        size: u64,
    },
    /// The file was not opened.
    #[error(transparent)]
    Open(#[from] file::OpenError),
    /// The heads that are kept outside do not say that this is the newest copy.
    #[error(transparent)]
    Unkept(heads::HeadsError),
    /// The frames or the rows: disk full, input/output error, damaged file.
    #[error(transparent)]
    Frames(#[from] store::StoreError),
    /// An entry could not be made.
    #[error("entry cannot be written")]
    Entry(#[from] EntryError),
    /// A public key cannot be encoded.
    #[error("public key")]
    Key(#[from] ssh_key::Error),
    /// What was proved of a key cannot be written down.
    #[error("facts of a proof: {0}")]
    Facts(#[from] serde_json::Error),
    /// The system has no randomness to give.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// The store itself: disk full, input/output error, damaged file.
    #[error("ledger storage")]
    Store(#[from] rusqlite::Error),
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

#[cfg(test)]
impl Ca {
    /// What a ledger would know, for tests that have none.
    pub(crate) fn for_tests(added: CaAdded, time: u64) -> Self {
        let key = ssh_key::PublicKey::from_bytes(&added.public_key).unwrap();
        Self {
            position: 1,
            public_key: key.key_data().clone(),
            added,
            time,
        }
    }
}

#[cfg(test)]
impl Reservation {
    /// What a ledger would make, for tests of what comes after it.
    pub(crate) fn for_tests(position: u64, serial: Serial, wanted: Wanted) -> Self {
        let (body, ca) = (wanted.decided.body(), wanted.decided.ca());
        Self {
            position,
            serial,
            to_be_signed: body.to_be_signed(serial, &[0; 32], ca).unwrap(),
            decided: wanted.decided,
        }
    }

    /// Its place in the ledger.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }
}

fn by(holder: Option<u32>) -> String {
    holder.map_or(String::new(), |pid| format!(" (process {pid})"))
}
