//! The secrets of a setup: the PIN that the card has, and what it is to get.

use std::path::PathBuf;

use super::SetupCard;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::pin::{PinSource, ask_new};
use crate::cli::terminal::{say, somebody_is_there, warn};
use crate::secret::{AskPin, Notice, Pin, PinError, RememberPin, read_pin_file};
use crate::signer::yubikey::setup::{CardState, SecretState, Step, factory_pin};
use crate::signer::yubikey::{NewPin, NewPuk, NewSecretError};

/// What is known of a card's secrets in one run.
pub(super) struct Secrets {
    /// The PIN that the card has, where nobody need be asked for it.
    current: Option<Pin>,
    ask: RememberPin<PinSource>,
    new_pin: Option<NewPin>,
    new_puk: Option<NewPuk>,
}

impl Secrets {
    /// Reads the files before anything is changed; without a terminal, what is due must be
    /// in one.
    pub(super) fn read(
        command: &SetupCard,
        context: &Context,
        state: &CardState,
        due: &[Step],
    ) -> Result<Self, Failure> {
        let from_file = |path: &Option<PathBuf>, step, flag| match path {
            Some(path) => Ok(Some(read_pin_file(path)?)),
            None if due.contains(&step) && !somebody_is_there() => Err(Failure::Usage(format!(
                "without a terminal, {flag} is needed"
            ))),
            None => Ok(None),
        };
        let puk = from_file(&command.new_puk_file, Step::ChangePuk, "--new-puk-file")?;
        let pin = from_file(&command.new_pin_file, Step::ChangePin, "--new-pin-file")?;
        let mut secrets = Self {
            current: (state.pin == SecretState::Factory).then(factory_pin),
            ask: context.pins(),
            new_pin: None,
            new_puk: puk.map(new_puk).transpose()?,
        };
        secrets.new_pin = pin.map(|pin| secrets.checked_pin(pin)).transpose()?;
        Ok(secrets)
    }

    /// The new PUK, from its file or a person.
    pub(super) fn new_puk(&mut self, serial: u32) -> Result<&NewPuk, Failure> {
        let new = match self.new_puk.take() {
            Some(new) => new,
            None => until_right(|| new_puk(typed("PUK", serial)?))?,
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
            None => until_right(|| self.checked_pin(typed("PIN", serial)?)),
        }
    }

    /// The card has this PIN from now on.
    pub(super) fn pin_is_now(&mut self, new: &NewPin) {
        self.current = Some(copy(new.expose()));
    }

    fn checked_pin(&self, pin: Pin) -> Result<NewPin, Failure> {
        let refused = |source| Failure::NewSecret {
            what: "PIN",
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

    fn last_try(&mut self, device: &str) -> Result<(), PinError> {
        self.ask.last_try(device)
    }

    fn notice(&self) -> Box<dyn Notice> {
        self.ask.notice()
    }
}

fn new_puk(puk: Pin) -> Result<NewPuk, Failure> {
    NewPuk::new(puk).map_err(|source: NewSecretError| Failure::NewSecret {
        what: "PUK",
        source,
    })
}

fn typed(what: &'static str, serial: u32) -> Result<Pin, Failure> {
    let typed = ask_new(&format!("{what} for YubiKey {serial}"))?;
    typed.ok_or(Failure::TypedOther(what))
}

/// A person may type it wrong a few times: nothing is tried on the card.
fn until_right<T>(mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 1..TYPED_MAX {
        match ask() {
            Err(failure @ (Failure::NewSecret { .. } | Failure::TypedOther(_))) => {
                say(&crate::cli::failure::chain(&failure));
            }
            other => return other,
        }
    }
    ask()
}

fn copy(secret: &str) -> Pin {
    Pin::new(secret.to_owned())
}

const TYPED_MAX: u8 = 5;
