//! Why a ceremony stopped.

use std::io;
use std::path::PathBuf;

use super::key_fault::KeyFault;
use crate::batch::{BatchError, BooksError};
use crate::bundle::BundleSessionError;
use crate::ca::{
    EndCopyError, EstablishError, KnownCaError, OverwriteError, RolloverError, SharedDeviceError,
    WrappedKeyError,
};
use crate::ceremony::custody::CustodyError;
use crate::ceremony::emergency::EmergencyError;
use crate::ceremony::instant::Instant;
use crate::ceremony::medium::MediumError;
use crate::ceremony::plan::PlanFault;
use crate::ceremony::record::RecordError;
use crate::ceremony::test_certificate::TestCertificateError;
use crate::config::{ConfigError, EditError, PlaceError};
use crate::issue::{OpenError, OpenLedgerError, RunEnd, SelfTestError};
use crate::ledger::key::LedgerKeyError;
use crate::ledger::{LedgerError, ProofError};
use crate::output::OutputError;
use crate::revocation::KrlError;
use crate::secret::share::{CombineError, SplitError};
use crate::secret::{PinError, SecretKind};
use crate::signer::pkcs11::UriError;
use crate::signer::yubikey::setup::SetupError;
use crate::signer::yubikey::{CardFault, Firmware, NewSecretError};
use crate::signer::{
    GenerateError, KeyAlgorithm, LocatorError, OpeningError, PlaceError as PlaceOfKeyError,
    WrapError,
};
use crate::wire::number_of;

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
    /// A step is to be gone through once more, in the same run.
    #[error("the step begins anew: {0}")]
    Anew(String),
    /// Nobody answers any more.
    #[error("no answer")]
    Ask(#[source] io::Error),
    /// The clock was set while this run was under way.
    #[error(
        "the machine's clock was set by about {0} minutes since this run began, or the machine slept"
    )]
    ClockSet(u64),
    /// The folder of the ceremony is that of the CA's config.
    #[error("{} is the folder of the CA's config and ledger", .0.display())]
    FolderOfCa(PathBuf),
    /// A file that another step wrote before, with other bytes.
    #[error("{0} was written by a step before, with other bytes")]
    WrittenTwice(String),
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
    /// The device of the ledger key is none of the room.
    #[error("the plan, {0}")]
    LedgerKeyElsewhere(PlanFault),
    /// There is no config, and the plan is about a CA that is there.
    #[error("the config of the plan is not there, nor is its ledger")]
    NoConfig,
    /// The ledger does not go on from the head of the plan.
    #[error("the ledger is not the one of the plan")]
    OtherLedger(#[from] ProofError),
    /// A CA is not what the plan says.
    #[error(transparent)]
    KnownCa(#[from] KnownCaError),
    /// A key is not the one of plan and ledger.
    #[error(transparent)]
    KeyFault(#[from] KeyFault),
    /// The ledger tells of other copies than the plan.
    #[error("the copies of the plan are not those of the ledger: {0}")]
    OtherCopies(String),
    /// People would be locked out, and the plan doesn't say that they may be.
    #[error("CA `{ca}` has {valid} certificates that are valid, the last until {until}")]
    LocksOut {
        /// The CA.
        ca: String,
        /// How many.
        valid: u64,
        /// When the last of them ends.
        until: Instant,
    },
    /// The new CA can't take the place of the old one.
    #[error(transparent)]
    Rollover(#[from] RolloverError),
    /// A key did not sign its test.
    #[error(transparent)]
    Test(#[from] SelfTestError),
    /// A copy did not end.
    #[error(transparent)]
    EndCopy(#[from] EndCopyError),
    /// The file of a wrapped key did not go.
    #[error(transparent)]
    Overwrite(#[from] OverwriteError),
    /// The ledger key is none that the ledger knows and believes.
    #[error("the ledger key {0} is not one that the ledger believes")]
    UnknownLedgerKey(String),
    /// A medium is not as the plan has it.
    #[error(transparent)]
    Medium(#[from] MediumError),
    /// What would be signed is not what people read and said yes to.
    #[error(
        "item {item} of {file} would be signed otherwise than it was shown: nothing more of it is signed"
    )]
    NotAsShown {
        /// The bundle.
        file: String,
        /// The number of the item.
        item: u64,
    },
    /// A medium was changed during the ceremony.
    #[error("the medium is not what it was when it was put in")]
    MediumChanged,
    /// A bundle can't be signed.
    #[error(transparent)]
    Bundle(Box<BundleSessionError>),
    /// A bundle is not the one that was reviewed.
    #[error(
        "{0} is not the bundle of the plan: its id, its words or its number of items are others"
    )]
    OtherBundle(String),
    /// A bundle asks for what another CA signs.
    #[error("{file} asks for certificates of CA `{ca}`, which is none of the plan")]
    BundleOfOtherCa {
        /// The bundle.
        file: String,
        /// The CA.
        ca: String,
    },
    /// The CA's key can't be opened.
    #[error(transparent)]
    OpenCa(#[from] OpenError),
    /// Signing ended before all was signed.
    #[error(transparent)]
    EndedEarly(RunEnd),
    /// A certificate is not what was decided, or not what its test certificate says.
    #[error(transparent)]
    TestCertificate(#[from] TestCertificateError),
    /// The machine's OpenSSH doesn't read a certificate as it was signed.
    #[error("ssh-keygen -L")]
    OpenSsh(#[source] io::Error),
    /// A role of the plan is not there.
    #[error("the config has no role `{0}`")]
    NoRole(String),
    /// A certificate of the plan is not signed.
    #[error(transparent)]
    Emergency(Box<BatchError>),
    /// A certificate of the plan would say something else than the plan.
    #[error(transparent)]
    OtherEmergency(#[from] EmergencyError),
    /// Whose key is whose can't be read.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The old key would be shut out before anybody gets in by the new one.
    #[error(
        "the ledger doesn't have that servers trust a new CA, so that the key of CA `{0}` is not revoked"
    )]
    NotTrusted(String),
    /// Not all was signed.
    #[error("{} not signed", number_of(*.0, "item"))]
    NotSigned(u64),
    /// A device of the plan is not there.
    #[error("device `{name}` is not there: {words}")]
    NoDevice {
        /// What the plan calls it.
        name: String,
        /// What it is.
        words: String,
    },
    /// A device is there that the plan doesn't have.
    #[error("a device is there that the plan doesn't have: {0}")]
    ExtraDevice(String),
    /// A card has another firmware.
    #[error("device `{name}` has firmware {found}, and not {wanted} as the plan says")]
    OtherFirmware {
        /// What the plan calls it.
        name: String,
        /// The plan's.
        wanted: Firmware,
        /// The card's.
        found: Firmware,
    },
    /// A card has a secret of the factory's, and the plan says that all are set.
    #[error("device `{0}` is not set up, as the plan says it is: it has a secret of the factory's")]
    NotSetUp(String),
    /// A card has secrets of somebody's, and the plan has them made.
    #[error("{0} is not as the factory left it, and its secrets were not set in this ceremony")]
    NotOfFactory(String),
    /// The cards can't be listed.
    #[error("the cards")]
    Cards(#[source] CardFault),
    /// Shares were not made.
    #[error("the secret can't be split")]
    Split(#[from] SplitError),
    /// Shares open nothing.
    #[error("the shares")]
    Combine(#[from] CombineError),
    /// There are too few shares.
    #[error("too few shares: {0}")]
    FewShares(String),
    /// A device is not opened by this secret, or was left half way.
    #[error("the ledger doesn't say that these shares open device `{0}`")]
    NotOpenedBy(String),
    /// A device is named as none.
    #[error(transparent)]
    SharedDevice(#[from] SharedDeviceError),
    /// A device did not open when the devices were looked at.
    #[error("device `{name}` did not open: {why}")]
    DidNotOpen {
        /// What the plan calls it.
        name: String,
        /// Why.
        why: String,
    },
    /// Shares open another secret than was given out in this ceremony.
    #[error("the shares open another secret than that of this ceremony")]
    OtherSecret,
    /// There are too few components.
    #[error("too few components: {0}")]
    FewComponents(String),
    /// A token that should be a spare has a key that the ledger knows.
    #[error("device `{0}` is no spare: ledger or config know a key in it")]
    NoSpare(String),
    /// The ledger doesn't have a wrapped key, or calls it destroyed or missing.
    #[error("{0} is no wrapped key that the ledger has as there")]
    NotWrapped(String),
    /// A wrapped key is none of the CA's.
    #[error("{0} is the wrapped key of another CA")]
    OtherWrapped(PathBuf),
    /// Components are another wrapping key than was given out in this ceremony, or than the ledger knows.
    #[error("the components are another wrapping key than they should be")]
    OtherWrappingKey,
    /// A token doesn't wrap such a key, or doesn't take it back.
    #[error(
        "device `{device}` doesn't wrap a key for {algorithm} and take it back, so that none is made"
    )]
    WrapsNot {
        /// What the plan calls it.
        device: String,
        /// The type of the key.
        algorithm: KeyAlgorithm,
        /// What it answered.
        source: WrapError,
    },
    /// A file is on the medium already.
    #[error("{} is on the medium already, or is no file", .0.display())]
    OnMedium(PathBuf),
    /// A file is no wrapped key.
    #[error("{}", path.display())]
    Wrapped {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WrappedKeyError,
    },
    /// A secret was not given.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// What a token came with doesn't open it.
    #[error("the old {kind} that was typed doesn't open device `{device}`; it was tried once")]
    OldSecret {
        /// What the plan calls it.
        device: String,
        /// Which of its secrets.
        kind: SecretKind,
        /// What the token said.
        source: OpeningError,
    },
    /// A secret that no card takes.
    #[error("the secret that was typed")]
    NewSecret(#[from] NewSecretError),
    /// A card was not set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A key can't be put there.
    #[error(transparent)]
    KeyPlace(#[from] PlaceOfKeyError),
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
    /// The files for servers and clients can't be made.
    #[error(transparent)]
    PublicFiles(#[from] crate::ceremony::public_files::PublicFilesError),
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
    /// The devices that shares open.
    #[error(transparent)]
    Custody(Box<CustodyError>),
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

impl From<CustodyError> for ConductError {
    fn from(error: CustodyError) -> Self {
        Self::Custody(Box::new(error))
    }
}

impl From<BundleSessionError> for ConductError {
    fn from(error: BundleSessionError) -> Self {
        Self::Bundle(Box::new(error))
    }
}
