//! `punchmark setup-card`: a factory-new YubiKey becomes a safe card for a CA.

mod report;
mod secrets;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::base::advice::signer::of_named_card;
use super::base::asks_for_pins::AsksForPins;
use super::base::context::Context;
use super::base::failure::{Exit, Failure, Kind};
use super::base::faults::Faults;
use super::base::terminal::{ask, somebody_is_there};
use crate::secret::{Pin, SecretKind, read_short_secret};
use crate::signer::OpeningError;
use crate::signer::yubikey::ManagementKey;
use crate::signer::yubikey::setup::{
    self, CardState, Due, ManagementKeyAlgorithm, ManagementKeyState, NewManagementKey,
    SecretState, SetupError, Step, Tries, TryCount,
};
use report::Report;
use secrets::{NewSecretFiles, Secrets};

/// Set up a factory-new YubiKey: tries, PUK, PIN and management key
///
/// Each step is named and confirmed, and only what is still the factory's is changed. Whoever
/// is interrupted starts again: what was done is seen, and left as it is.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetupCard {
    /// Serial of the YubiKey [default: the one that is plugged in]
    #[arg(long, visible_alias = "card", value_name = "SERIAL")]
    serial: Option<u32>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    asks: AsksForPins,

    /// How often the PIN may be wrong in a row before it locks: 3 to 15
    #[arg(long, value_name = "N", default_value_t = TryCount::PROPOSED)]
    pin_tries: TryCount,

    /// How often the PUK may be
    #[arg(long, value_name = "N", default_value_t = TryCount::PROPOSED)]
    puk_tries: TryCount,

    /// Cipher of the new management key [default: aes192; before firmware 5.4.2 3des]
    #[arg(long, value_name = "CIPHER")]
    management_key_algorithm: Option<Cipher>,

    /// Hexadecimal management key that the YubiKey has now, where it is not the factory's
    #[arg(long, value_name = "FILE")]
    management_key_file: Option<PathBuf>,

    #[command(flatten)]
    new_secrets: NewSecretFiles,
}

/// [`ManagementKeyAlgorithm`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cipher {
    #[value(name = "3des")]
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

