//! The secrets of a setup: the PIN that the card has, and what it is to get.

use std::path::PathBuf;

use clap::Args;

use crate::cli::base::failure::{Advised, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::pin::{PinSource, ask_new};
use crate::cli::base::terminal::{say, somebody_is_there, warn};
use crate::cli::base::words::chain;
use crate::secret::{AskPin, Notice, Pin, PinError, RememberPin, SecretKind, read_short_secret};
use crate::signer::yubikey::setup::{CardState, SecretState, Step, factory_pin};
use crate::signer::yubikey::{NewPin, NewPuk, NewSecretError};

/// Where the secrets are that a card is to get, if not with a person.
#[derive(Debug, Args)]
pub(super) struct NewSecretFiles {
    /// Read the new PIN from a file that nobody else can read
    #[arg(long, value_name = "FILE")]
    new_pin_file: Option<PathBuf>,

    /// Read the new PUK from a file that nobody else can read
    #[arg(long, value_name = "FILE")]
    new_puk_file: Option<PathBuf>,
}

/// Why a new secret was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// The card, or good sense, takes no such secret.
    #[error("the new {what}")]
    Unfit {
        what: SecretKind,
        source: NewSecretError,
    },
    /// A slip of the fingers.
    #[error("the new {0} was not the same the second time")]
    TypedOther(SecretKind),
    /// Nobody gave one.
    #[error(transparent)]
    Pin(#[from] PinError),
}

/// What is known of a card's secrets in one run.
pub(super) struct Secrets {
    /// The PIN that the card has, where nobody need be asked for it.
    current: Option<Pin>,
    ask: RememberPin<PinSource>,
    new_pin: Option<NewPin>,
    new_puk: Option<NewPuk>,
}

impl Secrets {
    /// Reads the files before anything is changed, and tells all that is wrong with them; without
    /// a terminal, what is due must be in one.
    pub(super) fn read(
        files: &NewSecretFiles,
        ask: RememberPin<PinSource>,
        state: &CardState,
        due: &[Step],
    ) -> Result<Self, Failure> {
        let from_file = |path: &Option<PathBuf>, kind, step, flag| match path {
            Some(path) => Ok(Some(read_short_secret(path, kind)?)),
            None if due.contains(&step) && !somebody_is_there() => Err(Failure::usage(format!(
                "without a terminal, {flag} is needed"
            ))),
            None => Ok(None),
        };
        let (puk, pin) = (&files.new_puk_file, &files.new_pin_file);
        let puk = from_file(puk, SecretKind::Puk, Step::ChangePuk, "--new-puk-file");
        let pin = from_file(pin, SecretKind::Pin, Step::ChangePin, "--new-pin-file");
        let mut faults = Faults::default();
        let puk = faults.note(puk).flatten().map(new_puk).transpose();
        let mut secrets = Self {
            current: (state.pin == SecretState::Factory).then(factory_pin),
            ask,
            new_pin: None,
            new_puk: faults.note(puk.map_err(Failure::from)).flatten(),
        };
        let pin = faults.note(pin).flatten();
        let pin = pin.map(|pin| secrets.checked_pin(pin)).transpose();
        secrets.new_pin = faults.note(pin.map_err(Failure::from)).flatten();
        faults.or(Some(secrets))
    }

    /// The new PUK, from its file or a person.
    pub(super) fn new_puk(&mut self, serial: u32) -> Result<&NewPuk, Failure> {
        let new = match self.new_puk.take() {
            Some(new) => new,
            None => {
                say(RULE);
                until_right(|| new_puk(typed(SecretKind::Puk, serial)?))?
            }
        };
        if !new.is_full() {
            warn("a PUK of 8 characters is better: nobody needs to remember it");
        }
        Ok(self.new_puk.insert(new))
    }

    /// The new PIN, from its file or a person.
    pub(super) fn new_pin(&mut self, serial: u32) -> Result<NewPin, Failure> {
        match self.new_pin.take() {
            Some(new) => Ok(new),
            None => {
                say(RULE);
                Ok(until_right(|| {
                    self.checked_pin(typed(SecretKind::Pin, serial)?)
                })?)
            }
        }
    }

    /// The card has this PIN from now on.
    pub(super) fn pin_is_now(&mut self, new: &NewPin) {
        self.current = Some(copy(new.expose()));
    }

    fn checked_pin(&self, pin: Pin) -> Result<NewPin, NotTaken> {
        let refused = |source| NotTaken::Unfit {
            what: SecretKind::Pin,
            source,
        };
        let new = NewPin::new(pin).map_err(refused)?;
        if let Some(puk) = &self.new_puk {
            new.differs_from(puk).map_err(refused)?;
        }
        Ok(new)
    }
}

impl AskPin for Secrets {
    fn pin(&mut self, device: &str) -> Result<Pin, PinError> {
        match &self.current {
            Some(known) => Ok(copy(known.expose())),
            None => self.ask.pin(device),
        }
    }

    fn file_of(&self, serial: &str) -> Option<PathBuf> {
        match self.current {
            Some(_) => None,
            None => self.ask.file_of(serial),
        }
    }

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        self.ask.last_try(device)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.ask.notice()
    }
}

fn new_puk(puk: Pin) -> Result<NewPuk, NotTaken> {
    NewPuk::new(puk).map_err(|source| NotTaken::Unfit {
        what: SecretKind::Puk,
        source,
    })
}

fn typed(what: SecretKind, serial: u32) -> Result<Pin, NotTaken> {
    let typed = ask_new(what, &format!("YubiKey {serial}"))?;
    typed.ok_or(NotTaken::TypedOther(what))
}

/// A person may type it wrong a few times: nothing is tried on the card.
fn until_right<T>(mut ask: impl FnMut() -> Result<T, NotTaken>) -> Result<T, NotTaken> {
    for _ in 1..TYPED_MAX {
        match ask() {
            Err(error @ (NotTaken::Unfit { .. } | NotTaken::TypedOther(_))) => say(&chain(&error)),
            other => return other,
        }
    }
    ask()
}

impl Advised for NotTaken {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Unfit { .. } => Some(RULE.to_owned()),
            Self::TypedOther(_) => None,
            Self::Pin(error) => error.hint(),
        }
    }
}

fn copy(secret: &str) -> Pin {
    Pin::new(secret.to_owned())
}

const RULE: &str =
    "6 to 8 digits or letters in no order that anybody would guess; a PUK best has 8";
const TYPED_MAX: u8 = 5;
