//! What belongs to the steps in which a copy's device takes the place of one that is lost.

use super::{Seen, foreign};
use crate::ceremony::conduct::{SECRET_CHECK, SHARES};
use crate::ceremony::facts::{
    FIRST_DRILL, MISSING, copy_fact, end_fact, enough, numbers_told, too_few, typed_in_words,
};
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
        if plan.blob(&ca.name).is_some() {
            self.has_a_place(line)?;
        }
        self.test_signed(plan, number, line)
    }

    pub(super) fn first_drill(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let drill = plan.drill().ok_or_else(|| foreign(line, "a drill"))?;
        self.is(line, FIRST_DRILL, &drill.next_due.to_string())
    }

    /// What was typed of shares; where it was enough, the check of their secret is there.
    pub(super) fn opened_again(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let custody = plan.custody.as_ref();
        let custody = custody.ok_or_else(|| foreign(line, "shares"))?;
        let (at, told) = self.fact(line, SHARES)?;
        let numbers = numbers_told(told, "shares");
        let (words, is_enough) = typed_in_words(&numbers, custody.quorum);
        let wanted = if is_enough {
            enough(&words, custody.quorum)
        } else {
            too_few(&words)
        };
        let may_miss = is_enough || plan.kind() == Kind::Drill;
        if *told != wanted || numbers.len() != self.typed_back || !may_miss {
            let (line, name) = (*at, SHARES.to_owned());
            return Err(VerdictFault::Fact { line, name });
        }
        if is_enough {
            self.fact(line, SECRET_CHECK)?;
        }
        Ok(())
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
