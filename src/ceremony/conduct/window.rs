//! The window of the plan, and the clock that says whether it is open.
//!
//! A line stands in the window, or behind one that says why it doesn't: `judge` goes by the same rule. So a
//! ceremony that was cut short can always be brought to its end, and everybody sees that it was late.

use super::{Conduct, ConductError};
use crate::ceremony::instant::FIVE_MINUTES;
use crate::ceremony::plan::Role;
use crate::ceremony::transcript::Event;

impl Conduct<'_> {
    /// A ceremony begins in its window alone.
    pub(super) fn in_window(&self) -> Result<(), ConductError> {
        let (from, until) = self.plan.window;
        let now = self.room.minute();
        if from <= now && now < until {
            return Ok(());
        }
        Err(ConductError::Window { from, until, now })
    }

    /// Behind the window, a witness says why it goes on, once.
    pub(super) fn in_window_or_late(&mut self) -> Result<(), ConductError> {
        let (_, until) = self.plan.window;
        let is_it = |event: &Event| matches!(event, Event::Late { .. });
        let is_late = self.transcript().events().any(is_it);
        let now = self.room.minute();
        if is_late || now < until {
            return Ok(());
        }
        self.room.show(&format!(
            "The plan's window ended at {until}, and it is {now}. What is done now is a deviation, which is written down."
        ));
        let by = self.witness()?;
        let text = self.text_of(&by, "why does it go on behind its window?")?;
        // Not by `write`, which asks for this line first.
        let now = self.room.now();
        Ok(self.record.write(now, Event::Late { by, text })?)
    }

    /// Asks until there is a text.
    pub(super) fn text_of(&mut self, by: &str, question: &str) -> Result<String, ConductError> {
        loop {
            if let Some(text) = self.text(by, question)? {
                return Ok(text);
            }
        }
    }

    /// The first witness, who says what is otherwise beside the steps.
    pub(super) fn witness(&self) -> Result<String, ConductError> {
        let witness = self.plan.people.first(Role::Witness);
        let witness = witness.ok_or(ConductError::Gone("the witness of the plan"))?;
        Ok(witness.name.clone())
    }

    /// A clock that is set while a run is under way shows against one that nobody sets. What it was set to
    /// shows when the run goes on, and people read their clocks.
    pub(super) fn clock_was_not_set(&self) -> Result<(), ConductError> {
        let (unset, began) = self.clocks_began;
        let passed = self.room.unset_clock().saturating_sub(unset).as_secs();
        let wanted = began.saturating_add(passed);
        let apart = self.room.now().abs_diff(wanted);
        if apart > FIVE_MINUTES {
            return Err(ConductError::ClockSet(apart / 60));
        }
        Ok(())
    }
}
