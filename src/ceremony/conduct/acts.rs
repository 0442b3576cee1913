//! What the program looks at before anything is made: clocks and machine.

use std::path::Path;

use super::{Conduct, ConductError};
use crate::ceremony::facts::{CLOCKS, printed_by};
use crate::ceremony::files::file_sha256;
use crate::ceremony::instant::{FIVE_MINUTES, Instant};
use crate::ceremony::steps::Step;
use crate::wire::{bytes_of_words, hex};

/// Each clock with whose it is; the last is the machine's.
pub(super) fn whose<'n>(who: impl Iterator<Item = &'n str>, clocks: &[Instant]) -> String {
    let named = who.chain(["this machine"]).zip(clocks);
    let named: Vec<_> = named.map(|(who, time)| format!("{who} {time}")).collect();
    named.join(", ")
}

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
        self.fact(step, CLOCKS, &told)?;
        let apart = |one: &Instant| clocks.iter().any(|other| one.apart(*other) > FIVE_MINUTES);
        if clocks.iter().any(apart) {
            let who = step.asks.iter().map(|ask| ask.who.as_str());
            return Err(ConductError::Clocks(whose(who, &clocks)));
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
    pub(super) fn answer(&self, step: &Step, name: &str) -> Option<&str> {
        self.transcript().answer(&step.name, name)
    }

    /// Program and modules are those that were reviewed.
    pub(super) fn machine(&mut self, step: &Step) -> Result<(), ConductError> {
        let setting = self.setting;
        self.same_file(step, "program", setting.program, &setting.plan.program)?;
        for root in &setting.plan.roots {
            let name = format!("roots {}", root.path.display());
            let path = setting.folder.join(&root.path);
            self.same_file(step, &name, &path, &root.sha256)?;
        }
        for module in &setting.plan.modules {
            let name = format!("module {}", module.path.display());
            self.same_file(step, &name, &module.path, &module.sha256)?;
        }
        if let Some(printer) = &setting.plan.printer {
            let program = Path::new(&printer.program);
            self.same_file(step, &printed_by(printer), program, &printer.sha256)?;
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
}
