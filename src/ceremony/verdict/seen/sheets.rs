//! Sheets of secrets that come from a printer, before they are typed back.

use super::{Seen, foreign};
use crate::ceremony::plan::Plan;
use crate::ceremony::steps::{Ask, Step, Wanted};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// A sheet is that of a secret which is shown in this step, and was taken by the program of the plan; none where it
    /// was not printed.
    pub(super) fn sheet(
        &mut self,
        plan: &Plan,
        step: &Step,
        (line, name, by): (u64, &str, &str),
        program: Option<&str>,
    ) -> Result<(), VerdictFault> {
        let printer = plan.printer.as_ref();
        let printer = printer.ok_or_else(|| foreign(line, "a sheet"))?;
        // The one that is asked for next.
        let next = self.next(step);
        let is_shown = next.is_some_and(|(_, ask)| {
            ask.name == name && ask.who == by && is_put_on_paper(&ask.wanted)
        });
        if !is_shown {
            return Err(foreign(line, "a sheet"));
        }
        if program.is_some_and(|program| program != printer.program) {
            return Err(foreign(line, "a printer"));
        }
        self.sheets.insert(name.to_owned());
        Ok(())
    }

    /// What is typed back was printed before, or written by hand because it was not.
    pub(super) fn has_sheet(
        &self,
        plan: &Plan,
        step: &Step,
        (line, name, by): (u64, &str, &str),
    ) -> Result<(), VerdictFault> {
        let ask = step.ask(name, by);
        let wants = ask.is_some_and(|ask| is_put_on_paper(&ask.wanted));
        if plan.printer.is_none() || !wants || self.sheets.contains(name) {
            return Ok(());
        }
        Err(VerdictFault::Missing {
            line,
            missing: format!("what became of the sheet of `{name}`"),
        })
    }
}

/// Whether its secret goes through the plan's printer, and whose sheet didn't come out may say why.
pub(super) fn is_printed(plan: &Plan, ask: &Ask) -> bool {
    plan.printer.is_some() && is_put_on_paper(&ask.wanted)
}

fn is_put_on_paper(wanted: &Wanted) -> bool {
    matches!(
        wanted,
        Wanted::Secret { .. } | Wanted::Share(_) | Wanted::Component(_)
    )
}
