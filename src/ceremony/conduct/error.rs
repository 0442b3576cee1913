//! Why a ceremony stopped.

use std::io;
use std::path::PathBuf;

use crate::ca::EstablishError;
use crate::ceremony::instant::Instant;
use crate::ceremony::record::RecordError;
use crate::config::{ConfigError, EditError, PlaceError};
use crate::issue::OpenLedgerError;
use crate::ledger::LedgerError;
use crate::ledger::key::LedgerKeyError;
use crate::output::OutputError;
use crate::revocation::KrlError;
use crate::signer::pkcs11::UriError;
use crate::signer::{GenerateError, LocatorError, OpeningError};

/// Why a ceremony stopped. What was done by then is in the transcript.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConductError {
    /// It is not the time for it.
    #[error("the plan's window is {from} to {until}, and the machine's clock says {now}")]
    Window {
        /// When the window begins.
        from: Instant,
        /// When it has ended.
        until: Instant,
        /// What the clock says.
        now: Instant,
    },
    /// The folder has the transcript of another plan.
    #[error("{} has the transcript of another plan", .0.display())]
    OtherPlan(PathBuf),
    /// The ledger has another ceremony before this one.
    #[error("the plan's `last` is not the last ceremony of the ledger")]
    Last,
    /// The plan wants a rehearsal, and none was given.
    #[error("the plan requires a rehearsal, and none was given")]
    NotRehearsed,
    /// The words are those of another rehearsal.
    #[error("the words are not those of the rehearsal that was given")]
    OtherRehearsal,
    /// Nobody answers any more.
    #[error("no answer")]
    Ask(#[source] io::Error),
    /// Two clocks say different times.
    #[error("the clocks are more than five minutes apart: {0}")]
    Clocks(String),
    /// A file is not the one that was reviewed.
    #[error("{path} has the SHA-256 {found}, and not that of the plan")]
    OtherFile {
        /// The file.
        path: String,
        /// What it has.
        found: String,
    },
    /// A device of the plan is not there.
    #[error("device `{name}` is not there: token {token:?} with serial {serial}")]
    NoDevice {
        /// What the plan calls it.
        name: String,
        /// Its label.
        token: String,
        /// Its serial.
        serial: String,
    },
    /// A device is there that the plan doesn't have.
    #[error("a device is there that the plan doesn't have: token {token:?} with serial {serial}")]
    ExtraDevice {
        /// Its label.
        token: String,
        /// Its serial.
        serial: String,
    },
    /// A CA of this name is there, whose key was made elsewhere.
    #[error("CA `{0}` is there already, and its key is not the one of this ceremony")]
    OtherCa(String),
    /// The config has another ledger key.
    #[error("the config names another ledger key than the one of this ceremony")]
    OtherLedgerKey,
    /// What a step before should have made is not there.
    #[error("{0} is not there, which an earlier step made")]
    Gone(&'static str),
    /// A file can't be read.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There is no randomness.
    #[error("no randomness")]
    Random(#[source] getrandom::Error),
    /// A key can't be encoded.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
    /// The list can't be made.
    #[error("the list of revoked keys")]
    List(#[source] crate::krl::WriteError),
    /// The transcript.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The config's place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The config can't be changed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A token's name makes no URI.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// A key's name makes no locator.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// A token or key can't be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The token makes no ledger key.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A key became no CA.
    #[error(transparent)]
    Establish(#[from] EstablishError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger was not opened.
    #[error(transparent)]
    OpenLedger(#[from] OpenLedgerError),
    /// The ledger key.
    #[error(transparent)]
    LedgerKey(#[from] LedgerKeyError),
    /// What was revoked.
    #[error(transparent)]
    Krl(#[from] KrlError),
    /// A file was not written.
    #[error(transparent)]
    Output(#[from] OutputError),
}
