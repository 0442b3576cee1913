//! The ledger learns which secret opens each device, so that later sessions go on from there.

use super::{Conduct, ConductError, SECRET_CHECK};
use crate::ceremony::counters::set_since;
pub(in crate::ceremony) use crate::ceremony::facts::check_of;
use crate::ceremony::facts::opened_by_fact;
use crate::ceremony::key_place;
use crate::ceremony::plan::{Device, Pins};
use crate::ceremony::steps::{FIRST_COUNTER, Step};
use crate::ledger::{Derivation, Ledger, SecretsDerived, SecretsSet};

impl Conduct<'_> {
    /// Records generation and counter of each device that the shares open. Each has them by now.
    pub(super) fn record_custody(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        let config = self.config()?.ok_or(ConductError::Gone("the config"))?;
        let check = self.transcript().fact(SECRET_CHECK);
        let check = check
            .and_then(check_of)
            .ok_or(ConductError::Gone("the check of the secret"))?;
        let mut ledger = self.ledger(&config)?;
        let devices = setting.plan.devices.iter();
        for device in devices.filter(|device| device.pins == Pins::Shares) {
            let opened_by = self.record_device(&mut ledger, device, check)?;
            self.fact(step, &opened_by_fact(device), &opened_by.to_string())?;
        }
        Ok(())
    }

    fn record_device(
        &self,
        ledger: &mut Ledger,
        device: &Device,
        check: [u8; 32],
    ) -> Result<Derivation, ConductError> {
        let known = ledger.opened_devices()?;
        let generation = known
            .generation_of(&check)
            .unwrap_or_else(|| known.next_generation());
        let derived = SecretsDerived {
            device: key_place::device(device),
            serial: device.serial(),
            generation,
            counter: FIRST_COUNTER,
            check,
            set: SecretsSet::Done,
            keyboard: self.setting.keyboard.clone(),
        };
        // An earlier run may have recorded it, and been cut short before the transcript had it.
        if let Some((by, _)) = set_since(ledger, &derived.device, 0)?.first() {
            return Ok(*by);
        }
        let opened_by = derived.derivation();
        ledger.record_secrets(derived, self.room.now())?;
        Ok(opened_by)
    }
}
