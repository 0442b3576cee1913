//! A secret on its way to its sheet: by hand off the screen, or by the printer of the plan.
//!
//! No device has it before it was typed back off the paper. A sheet that a printer had and nobody has may turn up
//! anywhere: what stands on it is given up, another secret is made, and the transcript has that it is astray.

use zeroize::Zeroizing;

use super::{Conduct, ConductError};
use crate::ceremony::custody::{is_none, read_back};
use crate::ceremony::print::{Instead, instead, print_for};
use crate::ceremony::print_error::PrintError;
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

/// How a secret came to its sheet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// The printer took the sheet.
    Printed,
    /// It was written by hand off the screen.
    ByHand,
    /// The printer failed with the sheet in it: nobody knows whether it comes out.
    Astray,
}

impl Conduct<'_> {
    /// Has a secret put onto its sheet, for one person alone. One that went astray is put onto no second sheet.
    pub(super) fn onto_sheet(
        &mut self,
        step: &Step,
        ask: &Ask,
        secret: &Pin,
        showing: Showing,
    ) -> Result<Put, ConductError> {
        if self.setting.plan.printer.is_none() {
            return self.on_screen(ask, secret);
        }
        let mut is_asked = showing == Showing::Again || self.failed_in(step);
        loop {
            if is_asked && !self.is_printed_once_more(step, ask)? {
                self.not_printed(step, ask, BY_HAND)?;
                return self.on_screen(ask, secret);
            }
            match self.printed(step, ask, secret)? {
                None => return Ok(Put::Printed),
                Some(error) if error.kept_the_sheet() => is_asked = true,
                Some(_) => return Ok(Put::Astray),
            }
        }
    }

    /// The same of the words of a share, until its custodian has typed them back off the paper.
    ///
    /// # Errors
    /// [`ConductError::Anew`] where its sheet went astray: another secret is made, with other shares.
    pub(super) fn off_its_sheet(
        &mut self,
        step: &Step,
        ask: &Ask,
        words: &Pin,
    ) -> Result<Share, ConductError> {
        let mut showing = Showing::First;
        loop {
            let put = self.onto_sheet(step, ask, words, showing)?;
            if put == Put::Astray {
                return Err(ConductError::Anew(ALL_ASTRAY.to_owned()));
            }
            showing = Showing::Again;
            let or = match put {
                Put::Printed => OR_ASTRAY,
                _ => OR_AGAIN,
            };
            let typed = read_back(self.room, (&ask.who, &ask.question), words, or);
            if let Some(typed) = typed.map_err(ConductError::Ask)? {
                return Ok(typed);
            }
            if put == Put::Printed {
                self.not_printed(step, ask, NONE_CAME)?;
                return Err(ConductError::Anew(ALL_ASTRAY.to_owned()));
            }
        }
    }

    /// What is typed in the place of a PIN that no sheet came with.
    pub(super) fn none_came(
        &mut self,
        (step, ask): (&Step, &Ask),
        (put, typed): (Put, &Pin),
    ) -> Result<(), ConductError> {
        if put == Put::Printed && is_none(typed.expose()) {
            self.room.show(ASTRAY);
            return self.not_printed(step, ask, NONE_CAME);
        }
        self.room.show(match put {
            Put::ByHand => {
                "That is not what was shown. Strike it out on the sheet; another one is shown."
            }
            _ => "That is not what the sheet says. Destroy the sheet; another secret is made.",
        });
        Ok(())
    }

    /// Whether the printer failed in this step before: it is not tried again unasked.
    fn failed_in(&self, step: &Step) -> bool {
        let is_it =
            |event: &Event| matches!(event, Event::NotPrinted { step: of, .. } if *of == step.name);
        self.transcript().events().any(is_it)
    }

    /// What somebody typed off paper stands nowhere; that they did stands in the transcript.
    pub(super) fn note_typed_back(&mut self, step: &Step, ask: &Ask) -> Result<(), ConductError> {
        self.write(Event::TypedBack {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
        })
    }

    fn on_screen(&mut self, ask: &Ask, secret: &Pin) -> Result<Put, ConductError> {
        let shown = self
            .room
            .show_alone(&ask.who, &onto_its_sheet(&ask.question), secret.expose());
        shown.map_err(ConductError::Ask)?;
        Ok(Put::ByHand)
    }

    fn is_printed_once_more(&mut self, step: &Step, ask: &Ask) -> Result<bool, ConductError> {
        loop {
            match instead(self.room, &ask.who).map_err(ConductError::Ask)? {
                Instead::Print => return Ok(true),
                Instead::Screen => return Ok(false),
                Instead::Deviation => drop(self.deviation(step, &ask.who)?),
            }
        }
    }

    /// None where the printer took the sheet.
    fn printed(
        &mut self,
        step: &Step,
        ask: &Ask,
        secret: &Pin,
    ) -> Result<Option<PrintError>, ConductError> {
        let setting = self.setting;
        let printer = setting.plan.printer.as_ref();
        let printer = printer.ok_or(ConductError::Gone("the printer of the plan"))?;
        let sheet = self.sheet(ask, secret)?;
        let failed = print_for(self.room, printer, &ask.who, sheet);
        if let Some(error) = failed.map_err(ConductError::Ask)? {
            self.not_printed(step, ask, &error.to_string())?;
            return Ok(Some(error));
        }
        self.write(Event::Printed {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
            program: printer.program.clone(),
        })?;
        Ok(None)
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
/// And where the printer said that it had the sheet.
const NONE_CAME: &str = "no sheet came out: it may still be in the printer or its spool";
/// What is told of a PIN on a sheet that nobody has.
pub(super) const ASTRAY: &str = "THAT SHEET IS ASTRAY: it may be in the printer or its spool, and still come out. No device \
    has what stands on it, and none will: another secret is made. Destroy that sheet when it is found.";
/// And of a share.
const ALL_ASTRAY: &str = "A SHEET IS ASTRAY: it may be in the printer or its spool, and still come out. No device has what \
    stands on it, and none will: another secret is made, and split anew. Destroy all sheets that were given out in \
    this step, and that one when it is found.";
const OR_AGAIN: &str = "press Enter alone to have it onto the sheet again";
const OR_ASTRAY: &str =
    "where no sheet came out, type none: another secret is made then, with other sheets for all";
