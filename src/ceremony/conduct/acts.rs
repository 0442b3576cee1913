//! What the program looks at before anything is made: clocks, machine, devices.

use std::path::Path;

use super::{Conduct, ConductError};
use crate::ceremony::files::file_sha256;
use crate::ceremony::instant::Instant;
use crate::ceremony::key_place;
use crate::ceremony::plan::Device;
use crate::ceremony::steps::Step;
use crate::ceremony::transcript::Event;
use crate::signer::pkcs11::Uri;
use crate::signer::{self, TokenEntry};
use crate::wire::{bytes_of_words, hex};

impl Conduct<'_> {
    /// Holds the machine's clock against the two that people read.
    pub(super) fn clocks(&mut self, step: &Step) -> Result<(), ConductError> {
        let mut clocks: Vec<Instant> = step
            .asks
            .iter()
            .filter_map(|ask| self.answer(step, &ask.name)?.parse().ok())
            .collect();
        clocks.push(self.room.minute());
        let told: Vec<_> = clocks.iter().map(ToString::to_string).collect();
        let told = told.join(", ");
        self.fact(step, "clocks, the machine's last", &told)?;
        let apart = |one: &Instant| clocks.iter().any(|other| one.apart(*other) > FIVE_MINUTES);
        if clocks.iter().any(apart) {
            return Err(ConductError::Clocks(told));
        }
        Ok(())
    }

    /// The words off the paper are those of the rehearsal that the machine was given.
    pub(super) fn rehearsal(&mut self, step: &Step) -> Result<(), ConductError> {
        let rehearsed = self.setting.rehearsal.ok_or(ConductError::NotRehearsed)?;
        let typed = step
            .asks
            .first()
            .and_then(|ask| self.answer(step, &ask.name));
        let typed = typed.and_then(|words| bytes_of_words(words).ok());
        if !typed.is_some_and(|bytes| rehearsed.starts_with(&bytes)) {
            return Err(ConductError::OtherRehearsal);
        }
        self.fact(step, "rehearsal", &hex(&rehearsed))
    }

    /// The last answer to a question of a step.
    fn answer(&self, step: &Step, name: &str) -> Option<&str> {
        let answers = self.transcript().events().filter_map(|event| match event {
            Event::Answer {
                step: of,
                ask,
                answer,
                ..
            } if *of == step.name && ask == name => Some(answer.as_str()),
            _ => None,
        });
        answers.last()
    }

    /// Program and modules are those that were reviewed.
    pub(super) fn machine(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        self.same_file(step, "program", setting.program, &setting.plan.program)?;
        for module in &setting.plan.modules {
            let name = format!("module {}", module.path.display());
            self.same_file(step, &name, &module.path, &module.sha256)?;
        }
        Ok(())
    }

    fn same_file(
        &mut self,
        step: &Step,
        name: &str,
        path: &Path,
        wanted: &[u8; 32],
    ) -> Result<(), ConductError> {
        let found = file_sha256(path).map_err(|source| ConductError::File {
            path: path.display().to_string(),
            source,
        })?;
        self.fact(step, name, &hex(&found))?;
        if found == *wanted {
            return Ok(());
        }
        let path = path.display().to_string();
        Err(ConductError::OtherFile {
            path,
            found: hex(&found),
        })
    }

    /// Finds the tokens of the plan and no other, and logs in to each: a PIN that is wrong shows here.
    pub(super) fn devices(&mut self, step: &Step) -> Result<(), ConductError> {
        for module in &self.setting.plan.modules {
            let there = tokens(&module.path)?;
            let planned = self.setting.plan.devices.iter();
            let planned: Vec<_> = planned.filter(|one| one.module == module.path).collect();
            if let Some(extra) = there
                .iter()
                .find(|one| !planned.iter().any(|device| is_it(device, one)))
            {
                return Err(ConductError::ExtraDevice {
                    token: extra.label.lossy(),
                    serial: extra.serial.lossy(),
                });
            }
            for device in planned {
                let found = there.iter().find(|one| is_it(device, one));
                let found = found.ok_or_else(|| ConductError::NoDevice {
                    name: device.name.clone(),
                    token: device.token.clone(),
                    serial: device.serial.clone(),
                })?;
                self.log_in(step, device, found)?;
            }
        }
        Ok(())
    }

    fn log_in(
        &mut self,
        step: &Step,
        device: &Device,
        found: &TokenEntry,
    ) -> Result<(), ConductError> {
        let uri = key_place::token(device)?;
        signer::inventory(Some(&uri), Some((&uri, &mut self.pins)))?;
        let says = format!(
            "token {:?}, serial {}, of {} ({}), by its own word",
            found.label.lossy(),
            found.serial.lossy(),
            found.manufacturer.lossy(),
            found.model.lossy(),
        );
        self.fact(step, &format!("device {}", device.name), &says)
    }
}

/// The tokens that a module shows; a slot of SoftHSM that nobody set up is none.
fn tokens(module: &Path) -> Result<Vec<TokenEntry>, ConductError> {
    let shown = signer::inventory(Some(&Uri::of_module(module.to_owned())), None)?;
    let tokens = shown.slots.into_iter().filter_map(|slot| slot.token);
    Ok(tokens.filter(|token| token.initialized).collect())
}

fn is_it(device: &Device, token: &TokenEntry) -> bool {
    token.label.lossy() == device.token && token.serial.lossy() == device.serial
}

const FIVE_MINUTES: u64 = 5 * 60;
