//! Why a key did not become a CA.

use std::path::PathBuf;

use super::wrapped_key::WrappedKeyError;
use crate::attestation::EvidenceFormError;
use crate::certificate::SubjectError;
use crate::config::{CaName, ConfigError, EditError};
use crate::issue::{OpenLedgerError, SelfTestError};
use crate::ledger::{LedgerError, SuffixesError};
use crate::output::OutputError;
use crate::signer::{
    BindError, GenerateError, ImportError, KeyAlgorithm, LocatorError, OpeningError, WrapError,
};

/// Why there is no new CA. A key that was made stays in the token, for `adopt`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EstablishError {
    /// The config cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The CA cannot be written into the config.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The ledger cannot be opened, or the clock not be believed.
    #[error(transparent)]
    Open(#[from] OpenLedgerError),
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The suffixes of the config can't be recorded for it.
    #[error(transparent)]
    Suffixes(#[from] SuffixesError),
    /// The device did not give the key.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The device did not make a key.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The key was not brought into the device.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The key has no copy in the other token.
    #[error(transparent)]
    Copy(#[from] WrapError),
    /// A run that was cut short was on its way to other places.
    #[error("{}: a run that was cut short was to make the key elsewhere", .0.display())]
    OtherCopying(PathBuf),
    /// The key can't leave its token any more, and its copy is not there.
    #[error("the key can't leave its token any more, and its copy is not at {0}")]
    NoCopy(String),
    /// The file of the wrapped key is not what was written.
    #[error("{path}")]
    Wrapped {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: WrappedKeyError,
    },
    /// Nothing makes such a key but a device.
    #[error("a key for {0} is made in a device, and in no memory")]
    NotInMemory(KeyAlgorithm),
    /// There is no randomness.
    #[error("no randomness")]
    Random(#[source] getrandom::Error),
    /// What is to be written down has no form.
    #[error("where the key is to be")]
    Written(#[source] toml::ser::Error),
    /// What the ledger tells of a copy is no locator.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// The key was made to be copied, and a run was cut short before it was sealed.
    #[error("{0} was made to be copied, and its token still lets it go: it signs nothing")]
    Unsealed(String),
    /// A key in software, and nobody said that this may be.
    #[error("{locator} is a key in software, which nothing keeps from being copied")]
    Software {
        /// Where it is.
        locator: String,
    },
    /// The key is there, and its self-test failed.
    #[error("the key is in the token, but failed its self-test")]
    SelfTest(#[source] SelfTestError),
    /// The key that signed is not the key that was found first.
    #[error("the key that signed the self-test is not the one that was found before")]
    OtherKey,
    /// Who keeps the ledger honest must not be who signs.
    #[error("the key {0} is the ledger's own: it signed its heads")]
    IsLedgerKey(String),
    /// The token says that another ledger counts the key's serials.
    #[error("key {fingerprint} is bound to ledger {ledger}")]
    BoundToAnother {
        /// The key's fingerprint.
        fingerprint: String,
        /// The name of the other ledger.
        ledger: String,
        /// What the CA would be called.
        name: CaName,
        /// Where the key is.
        locator: String,
    },
    /// The device of a spare says that another ledger counts the key's serials.
    #[error("{locator}: key {fingerprint} is bound to ledger {ledger} there")]
    SpareOfAnother {
        /// Where the key should go.
        locator: String,
        /// The key's fingerprint.
        fingerprint: String,
        /// The name of the other ledger.
        ledger: String,
    },
    /// The config has a CA with this key, and the ledger has none.
    #[error("the ledger has no CA with the key {0}")]
    NotInLedger(String),
    /// A person moved the key's serials here, and the token goes on naming the other ledger.
    #[error("the token still names the other ledger")]
    NotMoved(#[source] BindError),
    /// Anybody could sign as this CA, or no server would take its signatures.
    #[error("the key {fingerprint} cannot be a CA's")]
    UnfitKey {
        /// The key's fingerprint.
        fingerprint: String,
        /// What is wrong with it.
        source: SubjectError,
    },
    /// A file is in the way.
    #[error("{} exists already, and is not this key's public key file", .0.display())]
    PublicKeyFileTaken(PathBuf),
    /// A file could not be written.
    #[error("cannot write")]
    Output(#[from] OutputError),
    /// The token tells of another key than the one that was given for it.
    #[error("the key in the token is {found}, not {given}")]
    NotTheGiven {
        /// The fingerprint of the key that was given.
        given: String,
        /// The fingerprint of the key that is there.
        found: String,
    },
    /// The key that was given for a spare is not the CA's.
    #[error("CA `{name}` has the key {recorded}, not {given}")]
    OtherKeyOfCa {
        /// The CA.
        name: CaName,
        /// The fingerprint that was recorded.
        recorded: String,
        /// The fingerprint of the key that was given.
        given: String,
    },
    /// What the device gave as attestation, or a file of it, is none.
    #[error("the attestation of the key")]
    Attestation(#[from] EvidenceFormError),
    /// A file cannot be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of the config could not be made.
    #[error("folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The public key cannot be written as a line.
    #[error("public key")]
    Encode(#[from] ssh_key::Error),
}
