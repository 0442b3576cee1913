//! Secrets of a device, made in the ceremony: on paper before the device has them.
//!
//! Each is shown to one person alone and typed back off the paper, and only then is the device
//! touched. So a run that is killed anywhere leaves a device whose secrets are the factory's or on
//! paper, and the next run sees which by asking the device, which costs no try.

use super::sheets::{ASTRAY, Put, Showing};
use super::{Conduct, ConductError};
use zeroize::Zeroizing;

use crate::ceremony::facts::secrets_fact;
use crate::ceremony::plan::{Device, Hardware, Pins};
use crate::ceremony::steps::{Ask, Step};
use crate::ceremony::transcript::Event;
use crate::secret::{Pin, SecretKind};
use crate::signer::yubikey::setup::{
    self, Due, ManagementKeyAlgorithm, NewManagementKey, SecretState, Step as SetupStep, Tries,
    TryCount,
};
use crate::signer::yubikey::{Firmware, ManagementKey, NewPin, NewPuk, NewSecretError};

/// What a card gets.
pub(super) struct DeviceSecrets {
    pin: NewPin,
    puk: NewPuk,
    /// Bytes of the management key; a random one else.
    key: Option<Zeroizing<[u8; 32]>>,
}

impl DeviceSecrets {
    /// # Errors
    /// [`NewSecretError`] where one secret gives the other away.
    pub(super) fn new(
        pin: NewPin,
        puk: NewPuk,
        key: Option<Zeroizing<[u8; 32]>>,
    ) -> Result<Self, NewSecretError> {
        pin.differs_from(&puk)?;
        Ok(Self { pin, puk, key })
    }

    pub(super) fn pin(&self) -> Pin {
        Pin::new(self.pin.expose().to_owned())
    }

    pub(super) fn puk(&self) -> Pin {
        Pin::new(self.puk.expose().to_owned())
    }
}

/// What was typed back in the step under way, for the device that is to have it.
#[derive(Default)]
pub(super) struct OnPaper {
    pub(super) pin: Option<Pin>,
    /// Its PUK or SO PIN.
    pub(super) unlock: Option<Pin>,
    /// What a token came with.
    pub(super) old_pin: Option<Pin>,
    pub(super) old_so_pin: Option<Pin>,
}

impl<'s> Conduct<'s> {
    /// Shows a new secret of a device to one person, until it is typed back as it was shown. Where
    /// the device has it from a run that was cut short, it is typed off the paper alone.
    pub(super) fn typed_back(
        &mut self,
        step: &Step,
        ask: &Ask,
        device: usize,
        kind: SecretKind,
    ) -> Result<(), ConductError> {
        let device = self.device(device)?;
        let is_set = match &device.hardware {
            Hardware::YubiKey { serial, .. } => self.is_set(*serial, kind)?,
            Hardware::Token(token) => self.token_has_it(device, token, kind)?,
        };
        let secret = if is_set {
            self.room.show(match device.hardware {
                Hardware::YubiKey { .. } => {
                    "It was set before this was cut short, and stands on its sheet."
                }
                Hardware::Token(_) => IS_NEW_OR_WRONG,
            });
            let typed = self.secret_or_deviation(step, ask)?;
            self.pins.keep_out(&typed);
            if let Hardware::Token(token) = &device.hardware {
                self.token_takes(token, kind, &typed)?;
            }
            typed
        } else {
            if self.was_typed_back(step, ask) {
                self.room
                    .show("Strike out what stands on its sheet from before: another one is shown.");
            }
            self.shown_until_typed((step, ask), kind)?
        };
        self.pins.keep_out(&secret);
        let place = match kind {
            SecretKind::Puk | SecretKind::SoPin => &mut self.on_paper.unlock,
            _ => &mut self.on_paper.pin,
        };
        *place = Some(secret);
        self.note_typed_back(step, ask)
    }

    /// Whether a card has a secret of its own by now. It was the factory's when the devices were looked
    /// at, so that an earlier run of this step gave it.
    fn is_set(&self, serial: u32, kind: SecretKind) -> Result<bool, ConductError> {
        let state = setup::state(Some(serial))?;
        let state = match kind {
            SecretKind::Puk => state.puk,
            _ => state.pin,
        };
        Ok(state != SecretState::Factory)
    }

    fn was_typed_back(&self, step: &Step, ask: &Ask) -> bool {
        let is_it = |event: &Event| matches!(event, Event::TypedBack { step: of, ask: name, .. } if *of == step.name && *name == ask.name);
        self.transcript().events().any(is_it)
    }

    fn shown_until_typed(
        &mut self,
        (step, ask): (&Step, &Ask),
        kind: SecretKind,
    ) -> Result<Pin, ConductError> {
        let mut showing = Showing::First;
        loop {
            let secret = self.new_secret(kind)?;
            self.pins.keep_out(&secret);
            let put = self.onto_sheet(step, ask, &secret, showing)?;
            showing = Showing::Again;
            if put == Put::Astray {
                self.room.show(ASTRAY);
                continue;
            }
            let typed = self.secret_or_deviation(step, ask)?;
            if typed.is_same(&secret) {
                return Ok(secret);
            }
            self.none_came((step, ask), (put, &typed))?;
        }
    }

