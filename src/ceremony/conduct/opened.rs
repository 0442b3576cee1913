//! Devices that shares open since an earlier ceremony: their custodians open them for this one.
//!
//! Nobody sees a PIN: what the secret gives is known to this run alone.

use super::shares::Shared;
use super::{Conduct, ConductError, DEVIATION, SECRET_CHECK, SHARES};
use crate::ca::SharedDevice;
use crate::ceremony::custody::{AGAIN, COMPONENT, Derived, SHARE, why_not};
use crate::ceremony::facts::{enough, too_few, typed_in_words};
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Hardware, Kind, Pins};
use crate::ceremony::steps::{Ask, MISSING, Step, Wanted};
use crate::ceremony::transcript::Event;
use crate::ledger::Ledger;
use crate::secret::share::{Quorum, Share, SharedSecret};
use crate::wire::hex;

impl Conduct<'_> {
    /// A custodian types a share off its sheet, or a component, which is a share of another secret; or that it is
    /// missing, where that ends nothing.
    pub(super) fn share_again(
        &mut self,
        step: &Step,
        ask: &Ask,
        number: usize,
    ) -> Result<(), ConductError> {
        if number == 0 {
            self.typed_again.clear();
        }
        let what = match ask.wanted {
            Wanted::ComponentAgain(_) => COMPONENT,
            _ => SHARE,
        };
        loop {
            let typed = self.room.ask_alone(&ask.who, &ask.question);
            let typed = typed.map_err(ConductError::Ask)?;
            if typed.expose().eq_ignore_ascii_case(MISSING) {
                return self.write(Event::Answer {
                    step: step.name.clone(),
                    ask: ask.name.clone(),
                    by: ask.who.clone(),
                    answer: MISSING.to_owned(),
                });
            }
            if typed.expose().eq_ignore_ascii_case(AGAIN) {
                return Err(ConductError::Anew(format!("Every {what} is typed anew.")));
            }
            if typed.expose() == DEVIATION {
                self.deviation(step, &ask.who)?;
                continue;
            }
            self.pins.keep_out(&typed);
            match Share::parse(typed.expose()) {
                Ok(share) => match why_not(&self.typed_again, &share, what) {
                    Some(why) => self.room.show(&format!("{why}; or type \"{MISSING}\".")),
                    None => {
                        self.typed_again.push(share);
                        return self.note_typed_back(step, ask);
                    }
                },
                Err(error) => self.room.show(&format!(
                    "That is no {what}: {error}. Type it again, or \"{MISSING}\"."
                )),
            }
        }
    }

    /// Puts every set of what was typed together, and opens the devices by it.
    pub(super) fn open_again(&mut self, step: &Step) -> Result<(), ConductError> {
        let quorum = self.custody()?.quorum;
        let typed = std::mem::take(&mut self.typed_again);
        let numbers: Vec<_> = typed
            .iter()
            .map(|share| share.number().to_string())
            .collect();
        let (words, is_enough) = typed_in_words(&numbers, quorum);
        if !is_enough {
            if self.plan.kind() != Kind::Drill {
                return Err(ConductError::FewShares(words));
            }
            return self.fact(step, SHARES, &too_few(&words));
        }
        let secret = one_secret(&typed, quorum)?;
        self.know_opened(&secret)?;
        self.fact(step, SHARES, &enough(&words, quorum))?;
        self.fact(step, SECRET_CHECK, &hex(&secret.check()))?;
        self.shared = Some(Shared::back(secret));
        Ok(())
    }

    /// Each device of the plan that shares open has the PIN that the ledger says it has.
    pub(super) fn know_opened(&mut self, secret: &SharedSecret) -> Result<(), ConductError> {
        let setting = self.setting;
        let config = self.config()?.ok_or(ConductError::NoConfig)?;
        let known = Ledger::open_to_read(&config.ledger())?.opened_devices()?;
        let generation = known.generation_of(&secret.check());
        let generation = generation.ok_or(ConductError::OtherSecret)?;
        let devices = setting.plan.devices.iter();
        for device in devices.filter(|device| device.pins == Pins::Shares) {
            let name = key_place::device(device);
            let there = known.device(&name);
            let by = match there {
                Some(one) if one.about_to_be.is_some() => {
                    self.finished_change(&config, secret, device)?
                }
                there => there.and_then(|one| one.opened_by),
            };
            let by = by.filter(|by| by.generation == generation);
            let by = by.ok_or_else(|| ConductError::NotOpenedBy(device.name.clone()))?;
            self.know_derived(device, secret, by.counter)?;
        }
        Ok(())
    }

    pub(super) fn know_derived(
        &mut self,
        device: &Device,
        secret: &SharedSecret,
        counter: u32,
    ) -> Result<(), ConductError> {
        let shared: SharedDevice = key_place::device(device).parse()?;
        let derived = Derived::of(secret, &shared, &device.serial(), counter)?;
        let pin = derived.pin();
        self.pins.keep_out(&pin);
        match &device.hardware {
            Hardware::Token(token) => self.pins.know(&super::token_pins::self_name(token), pin),
            Hardware::YubiKey { serial, .. } => self.pins.know(&format!("YubiKey {serial}"), pin),
        }
        Ok(())
    }
}

/// The secret that every set of these shares opens, each of which is tried.
pub(super) fn one_secret(typed: &[Share], quorum: Quorum) -> Result<SharedSecret, ConductError> {
    let needed = usize::from(quorum.threshold());
    let secret = SharedSecret::combine(typed.get(..needed).unwrap_or_default())?;
    let is_typed = |set: &Vec<usize>| set.iter().all(|place| *place < typed.len());
    for set in quorum.sets().filter(is_typed) {
        let chosen = set.iter().filter_map(|place| typed.get(*place));
        if !SharedSecret::combine(chosen)?.is_same(&secret) {
            return Err(ConductError::OtherSecret);
        }
    }
    Ok(secret)
}
