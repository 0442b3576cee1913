//! What belongs to the steps in which a copy's device takes the place of one that is lost.

use super::{Seen, foreign};
use crate::ceremony::facts::{copy_fact, end_fact};
use crate::ceremony::plan::{CaBefore, Plan, Task};
use crate::ceremony::test_signature::{restored_fact, test_by_fact, test_fact};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Each place that is lost was found in ledger or config.
    pub(super) fn lost(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Task::Restore(restore) = &plan.task else {
            return Err(foreign(line, "what is lost"));
        };
        for number in 0..restore.lost.len() {
            self.fact(line, &copy_fact(number))?;
        }
        Ok(())
    }

    /// A key signed its test; that it did is checked by the key of the ledger.
    pub(super) fn test_signed(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let ca = ca_before(plan, number, line)?;
        self.fact(line, &test_by_fact(&ca.name))?;
        self.fact(line, &test_fact(&ca.name)).map(drop)
    }

    pub(super) fn took_place(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let ca = ca_before(plan, number, line)?;
        let lost = (0..).zip(plan.copies_that_end());
        for (number, _) in lost.filter(|(_, lost)| lost.ca == ca.name) {
            self.fact(line, &end_fact(number))?;
        }
        self.fact(line, &restored_fact(&ca.name)).map(drop)
    }
}

fn ca_before(plan: &Plan, number: usize, line: u64) -> Result<&CaBefore, VerdictFault> {
    let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
    cas.nth(number).ok_or_else(|| foreign(line, "a CA"))
}
