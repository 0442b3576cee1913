//! What a witness says beside the steps: why a ceremony is late, and what an entry of the ledger is that is none
//! of its own.
//!
//! A run asks the first witness for it, in one place and once.

use super::{Instant, Judge, VerdictFault};
use crate::ceremony::plan::Role;

impl Judge<'_> {
    /// Behind the end of the window, once.
    pub(super) fn late(
        &mut self,
        (line, time): (u64, u64),
        by: &str,
        text: &str,
    ) -> Result<(), VerdictFault> {
        let (_, until) = self.plan.window;
        if self.is_late || Instant::of(time) < until {
            let what = "a word about a window that is open, or a second one,";
            return Err(VerdictFault::Foreign { line, what });
        }
        self.is_late = true;
        self.otherwise(line, "window", by, text.to_owned())
    }

    /// A run looks for such entries when it goes on, behind the clocks, and when all steps are done; each is told
    /// once. What it says is held against the ledger.
    pub(super) fn foreign_entry(
        &mut self,
        line: u64,
        (position, what): (u64, &str),
        (by, text): (&str, &str),
    ) -> Result<(), VerdictFault> {
        let is_there = self.goes_on || self.steps.get(self.at).is_none();
        if !is_there || !self.account.foreign_entries.insert(position) {
            let what = "an entry that is none of the plan's";
            return Err(VerdictFault::Foreign { line, what });
        }
        let words = (line, position, what.to_owned());
        self.account.foreign_words.push(words);
        let text = format!("entry {position} is none of the plan's, {what}: {text}");
        self.otherwise(line, "ledger", by, text)
    }

    fn otherwise(
        &mut self,
        line: u64,
        of: &str,
        by: &str,
        text: String,
    ) -> Result<(), VerdictFault> {
        let witness = self.plan.people.first(Role::Witness);
        if witness.is_none_or(|witness| witness.name != by) {
            let what = "a word of somebody who is not the first witness";
            return Err(VerdictFault::Foreign { line, what });
        }
        let deviation = (of.to_owned(), by.to_owned(), text);
        self.account.deviations.push(deviation);
        Ok(())
    }
}