    /// Digits by the system's randomness, which nobody would try first.
    fn new_secret(&self, kind: SecretKind) -> Result<Pin, ConductError> {
        loop {
            let secret = digits(DIGITS)?;
            let is_fit = match kind {
                SecretKind::Puk => NewPuk::new(secret.copy()).is_ok(),
                _ => NewPin::new(secret.copy()).is_ok(),
            };
            let is_other = |of: &Option<Pin>| of.as_ref().is_none_or(|of| !of.is_same(&secret));
            if is_fit && is_other(&self.on_paper.unlock) {
                return Ok(secret);
            }
        }
    }

    /// Gives a device what is on paper, or follows from the shares; as `setup-card` does.
    pub(super) fn give_secrets(&mut self, step: &Step, number: usize) -> Result<(), ConductError> {
        let device = self.device(number)?;
        let serial = match &device.hardware {
            Hardware::YubiKey { serial, .. } => *serial,
            Hardware::Token(token) => return self.give_pins(step, device, token),
        };
        let secrets = match device.pins {
            Pins::Shares => self.derived_secrets(device)?,
            Pins::Random | Pins::AreSet => self.on_paper()?,
        };
        self.set_up(serial, &secrets)?;
        setup::log_in(serial, &mut self.pins)?;
        self.fact(step, &secrets_fact(device), SECRETS_ARE_SET)
    }

    fn on_paper(&mut self) -> Result<DeviceSecrets, ConductError> {
        let on_paper = std::mem::take(&mut self.on_paper);
        let (Some(pin), Some(puk)) = (on_paper.pin, on_paper.unlock) else {
            return Err(ConductError::Gone("what was typed back"));
        };
        let (pin, puk) = (NewPin::new(pin)?, NewPuk::new(puk)?);
        Ok(DeviceSecrets::new(pin, puk, None)?)
    }

    /// Does to a card whatever is still to be done.
    fn set_up(&mut self, serial: u32, secrets: &DeviceSecrets) -> Result<(), ConductError> {
        let card = format!("YubiKey {serial}");
        let state = setup::state(Some(serial))?;
        let pin = match state.pin {
            SecretState::Own => secrets.pin(),
            _ => setup::factory_pin(),
        };
        self.pins.know(&card, pin);
        for (what, due) in state.plan(TRIES, false) {
            match due {
                Due::Due => self.set_up_step(serial, state.firmware, what, secrets)?,
                Due::OtherManagementKey => return Err(ConductError::NotOfFactory(card)),
                // The tries were set before the secrets were.
                Due::Done | Due::WouldReset => {}
            }
        }
        Ok(())
    }

    fn set_up_step(
        &mut self,
        serial: u32,
        firmware: Firmware,
        what: SetupStep,
        secrets: &DeviceSecrets,
    ) -> Result<(), ConductError> {
        let factory = ManagementKey::Factory;
        match what {
            SetupStep::SetTries => setup::set_tries(serial, TRIES, factory, &mut self.pins)?,
            SetupStep::ChangePuk => {
                setup::change_puk(serial, &setup::factory_puk(), &secrets.puk)?;
            }
            SetupStep::ChangePin => {
                setup::change_pin(serial, &secrets.pin, &mut self.pins)?;
                self.pins.know(&format!("YubiKey {serial}"), secrets.pin());
            }
            SetupStep::ProtectManagementKey => {
                let cipher = ManagementKeyAlgorithm::proposed(firmware);
                let key = secrets.key.as_ref().map(|key| key.as_slice());
                let new = NewManagementKey { cipher, bytes: key };
                setup::protect_management_key(serial, factory, new, &mut self.pins)?;
            }
        }
        Ok(())
    }

    pub(super) fn device(&self, number: usize) -> Result<&'s Device, ConductError> {
        let device = self.setting.plan.devices.get(number);
        device.ok_or(ConductError::Gone("the device of the plan"))
    }
}

/// So many digits, each as likely as any other.
fn digits(count: usize) -> Result<Pin, ConductError> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let mut byte = [0];
        getrandom::fill(&mut byte).map_err(ConductError::Random)?;
        let [byte] = byte;
        // 250 is the last multiple of ten: what lies beyond would favour some digits.
        if byte < 250 {
            text.push(char::from(b'0' + byte % 10));
        }
    }
    Ok(Pin::new(text))
}

/// A token doesn't tell which of its PINs it has.
const IS_NEW_OR_WRONG: &str = "The token doesn't open by the old one. Either it was set before this was cut short, and stands on its sheet: \
    type it. Or the old one was typed wrong: then stop by Ctrl-C and run this again, since each wrong try counts.";
/// As `setup-card` proposes them.
const TRIES: Tries = Tries {
    pin: TryCount::PROPOSED,
    puk: TryCount::PROPOSED,
};
/// What is noted of a device whose secrets were set and tried.
pub(in crate::ceremony) const SECRETS_ARE_SET: &str = "set and tried";
/// As many as a card takes, for PIN and PUK alike.
const DIGITS: usize = 8;
