//! The secret that custodians hold in shares, and what follows from it for each device.
//!
//! It is made in memory, leaves the program as shares alone, and is wiped when the run ends. A run
//! that goes on later has it from the custodians again, one try: what was noted of it tells a wrong
//! secret before any device is tried.

use super::secrets::DeviceSecrets;
use super::{Conduct, ConductError};
use crate::ceremony::custody::{CardDerived, SHARE, TokenDerived, in_lines, typed_set};
pub(in crate::ceremony) use crate::ceremony::facts::SECRET_CHECK;
use crate::ceremony::facts::opened_by_fact;
use crate::ceremony::plan::{Custody, Device, Hardware, Pins};
use crate::ceremony::steps::{Ask, FIRST_COUNTER, Step};
use crate::secret::Pin;
use crate::secret::share::{Quorum, Share, SharedSecret};
use crate::signer::yubikey::setup::{self, SecretState};
use crate::wire::hex;

/// The secret, while the run knows it.
pub(super) struct Shared {
    pub(super) secret: SharedSecret,
    /// What each custodian is shown; empty where the secret came back from shares.
    pub(super) shown: Vec<Share>,
    /// What was typed back.
    pub(super) typed: Vec<Share>,
}

impl Shared {
    /// A secret that is new, with its shares.
    pub(super) fn new(secret: SharedSecret, shown: Vec<Share>) -> Self {
        Self {
            secret,
            shown,
            typed: Vec::new(),
        }
    }

    pub(super) fn secret(&self) -> &SharedSecret {
        &self.secret
    }

    /// A secret that came back from shares.
    pub(super) fn back(secret: SharedSecret) -> Self {
        Self {
            secret,
            shown: Vec::new(),
            typed: Vec::new(),
        }
    }
}

