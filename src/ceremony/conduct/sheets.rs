//! A secret on its way to its sheet: by hand off the screen, or by the printer of the plan.
//!
//! No device has it before it was typed back off the paper, so that a printer that fails costs nothing: the transcript
//! has that it failed, and the screen is there.

use zeroize::Zeroizing;

use super::{Conduct, ConductError};
use crate::ceremony::custody::read_back;
use crate::ceremony::print::{Instead, instead, print_for};
use crate::ceremony::sheet::Sheet;
use crate::ceremony::steps::{Ask, Step, Wanted, onto_its_sheet};
use crate::ceremony::transcript::Event;
use crate::secret::Pin;
use crate::secret::share::Share;
use crate::wire::QrError;

/// Whether a secret comes to its sheet for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Showing {
    First,
    /// What was there was not typed back, or never came.
    Again,
}

impl Conduct<'_> {
    /// Has a secret put onto its sheet, for one person alone.
    pub(super) fn onto_sheet(
        &mut self,
        step: &Step,
        ask: &Ask,
        secret: &Pin,
        showing: Showing,
    ) -> Result<(), ConductError> {
        if self.setting.plan.printer.is_none() {
            return self.on_screen(ask, secret);
        }
        let mut is_asked = showing == Showing::Again;
        loop {
            if is_asked && !self.is_printed_once_more(step, ask)? {
                self.not_printed(step, ask, BY_HAND)?;
                return self.on_screen(ask, secret);
            }
            if self.is_printed(step, ask, secret)? {
                return Ok(());
            }
            is_asked = true;
        }
    }

    /// The same of the words of a share, until its custodian has typed them back off the paper.
    pub(super) fn off_its_sheet(
        &mut self,
        step: &Step,
        ask: &Ask,
        words: &Pin,
    ) -> Result<Share, ConductError> {
        let mut showing = Showing::First;
        loop {
            self.onto_sheet(step, ask, words, showing)?;
            showing = Showing::Again;
            let typed = read_back(self.room, &ask.who, &ask.question, words);
            if let Some(typed) = typed.map_err(ConductError::Ask)? {
                return Ok(typed);
            }
        }
    }

    /// What somebody typed off paper stands nowhere; that they did stands in the transcript.
    pub(super) fn note_typed_back(&mut self, step: &Step, ask: &Ask) -> Result<(), ConductError> {
        self.write(Event::TypedBack {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
        })
    }

    fn on_screen(&mut self, ask: &Ask, secret: &Pin) -> Result<(), ConductError> {
        let shown = self
            .room
            .show_alone(&ask.who, &onto_its_sheet(&ask.question), secret.expose());
        shown.map_err(ConductError::Ask)
    }

    fn is_printed_once_more(&mut self, step: &Step, ask: &Ask) -> Result<bool, ConductError> {
        loop {
            match instead(self.room, &ask.who).map_err(ConductError::Ask)? {
                Instead::Print => return Ok(true),
                Instead::Screen => return Ok(false),
                Instead::Deviation => self.deviation(step, &ask.who)?,
            }
        }
    }

    fn is_printed(&mut self, step: &Step, ask: &Ask, secret: &Pin) -> Result<bool, ConductError> {
        let setting = self.setting;
        let printer = setting.plan.printer.as_ref();
        let printer = printer.ok_or(ConductError::Gone("the printer of the plan"))?;
        let sheet = self.sheet(ask, secret)?;
        let failed = print_for(self.room, printer, &ask.who, sheet);
        if let Some(error) = failed.map_err(ConductError::Ask)? {
            self.not_printed(step, ask, &error.to_string())?;
            return Ok(false);
        }
        self.write(Event::Printed {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
            program: printer.program.clone(),
        })?;
        Ok(true)
    }

    fn not_printed(&mut self, step: &Step, ask: &Ask, why: &str) -> Result<(), ConductError> {
        self.write(Event::NotPrinted {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
            why: why.to_owned(),
        })
    }

    fn sheet(
        &self,
        ask: &Ask,
        secret: &Pin,
    ) -> Result<Result<Zeroizing<String>, QrError>, ConductError> {
        let plan = self.setting.plan;
        let sheet = match ask.wanted {
            Wanted::Secret { device, kind } => {
                Sheet::secret(plan, (self.device(device)?, kind), &ask.who, secret)
            }
            Wanted::Share(number) => Sheet::share(plan, self.custody()?, number, secret),
            Wanted::Component(number) => {
                Sheet::component(plan, self.planned_components()?, number, secret)
            }
            _ => return Err(ConductError::Gone("the secret of a sheet")),
        };
        Ok(sheet.postscript())
    }
}

/// What is noted where somebody took the screen.
const BY_HAND: &str = "written by hand off the screen";
