//! What belongs to the steps that make secrets and keys.

use super::{Seen, foreign};
use crate::ceremony::conduct::{
    LEDGER_KEY_NAME, SECRET_CHECK, SECRETS_ARE_SET, SHARES, attestation_of, copy_fact,
    in_memory_fact, in_words,
};
use crate::ceremony::facts::{
    LEDGER_KEY, LEDGER_KEY_PRINT, SECRET_IS_SET, attested_fact, opened_by_fact, secret_fact,
    secrets_fact,
};
use crate::ceremony::key_card::KEY_CARD_FILE;
use crate::ceremony::plan::{Copies, Hardware, KeyPlace, Pins, Plan};
use crate::ceremony::steps::in_memory;
use crate::ceremony::verdict::VerdictFault;
use crate::secret::SecretKind;

impl Seen {
    pub(super) fn shares(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Some(custody) = &plan.custody else {
            return Err(foreign(line, "shares"));
        };
        self.is(line, SHARES, &in_words(custody.quorum))?;
        self.fact(line, SECRET_CHECK).map(drop)
    }

    pub(super) fn pins(&self, plan: &Plan, number: usize, line: u64) -> Result<(), VerdictFault> {
        let device = plan.devices.get(number);
        let device = device.ok_or_else(|| foreign(line, "a device"))?;
        // A token doesn't tell which PIN it has; a card does.
        if let Hardware::Token(_) = device.hardware {
            for kind in [SecretKind::SoPin, SecretKind::Pin] {
                self.is(line, &secret_fact(device, kind), SECRET_IS_SET)?;
            }
        }
        self.is(line, &secrets_fact(device), SECRETS_ARE_SET)
    }

    pub(super) fn custody(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let mut devices = plan.devices.iter();
        devices.try_for_each(|device| match device.pins {
            Pins::Shares => self.fact(line, &opened_by_fact(device)).map(drop),
            Pins::AreSet | Pins::Random => Ok(()),
        })
    }

    pub(super) fn key_of_ca(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let Some(ca) = plan.cas().get(number) else {
            return Err(foreign(line, "a key"));
        };
        let names = [
            format!("public key {}", ca.name),
            format!("fingerprint {}", ca.name),
        ];
        self.key(line, &names[0], &names[1])?;
        for device in ca.copies.devices() {
            self.fact(line, &copy_fact(ca, device))?;
        }
        self.is_wrapped(ca, line)?;
        if let Copies::InMemory(_) = ca.copies {
            return self.is(line, &in_memory_fact(ca), &in_memory(ca));
        }
        self.attestation(Some(&ca.place), ca.name.as_str(), line)
    }

    /// What a card says of a key that was born in it is an output.
    fn attestation(
        &self,
        place: Option<&KeyPlace>,
        key: &str,
        line: u64,
    ) -> Result<(), VerdictFault> {
        match place {
            Some(KeyPlace::Slot { .. }) => {
                self.fact(line, &attested_fact(key))?;
                self.files(line, &[attestation_of(key)])
            }
            _ => Ok(()),
        }
    }

    pub(super) fn ledger_key(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        self.key(line, LEDGER_KEY, LEDGER_KEY_PRINT)?;
        let place = plan.ledger_key().map(|key| &key.place);
        self.attestation(place, LEDGER_KEY_NAME, line)
    }

    pub(super) fn lines_of(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let names = plan.cas().iter().map(|ca| format!("{}.pub", ca.name));
        let names = names.chain(["ledger.pub", KEY_CARD_FILE].map(str::to_owned));
        self.files(line, &names.collect::<Vec<_>>())
    }

    /// A public key that was made, and the fingerprint that was shown of it.
    fn key(&self, line: u64, name: &str, print: &str) -> Result<(), VerdictFault> {
        if !self.has_intent {
            return Err(VerdictFault::Missing {
                line,
                missing: "where the key was to be made".to_owned(),
            });
        }
        self.public_key(line, name, print).map(drop)
    }
}
