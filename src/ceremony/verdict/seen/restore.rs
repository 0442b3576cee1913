//! What belongs to the steps in which a copy's device takes the place of one that is lost.

use super::{Seen, foreign};
use crate::ceremony::conduct::{SECRET_CHECK, SHARES};
use crate::ceremony::facts::{FIRST_DRILL, MISSING, copy_fact, end_fact};
use crate::ceremony::plan::{CaBefore, Kind, Plan, Task};
use crate::ceremony::test_signature::{restored_fact, test_by_fact, test_fact, tried_fact};
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

    /// What came of a trial; where it came to one, the test is there.
    pub(super) fn tried(&self, plan: &Plan, number: usize, line: u64) -> Result<(), VerdictFault> {
        let ca = ca_before(plan, number, line)?;
        let (_, told) = self.fact(line, &tried_fact(&ca.name))?;
        if told.starts_with(MISSING) {
            return Ok(());
        }
        self.test_signed(plan, number, line)
    }

    pub(super) fn first_drill(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let drill = plan.drill().ok_or_else(|| foreign(line, "a drill"))?;
        self.is(line, FIRST_DRILL, &drill.next_due.to_string())
    }

    /// What was typed of shares; where it was enough, the check of their secret is there.
    pub(super) fn opened_again(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let (at, told) = self.fact(line, SHARES)?;
        if !told.starts_with(MISSING) {
            return self.fact(line, SECRET_CHECK).map(drop);
        }
        if plan.kind() == Kind::Drill {
            return Ok(());
        }
        let (line, name) = (*at, SHARES.to_owned());
        Err(VerdictFault::Fact { line, name })
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
