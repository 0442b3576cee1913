//! A command that did not do what it was told, and the exit code that says so.

use std::error::Error;
use std::path::Path;

use crate::attestation::{EvidenceError, EvidenceFormError, RootsError};
use crate::ca::EstablishError;
use crate::certificate::key_line::KeyLineError;
use crate::certificate::{KeyIdError, OptionError, PrincipalError, SerialError, ValidityError};
use crate::config::{CaNameError, ConfigError, PlaceError, SubjectFileError};
use crate::issue::{OpenError, RunEnd};
use crate::ledger::checkpoint::CheckpointError;
use crate::ledger::key::LedgerKeyError;
use crate::ledger::note::NoteError;
use crate::ledger::{AuditError, ClockError, LedgerError, ProofError};
use crate::output::OutputError;
use crate::request::ReasonError;
use crate::revocation::{KrlError, RevokeError};
use crate::server::fetch::FetchError;
use crate::server::source::{HttpsError, UrlError};
use crate::signer::yubikey::NewSecretError;
use crate::signer::{LocatorError, SignerError};

/// How a run of the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All was done.
    Done,
    /// Something was not.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// Policy said no.
    Refused,
    /// What guards this machine is too old, missing or not believed; to monitoring alone.
    Critical,
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Declined(&'static str),
    #[error(transparent)]
    Principal(#[from] PrincipalError),
    #[error(transparent)]
    KeyId(#[from] KeyIdError),
    #[error(transparent)]
    Validity(#[from] ValidityError),
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error("--reason")]
    Reason(#[from] ReasonError),
    #[error("serial {text:?}")]
    Serial { text: String, source: SerialError },
    #[error(transparent)]
    CaName(#[from] CaNameError),
    #[error(transparent)]
    Locator(#[from] LocatorError),
    #[error("no CA of config {config} has the key {locator}")]
    UnknownLocator { config: String, locator: String },
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the ledger has no CA `{0}`")]
    NotInLedger(String),
    #[error("{file} is not the public key that the ledger has for CA `{ca}`")]
    OtherPublicKey { ca: String, file: String },
    #[error("CA `{ca}` is a {config} CA in the config, and a {ledger} CA in the ledger")]
    OtherPurpose {
        ca: String,
        config: String,
        ledger: String,
    },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Clock(#[from] ClockError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error("{step}")]
    SetupStep { step: String, source: SignerError },
    #[error("roots of attestation in {path}")]
    Roots { path: String, source: RootsError },
    #[error("the new {what}")]
    NewSecret {
        what: &'static str,
        source: NewSecretError,
    },
    #[error("the new {0} was not the same the second time")]
    TypedOther(&'static str),
    #[error(transparent)]
    Establish(#[from] EstablishError),
    #[error("{path}")]
    Subject {
        path: String,
        source: SubjectFileError,
    },
    #[error("standard input")]
    Stdin(#[source] SubjectFileError),
    #[error("the key cannot be certified")]
    Uncertifiable(#[source] crate::certificate::SubjectError),
    #[error(transparent)]
    SignRequest(#[from] crate::request::SignRequestError),
    #[error("the request does not prove that its maker holds the key")]
    Possession(#[from] crate::request::PossessionError),
    #[error(transparent)]
    Intake(#[from] crate::issue::IntakeError),
    #[error(transparent)]
    Target(#[from] crate::request::TargetError),
    #[error("{0} is there already; the new key's public half would go there")]
    PublicKeyThere(String),
    #[error("{0} holds no challenge of 64 hexadecimal digits")]
    NoChallenge(String),
    #[error(transparent)]
    CardEvidence(#[from] crate::attestation::CardEvidenceError),
    #[error(transparent)]
    Slot(#[from] crate::signer::yubikey::SlotError),
    #[error("{card} holds the key of CA `{ca}`; a user's key belongs on a card of their own")]
    CardOfCa { card: String, ca: String },
    #[error("{0} YubiKeys without a CA's key are plugged in, and one is wanted")]
    WhichCard(usize),
    #[error(transparent)]
    Cards(#[from] crate::signer::yubikey::CardFault),
    #[error("the card is that of requester `{0}`")]
    CardOfAnother(String),
    #[error(transparent)]
    Enrol(#[from] crate::ledger::EnrolError),
    #[error("{what} is not enrolled for requester `{name}`")]
    NotEnrolled { what: String, name: String },
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
    #[error("the request cannot be encoded")]
    Encode(#[source] ssh_encoding::Error),
    #[error("the public key cannot be written as a line")]
    PublicKeyLine(#[source] ssh_key::Error),
    #[error("{path}")]
    File {
        path: String,
        source: std::io::Error,
    },
    #[error("{path}")]
    KeyFile {
        path: String,
        source: ssh_key::Error,
    },
    #[error("{path} is no private key in OpenSSH's form")]
    NoPrivateKey { path: String },
    #[error("{path}: wrong passphrase")]
    WrongPassphrase { path: String },
    #[error(transparent)]
    Pin(#[from] crate::secret::PinError),
    #[error(transparent)]
    Passphrase(crate::secret::PinError),
    #[error(transparent)]
    Krl(#[from] super::krl::KrlFailure),
    #[error("serial {serial} of CA `{ca}` was given without evidence")]
    NoEvidence { ca: String, serial: u64 },
    #[error("CA `{ca}` has no certificate {serial} in its ledger")]
    NoSuchSerial { ca: String, serial: u64 },
    #[error(transparent)]
    Run(#[from] RunEnd),
    #[error("the answer could not be read")]
    Answer(#[source] std::io::Error),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Extends(#[from] ProofError),
    #[error("this ledger is not the newest one")]
    OlderLedger(#[source] ProofError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Https(#[from] HttpsError),
    #[error(transparent)]
    LedgerKey(#[from] LedgerKeyError),
    #[error("neither HOME nor XDG_STATE_HOME is set")]
    NoStateFolder,
    #[error("no ledger key is named")]
    NoLedgerKey,
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    #[error(transparent)]
    KrlOfLedger(#[from] KrlError),
    #[error("{path}")]
    Line { path: String, source: KeyLineError },
    #[error("{path}")]
    Evidence {
        path: String,
        source: EvidenceFormError,
    },
    #[error("{path} proves nothing")]
    Unproved { path: String, source: EvidenceError },
    #[error("the proof {0}")]
    Proof(&'static str),
    #[error("the ledger has no entry yet")]
    EmptyLedger,
    #[error("{path} is {algorithm}; a ledger key in a file is ssh-ed25519")]
    LedgerKeyType { path: String, algorithm: String },
    #[error("cannot write")]
    Write(#[source] OutputError),
    #[error("the output could not be written")]
    Output(#[source] std::io::Error),
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage | Self::Critical => 2,
            Self::Refused => 3,
        }
    }
}

impl Failure {
    pub(crate) fn subject_file(path: &Path, source: SubjectFileError) -> Self {
        Self::Subject {
            path: super::terminal::path(path),
            source,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Principal(_)
            | Self::KeyId(_)
            | Self::Validity(_)
            | Self::Option(_)
            | Self::Reason(_)
            | Self::Serial { .. }
            | Self::CaName(_)
            | Self::Locator(_)
            | Self::Url(_) => Exit::Usage,
            _ => Exit::Failed,
        }
    }
}

/// An error and its sources in one line. A source that only repeats is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        let last = words.rsplit(": ").next().unwrap_or_default();
        if !words.ends_with(&next) && !next.ends_with(last) {
            words.push_str(": ");
            words.push_str(&next);
        }
        source = error.source();
    }
    words
}

/// The exit code of a run over several keys, or over one.
pub(crate) fn exit_of_keys(failures: &[bool], keys: u64) -> Exit {
    match failures {
        [] => Exit::Done,
        [true] if keys == 1 => Exit::Refused,
        _ => Exit::Failed,
    }
}
