//! Why shares open nothing, or a device is not changed.

use std::io;

use crate::config::ConfigError;
use crate::config::PlaceError;
use crate::issue::OpenLedgerError;
use crate::ledger::LedgerError;
use crate::secret::share::{CombineError, QuorumError, SplitError};
use crate::signer::yubikey::setup::SetupError;
use crate::signer::yubikey::{CardFault, NewSecretError};
use crate::signer::{LoginError, OpeningError};

/// Why a session of custodians stopped. Every device has the secrets that the ledger says, or, where
/// a change was cut short, one of the two that it says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// Nobody answers any more.
    #[error("no answer")]
    Ask(#[source] io::Error),
    /// A printer had a sheet with a share, and nobody has it.
    #[error(
        "a sheet is astray: it may be in the printer or its spool, and still come out. No device was changed, and none \
         opens by what stands on it"
    )]
    Astray,
    /// The ledger tells of no device that shares open.
    #[error("the ledger knows no device that shares open")]
    NoDevice,
    /// The shares were given up, and open nothing any more.
    #[error(
        "these shares are of generation {0}, which opens no device any more: their sheets were to be destroyed"
    )]
    NoneOpens(u32),
    /// Every device of the shares is elsewhere.
    #[error("none of the devices that these shares open is there: {0}")]
    NoneThere(String),
    /// The shares don't fit each other.
    #[error("the shares")]
    Combine(#[from] CombineError),
    /// The shares are of a secret that the ledger has never heard of.
    #[error("the shares open no secret that the ledger knows; no device was tried")]
    OtherSecret,
    /// The secret of a generation can't be had again by these shares.
    #[error(
        "the shares are those of generation {found}, and {wanted} is needed; no device was tried"
    )]
    OtherGeneration {
        /// Which was given.
        found: u32,
        /// Which is needed.
        wanted: u32,
    },
    /// A run was cut short, and these shares alone don't tell what the device has.
    #[error("{device} has the secrets of generation {generation}, which these shares don't open")]
    HasOther {
        /// The device.
        device: String,
        /// Whose secrets it has.
        generation: u32,
    },
    /// A try more could be the last.
    #[error("{0} has too few tries left for one that may be wrong")]
    FewTries(String),
    /// A device that is no card and no token.
    #[error("{0} is no device that shares open")]
    Device(String),
    /// No counter is left.
    #[error("{0}: no counter is left")]
    NoCounter(String),
    /// What follows from the secret is nothing that a card takes.
    #[error("what follows from the secret")]
    NewSecret(#[from] NewSecretError),
    /// So many people can't hold shares.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// The new secret was not split.
    #[error("the secret can't be split")]
    Split(#[from] SplitError),
    /// There is no randomness.
    #[error("no randomness")]
    Random(#[source] getrandom::Error),
    /// The cards can't be listed.
    #[error("the cards")]
    Cards(#[source] CardFault),
    /// A card.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A token.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The config's place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The config.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger was not opened.
    #[error(transparent)]
    OpenLedger(#[from] OpenLedgerError),
}

impl CustodyError {
    /// Whether a device says that a PIN is not its own.
    pub(super) fn is_wrong_pin(&self) -> bool {
        let opening = match self {
            Self::Opening(error) | Self::Setup(SetupError::Opening(error)) => error,
            _ => return false,
        };
        matches!(opening, OpeningError::Login(LoginError::WrongPin { .. }))
    }
}