impl Conduct<'_> {
    /// Shows a share to its custodian, until it is typed back off the paper.
    pub(super) fn share(
        &mut self,
        step: &Step,
        ask: &Ask,
        number: usize,
    ) -> Result<(), ConductError> {
        if number == 0 {
            self.shared = Some(self.new_shared()?);
        }
        let words = self.words_of_share(number)?;
        self.pins.keep_out(&words);
        let typed = self.off_its_sheet(step, ask, &words)?;
        if let Some(shared) = &mut self.shared {
            shared.typed.push(typed);
        }
        self.note_typed_back(step, ask)
    }

    /// A secret of which every device can take what follows.
    fn new_shared(&self) -> Result<Shared, ConductError> {
        let custody = self.custody()?;
        loop {
            let secret = SharedSecret::random().map_err(ConductError::Random)?;
            if self.is_fit(&secret) {
                let shown = secret.split(custody.quorum)?;
                return Ok(Shared::new(secret, shown));
            }
        }
    }

    fn is_fit(&self, secret: &SharedSecret) -> bool {
        let devices = self.setting.plan.devices.iter();
        let opened = devices.filter(|one| one.pins == Pins::Shares);
        let is_card = |device: &&Device| matches!(device.hardware, Hardware::YubiKey { .. });
        opened
            .filter(is_card)
            .all(|device| derived(secret, device).is_ok())
    }

    fn words_of_share(&self, number: usize) -> Result<Pin, ConductError> {
        let share = self.shared.as_ref().and_then(|one| one.shown.get(number));
        Ok(in_lines(share.ok_or(ConductError::Gone("the share"))?))
    }

    pub(super) fn custody(&self) -> Result<&Custody, ConductError> {
        let custody = self.setting.plan.custody.as_ref();
        custody.ok_or(ConductError::Gone("the custody of the plan"))
    }

    /// Puts together every set of what was typed back that must open the secret.
    pub(super) fn all_sets(&mut self, step: &Step) -> Result<(), ConductError> {
        let quorum = self.custody()?.quorum;
        let shared = self.shared.as_ref();
        let shared = shared.ok_or(ConductError::Gone("the secret"))?;
        all_sets_open(shared, quorum)?;
        let check = hex(&shared.secret.check());
        self.fact(step, SHARES, &in_words(quorum))?;
        self.fact(step, SECRET_CHECK, &check)
    }

    /// Has the secret again from as many custodians as are needed, where a run that was cut short knew
    /// it; then each device that has its secrets by now opens.
    pub(super) fn open_by_shares(&mut self) -> Result<(), ConductError> {
        let setting = self.setting;
        let Some(custody) = &setting.plan.custody else {
            return Ok(());
        };
        if self.shared.is_some() {
            return Ok(());
        }
        // Before the shares were all given out there is nothing to be had again.
        let Some(check) = self.transcript().fact(SECRET_CHECK).map(str::to_owned) else {
            return Ok(());
        };
        let needed = custody.quorum.threshold();
        self.room.show(&format!(
            "This was cut short. {needed} custodians open the devices again, each with their share."
        ));
        let secret = self.typed_secret(SHARE, needed)?;
        if hex(&secret.check()) != check {
            return Err(ConductError::OtherSecret);
        }
        if setting.plan.ledger.is_some() || self.has_recorded_custody() {
            self.know_opened(&secret)?;
        } else {
            for device in &setting.plan.devices {
                self.know_if_set(&secret, device)?;
            }
        }
        self.shared = Some(Shared::back(secret));
        Ok(())
    }

    /// Whether the ledger that is made has what opens each device: a session may have changed that since.
    fn has_recorded_custody(&self) -> bool {
        let mut devices = self.setting.plan.devices.iter();
        let is_told = |device: &Device| self.transcript().fact(&opened_by_fact(device)).is_some();
        devices.all(|device| device.pins != Pins::Shares || is_told(device))
    }

    /// Has a secret from custodians, each with a share or a component.
    pub(super) fn typed_secret(
        &mut self,
        what: &str,
        needed: u8,
    ) -> Result<SharedSecret, ConductError> {
        let pins = &mut self.pins;
        let typed = typed_set(self.room, (what, ""), Some(needed), &mut |typed| {
            pins.keep_out(typed);
        });
        Ok(SharedSecret::combine(&typed.map_err(ConductError::Ask)?)?)
    }

    fn know_if_set(&mut self, secret: &SharedSecret, device: &Device) -> Result<(), ConductError> {
        let serial = match &device.hardware {
            Hardware::YubiKey { serial, .. } => *serial,
            Hardware::Token(token) => {
                if device.pins == Pins::Shares {
                    let (pin, so_pin) = token_pins(secret, device);
                    self.pins.keep_out(&so_pin);
                    self.know_token(device, token, pin);
                }
                return Ok(());
            }
        };
        if device.pins == Pins::Shares && setup::state(Some(serial))?.pin == SecretState::Own {
            let secrets = derived(secret, device)?;
            self.pins.keep_out(&secrets.puk());
            self.pins.know(&format!("YubiKey {serial}"), secrets.pin());
        }
        Ok(())
    }

    /// What a device gets that the shares open.
    pub(super) fn derived_secrets(
        &mut self,
        device: &Device,
    ) -> Result<DeviceSecrets, ConductError> {
        let shared = self.shared.as_ref();
        let shared = shared.ok_or(ConductError::Gone("the secret"))?;
        let secrets = derived(&shared.secret, device)?;
        self.pins.keep_out(&secrets.pin());
        self.pins.keep_out(&secrets.puk());
        Ok(secrets)
    }

    pub(super) fn derived_token_pins(
        &mut self,
        device: &Device,
    ) -> Result<(Pin, Pin), ConductError> {
        let shared = self.shared.as_ref();
        let shared = shared.ok_or(ConductError::Gone("the secret"))?;
        let (pin, so_pin) = token_pins(&shared.secret, device);
        self.pins.keep_out(&pin);
        self.pins.keep_out(&so_pin);
        Ok((pin, so_pin))
    }
}

/// Every set of what was typed back that must open the secret does.
pub(super) fn all_sets_open(shared: &Shared, quorum: Quorum) -> Result<(), ConductError> {
    for set in quorum.sets() {
        let chosen = set.iter().filter_map(|place| shared.typed.get(*place));
        if !SharedSecret::combine(chosen)?.is_same(&shared.secret) {
            return Err(ConductError::OtherSecret);
        }
    }
    Ok(())
}

/// The PIN and the SO PIN that follow from a secret for a token, with the first counter.
fn token_pins(secret: &SharedSecret, device: &Device) -> (Pin, Pin) {
    let derived = TokenDerived::of(secret, &device.serial(), FIRST_COUNTER);
    (derived.pin, derived.so_pin)
}

/// What follows from a secret for a card, with the first counter.
fn derived(secret: &SharedSecret, device: &Device) -> Result<DeviceSecrets, ConductError> {
    let derived = CardDerived::of(secret, &device.serial(), FIRST_COUNTER)?;
    let (pin, puk, key) = (derived.pin, derived.puk, derived.key);
    Ok(DeviceSecrets::new(pin, puk, Some(key))?)
}

/// What is noted of shares that were all put together.
pub(in crate::ceremony) fn in_words(quorum: Quorum) -> String {
    let sets = quorum.sets().count();
    let (needed, all) = (quorum.threshold(), quorum.shares());
    format!("{needed} of {all}; each of the {sets} sets of {needed} opens the secret")
}

/// The fact of the shares.
pub(in crate::ceremony) const SHARES: &str = "shares";
