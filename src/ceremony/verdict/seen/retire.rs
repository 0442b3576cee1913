//! What belongs to the steps that end CAs and copies of their keys.

use super::{Seen, foreign};
use crate::ceremony::facts::{
    LIST_GOES, PLACES, RETIRED, copy_fact, end_fact, list_goes, retired_fact,
};
use crate::ceremony::plan::{Plan, Task};
use crate::ceremony::public_files::LIST_FILE;
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Each copy of the plan was found in ledger or config.
    pub(super) fn copies(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Task::Retire(retire) = &plan.task else {
            return Err(foreign(line, "copies"));
        };
        for number in 0..retire.copies.len() {
            self.fact(line, &copy_fact(number))?;
        }
        Ok(())
    }

    pub(super) fn retired(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
        let ca = cas.nth(number).ok_or_else(|| foreign(line, "an end"))?;
        self.is(line, &retired_fact(&ca.name), RETIRED)
    }

    pub(super) fn end_of_copy(&self, number: usize, line: u64) -> Result<(), VerdictFault> {
        self.fact(line, &end_fact(number)).map(drop)
    }

    /// The list is there, and who gets it where a ledger was there before.
    pub(super) fn list(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        if plan.ledger.is_some() {
            let (line, told) = self.fact(line, LIST_GOES)?;
            if ![true, false].into_iter().any(|one| told == list_goes(one)) {
                let (line, name) = (*line, LIST_GOES.to_owned());
                return Err(VerdictFault::Fact { line, name });
            }
        }
        self.file(line, LIST_FILE).map(drop)
    }

    /// Each place of the old key is told of, and what became of those that are lost.
    pub(super) fn places(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        for number in 0..plan.copies_that_end().len() {
            self.fact(line, &end_fact(number))?;
        }
        self.fact(line, PLACES).map(drop)
    }
}
