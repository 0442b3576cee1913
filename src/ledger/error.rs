//! Why one item got no reservation, and why a ledger could not do its work.

use super::entry::{EntryError, Nonce, Purpose, RequestId};
use super::wanted::OPERATOR;
use super::{ClockError, file, heads, store};
use crate::certificate::{EncodeError, Kind, Serial, SubjectError};
use crate::wire::hex;

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
    /// The serial was revoked before anything was signed under it.
    #[error("serial {0} was revoked")]
    SerialRevoked(Serial),
    /// The key ID was revoked: no server takes any certificate that has it.
    #[error("key ID \"{0}\" was revoked, and no server would take a certificate that has it")]
    KeyIdRevoked(String),
    /// The key was revoked, and is never certified again.
    #[error("key {0} was revoked")]
    KeyRevoked(String),
    /// The CA's own key was revoked: it signs nothing any more.
    #[error("the key of CA `{0}` was revoked, and signs no more")]
    CaRevoked(String),
    /// The CA was retired: it signs nothing any more.
    #[error("CA `{0}` was retired, and signs no more")]
    CaRetired(String),
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
    /// Only a registrar says whose the key is, and that doesn't count.
    #[error("no registrar's word counts for `{requester}` by role `{role}` now")]
    Word {
        /// Who is said to ask.
        requester: String,
        /// The role that is asked for.
        role: String,
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
    /// The key or card that should become the requester's with it does not.
    #[error("the key or card cannot be enrolled")]
    Enrol(#[source] EnrolError),
    /// The login that a server goes by does not count.
    #[error("the login does not count")]
    Login(#[source] LoginError),
    /// The content cannot be encoded as a certificate.
    #[error("the certificate cannot be built")]
    Encode(#[from] EncodeError),
}

impl ReserveError {
    /// Whether a rule said no, rather than something having gone wrong.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::UnknownCa(_)
                | Self::NoSerialLeft
                | Self::Encode(_)
                | Self::Enrol(EnrolError::Ledger(_))
        )
    }
}

/// Why a login to a server does not count, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Nothing says by which login somebody asks, or another entry than a login does.
    #[error("no entry of the ledger is a login of `{0}`")]
    None(String),
    /// The key that logged in is not, or no longer, that of the requester.
    #[error("the key that logged in is not that of requester `{0}`")]
    NotEnrolled(String),
    /// The requester was barred, or the key was revoked.
    #[error("{0} was barred or revoked")]
    Barred(&'static str),
    /// The session is over.
    #[error("the session is over")]
    Over,
    /// By login alone nothing is proved of a key, whatever its evidence says.
    #[error(
        "neither the key nor its card is enrolled for `{0}`, so that a login proves nothing of it"
    )]
    Unproved(String),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why somebody whom an identity provider knows was not bound to a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// They have a name already.
    #[error("whom the provider means is bound to the name `{0}` already")]
    Bound(String),
    /// The provider means somebody else by the name.
    #[error("the name `{0}` is bound to somebody else of the same provider")]
    Taken(String),
    /// Names that differ in case only are one.
    #[error("the name `{0}`, which differs in case only, is somebody's")]
    OtherCase(String),
    /// The requester was barred.
    #[error("the requester was barred")]
    Barred,
    /// Nobody can have that name, or the provider can mean nobody by that.
    #[error("{0} is none that somebody can be bound by")]
    Unfit(&'static str),
    /// It can't be ended.
    #[error("the name `{0}` is not bound to whom the provider means")]
    NotBound(String),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why a key or a card was not enrolled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// It is somebody's already.
    #[error("it is enrolled for requester `{0}` already")]
    Enrolled(String),
    /// It was certified to somebody else.
    #[error("the key was certified to requester `{0}`")]
    CertifiedTo(String),
    /// It, or the requester, was barred or revoked.
    #[error("{0} was barred or revoked")]
    Barred(&'static str),
    /// The name of the direct form is nobody's.
    #[error("`{OPERATOR}` is nobody's name: it stands for whoever holds token and PIN")]
    Operator,
    /// Nobody asks by this role with another's word.
    #[error("nobody can be a registrar for role `{0}`")]
    RegistrarOf(String),
    /// The key is a CA's or the ledger's own.
    #[error("the key is the ledger's own or a CA's, and nobody's")]
    OwnKey,
    /// Anybody could sign as its holder, or OpenSSH takes no such key.
    #[error("the key can be nobody's")]
    Unfit(#[from] SubjectError),
    /// The blob is no key.
    #[error("public key")]
    Key(#[from] ssh_key::Error),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why the ledger could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
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
    /// The key that was to become a CA has a certificate of this ledger.
    #[error("the key was certified as a subject's, and becomes no CA")]
    SubjectBecomesCa,
    /// The key that was to become a CA was revoked.
    #[error("the key was revoked, and becomes no CA")]
    RevokedBecomesCa,
    /// The key that was to become a CA is a requester's.
    #[error("the key is enrolled for requester `{0}`, and becomes no CA")]
    EnrolledBecomesCa(String),
    /// The key that was to become the ledger's own is a CA's, or was certified.
    #[error("the key is a CA's or was certified, and becomes no ledger key")]
    SubjectOrCa,
    /// The key that was to become a CA or the ledger's own is fit for nobody.
    #[error("the key cannot be used")]
    Unfit(#[from] SubjectError),
    /// A ledger key was to sign what it was not recorded for.
    #[error("ledger key {0} is not recorded for what it is to sign")]
    LedgerKeyPurpose(String),
    /// A clock was to be corrected that stands right, or another time than the last entry's.
    #[error("the clock does not stand before the last entry of the ledger")]
    NothingToCorrect,
    /// A ledger key was to be rolled over or revoked that is none.
    #[error("the key is none of the ledger's own")]
    NoLedgerKey,
    /// A ledger key was to sign that another took over from, or that was revoked.
    #[error("ledger key {0} rolled over or was revoked, and signs no more")]
    LedgerKeyEnded(String),
    /// A rollover of the ledger key that one of the two keys did not sign.
    #[error("the rollover is not signed by both the old and the new ledger key")]
    Rollover,
    /// A delegation of the signing of lists that can't be the next one.
    #[error("lists can't be delegated so: {0}")]
    Delegation(&'static str),
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
    /// A ceremony was recorded before.
    #[error("the ceremony with this transcript is in the ledger already")]
    CeremonyKnown,
    /// What can't have become of a copy of a CA's key.
    #[error("copy {device}: {why}")]
    Copy {
        /// Where it is.
        device: String,
        /// Why that can't be.
        why: &'static str,
    },
    /// What can't be true of the secrets of a device.
    #[error("secrets of {device}: {why}")]
    Secrets {
        /// The device.
        device: String,
        /// Why that can't be.
        why: &'static str,
    },
    /// A CA can't have taken the place of another so far.
    #[error("the rollover can't go on: {0}")]
    Stage(&'static str),
    /// A head that is none of this ledger.
    #[error("a head over {size} entries is none of this ledger's")]
    OtherHead {
        /// How many entries it covers.
        size: u64,
    },
    /// It is a mirror, which takes no entry of its own.
    #[error("a mirror of a ledger takes no entry but those of its ledger")]
    Mirror,
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
}