impl SetupCard {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut state = self.known_state(context)?;
        let plan = self.plan(&state);
        let report = Report::of(context, state, self.tries(), self.cipher(&state));
        if self.dry_run {
            report.would_do(&plan)?;
            return Ok(Exit::Done);
        }
        let due = plan.iter().filter(|(_, due)| *due == Due::Due);
        let due: Vec<Step> = due.map(|(step, _)| *step).collect();
        if !context.yes() && !due.is_empty() && !somebody_is_there() {
            return Err(Failure::usage(NOBODY_TO_CONFIRM));
        }
        let mut faults = Faults::default();
        let secrets = faults.note(Secrets::read(
            &self.new_secrets,
            context.pins(self.asks),
            &state,
            &due,
        ));
        let key = self.management_key_file.as_deref();
        let key = key.map(|file| read_short_secret(file, SecretKind::ManagementKey));
        let key = faults.note(key.transpose().map_err(Failure::from));
        let (mut secrets, key) = faults.or(secrets.zip(key))?;
        for (number, step) in (1..).zip(&due) {
            let words = report.step(*step);
            if !context.yes() && !answer(&format!("Step {number} of {}: {words}?", due.len()))? {
                break;
            }
            self.take(*step, &words, &state, key.as_ref(), &mut secrets)?;
            report.done(*step)?;
            note(*step, self.tries(), &mut state);
        }
        report.left(&state, &self.plan(&state))?;
        Ok(Exit::Done)
    }

    /// The state that the card tells, and that a person tells where its firmware doesn't.
    fn known_state(&self, context: &Context) -> Result<CardState, Failure> {
        let state = setup::state(self.serial);
        let mut state = state.map_err(|error| of_named_card(error.into(), "--serial"))?;
        if self.dry_run {
            return Ok(state);
        }
        for (secret, name) in [(&mut state.puk, PUK), (&mut state.pin, PIN)] {
            if *secret == SecretState::Untold {
                let question = format!("Is the {name}? A wrong answer costs one try.");
                *secret = if context.yes() || answer(&question)? {
                    SecretState::Factory
                } else {
                    SecretState::Own
                };
            }
        }
        Ok(state)
    }

    fn take(
        &self,
        step: Step,
        words: &str,
        state: &CardState,
        key: Option<&Pin>,
        secrets: &mut Secrets,
    ) -> Result<(), Failure> {
        let serial = state.serial;
        let key = match (key, state.management_key) {
            (Some(key), _) => ManagementKey::Given(key),
            (None, ManagementKeyState::Factory) => ManagementKey::Factory,
            (None, _) => ManagementKey::Protected,
        };
        let taken = match step {
            Step::SetTries => setup::set_tries(serial, self.tries(), key, secrets),
            Step::ChangePuk => {
                let new = secrets.new_puk(serial)?;
                setup::change_puk(serial, &setup::factory_puk(), new)
            }
            Step::ChangePin => {
                let new = secrets.new_pin(serial)?;
                let changed = setup::change_pin(serial, &new, secrets);
                changed.map(|()| secrets.pin_is_now(&new))
            }
            Step::ProtectManagementKey => {
                let new = NewManagementKey {
                    cipher: self.cipher(state),
                    bytes: None,
                };
                setup::protect_management_key(serial, key, new, secrets)
            }
        };
        taken.map_err(|error| failed(words, error))
    }

    fn plan(&self, state: &CardState) -> [(Step, Due); 4] {
        state.plan(self.tries(), self.management_key_file.is_some())
    }

    fn tries(&self) -> Tries {
        Tries {
            pin: self.pin_tries,
            puk: self.puk_tries,
        }
    }

    fn cipher(&self, state: &CardState) -> ManagementKeyAlgorithm {
        match self.management_key_algorithm {
            Some(cipher) => cipher.into(),
            None => ManagementKeyAlgorithm::proposed(state.firmware),
        }
    }
}

impl From<Cipher> for ManagementKeyAlgorithm {
    fn from(cipher: Cipher) -> Self {
        match cipher {
            Cipher::TripleDes => Self::TripleDes,
            Cipher::Aes128 => Self::Aes128,
            Cipher::Aes192 => Self::Aes192,
            Cipher::Aes256 => Self::Aes256,
        }
    }
}

/// A plain yes or no; whoever presses Ctrl-D or isn't there says no.
fn answer(question: &str) -> Result<bool, Failure> {
    let answer = ask(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.as_deref(), Some("y" | "Y" | "yes")))
}

/// Notes what the card has become by `step`.
fn note(step: Step, tries: Tries, state: &mut CardState) {
    match step {
        Step::SetTries => {
            state.pin_tries = tries.pin.number();
            state.puk_tries = state.puk_tries.map(|_told| tries.puk.number());
        }
        Step::ChangePuk => state.puk = SecretState::Own,
        Step::ChangePin => state.pin = SecretState::Own,
        Step::ProtectManagementKey => state.management_key = ManagementKeyState::Protected,
    }
}

/// A step that the card refused; what was done before it stays done.
fn failed(step: &str, error: SetupError) -> Failure {
    // A card that was pulled out is put in again: nothing need be looked for.
    let failure = match error {
        SetupError::Opening(OpeningError::NoToken { .. }) => Failure::of(Kind::Failed, error),
        error => error.into(),
    };
    failure.at(step).or_hint(GOES_ON)
}

const PIN: &str = "PIN still the factory's, 123456";
const PUK: &str = "PUK still the factory's, 12345678";

const GOES_ON: &str = "the same command again goes on where this one stopped";

const NOBODY_TO_CONFIRM: &str = "\
each step is confirmed at a terminal; without one, --yes confirms all of them";

const EXAMPLES: &str = "\
Examples:
  punchmark setup-card --dry-run
  punchmark setup-card --serial 12345678
  punchmark setup-card --yes --new-pin-file pin --new-puk-file puk";
