//! What belongs to the steps that sign bundles.

use super::{Seen, foreign};
use crate::ceremony::conduct::{
    AS_TESTED, MEDIUM_AFTER, MEDIUM_BEFORE, NOTHING, compared_fact, decided_fact, read_back_fact,
    signed_fact, tested_fact, tested_item,
};
use crate::ceremony::facts::{NO_OPENSSH, READ_BACK, decided_at_fact};
use crate::ceremony::instant::second;
use crate::ceremony::medium::planned_hash;
use crate::ceremony::plan::{Plan, PlannedBundle, Sign};
use crate::ceremony::steps::{Act, Step};
use crate::ceremony::test_certificate::lint_fact;
use crate::ceremony::verdict::VerdictFault;
use crate::wire::hex;

impl Seen {
    /// The medium had what the plan says, and each of its files was copied.
    pub(super) fn medium_in(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let sign = signs(plan, line)?;
        self.is(line, MEDIUM_BEFORE, &hex(&planned_hash(sign)))?;
        for (name, sha256) in sign.files() {
            let copied = self.file(line, name)?;
            if *copied != hex(&sha256) {
                return Err(VerdictFault::Output(name.to_owned()));
            }
        }
        Ok(())
    }

    pub(super) fn medium_out(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let sign = signs(plan, line)?;
        self.is(line, MEDIUM_AFTER, &hex(&planned_hash(sign)))
    }

    pub(super) fn shown(&self, plan: &Plan, at: usize, line: u64) -> Result<(), VerdictFault> {
        let bundle = bundle(plan, at, line)?;
        let (at, decided) = self.fact(line, &decided_fact(bundle))?;
        let counted = decided
            .split(", ")
            .filter_map(|part| part.split(' ').next()?.parse::<u64>().ok());
        if counted.sum::<u64>() != bundle.items {
            let (line, name) = (*at, decided_fact(bundle));
            return Err(VerdictFault::Fact { line, name });
        }
        let (line, at) = self.fact(line, &decided_at_fact(bundle))?;
        if second(at).is_none() {
            let (line, name) = (*line, decided_at_fact(bundle));
            return Err(VerdictFault::Fact { line, name });
        }
        self.file(*line, &bundle.table()).map(drop)
    }

    /// A certificate was built, unless nothing is to be signed.
    pub(super) fn tested(&self, plan: &Plan, at: usize, line: u64) -> Result<(), VerdictFault> {
        let bundle = bundle(plan, at, line)?;
        let (at, item) = self.fact(line, &tested_fact(bundle))?;
        if item == NOTHING {
            return Ok(());
        }
        if tested_item(item).is_none() {
            let (line, name) = (*at, tested_fact(bundle));
            return Err(VerdictFault::Fact { line, name });
        }
        self.linted(line, &bundle.test_certificate())
    }

    /// A test certificate was written, and what its lint says stands before.
    pub(super) fn linted(&self, line: u64, file: &str) -> Result<(), VerdictFault> {
        self.fact(line, &lint_fact(file))?;
        self.file(line, file).map(drop)
    }

    /// Behind another test certificate people are asked once more, before anything is signed as it says.
    pub(super) fn was_read(
        &self,
        plan: &Plan,
        step: &Step,
        (line, name): (u64, &str),
    ) -> Result<(), VerdictFault> {
        let Act::SignBundle(at) = step.act else {
            return Ok(());
        };
        let bundle = bundle(plan, at, line)?;
        let is_unread = self.told.contains(&lint_fact(&bundle.test_certificate()));
        if is_unread
            && [compared_fact(bundle), signed_fact(bundle)]
                .iter()
                .any(|one| one == name)
        {
            let missing = "the answers of those who read another test certificate".to_owned();
            return Err(VerdictFault::Missing { line, missing });
        }
        Ok(())
    }

    pub(super) fn signed(&self, plan: &Plan, at: usize, line: u64) -> Result<(), VerdictFault> {
        let bundle = bundle(plan, at, line)?;
        if self.facts.contains_key(&tested_fact(bundle)) {
            self.linted(line, &bundle.test_certificate())?;
        }
        let (_, signed) = self.fact(line, &signed_fact(bundle))?;
        if !signed.starts_with("0 ") {
            self.is(line, &compared_fact(bundle), AS_TESTED)?;
            let (at, read) = self.fact(line, &read_back_fact(bundle))?;
            if ![READ_BACK, NO_OPENSSH].contains(&read.as_str()) {
                let (line, name) = (*at, read_back_fact(bundle));
                return Err(VerdictFault::Fact { line, name });
            }
        }
        self.file(line, &bundle.answer()).map(drop)
    }
}

fn signs(plan: &Plan, line: u64) -> Result<&Sign, VerdictFault> {
    plan.signing().ok_or_else(|| foreign(line, "a medium"))
}

fn bundle(plan: &Plan, at: usize, line: u64) -> Result<&PlannedBundle, VerdictFault> {
    plan.bundle(at).ok_or_else(|| foreign(line, "a bundle"))
}
