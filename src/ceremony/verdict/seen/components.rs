//! What belongs to the steps about the key that CA keys are wrapped by.

use super::{Seen, foreign};
use crate::ceremony::facts::{
    COMPONENTS, COMPONENTS_CHECK, MISSING, blob_fact, brought_key_fact, can_wrap_fact,
    components_in_words,
};
use crate::ceremony::plan::{Ca, Kind, Plan};
use crate::ceremony::verdict::VerdictFault;

impl Seen {
    /// Each token was tried.
    pub(super) fn can_wrap(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let mut wrapped = plan.wrapped();
        wrapped.try_for_each(|ca| self.fact(line, &can_wrap_fact(ca)).map(drop))
    }

    /// Every set was put together, and what tells the key from another is there.
    pub(super) fn components(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let Some(components) = &plan.components else {
            return Err(foreign(line, "components"));
        };
        let words = components_in_words(components.custody.quorum);
        self.is(line, COMPONENTS, &words)?;
        self.fact(line, COMPONENTS_CHECK).map(drop)
    }

    /// What was typed of components; where it was enough, the check of their key is there.
    pub(super) fn opened_components(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        let (at, told) = self.fact(line, COMPONENTS)?;
        if !told.starts_with(MISSING) {
            return self.fact(line, COMPONENTS_CHECK).map(drop);
        }
        if plan.kind() == Kind::Drill {
            return Ok(());
        }
        let (line, name) = (*at, COMPONENTS.to_owned());
        Err(VerdictFault::Fact { line, name })
    }

    /// A key came out of its wrapped file.
    pub(super) fn brought(
        &self,
        plan: &Plan,
        number: usize,
        line: u64,
    ) -> Result<(), VerdictFault> {
        let mut cas = plan.ledger.iter().flat_map(|ledger| &ledger.cas);
        let ca = cas.nth(number).ok_or_else(|| foreign(line, "a CA"))?;
        self.has_a_place(line)?;
        self.fact(line, &brought_key_fact(&ca.name)).map(drop)
    }

    /// Where a key was to come was written down.
    pub(super) fn has_a_place(&self, line: u64) -> Result<(), VerdictFault> {
        if self.has_intent {
            return Ok(());
        }
        Err(VerdictFault::Missing {
            line,
            missing: "where the key was to come".to_owned(),
        })
    }

    /// Where a key is wrapped, its file is told of; what is told is held against the ledger.
    pub(super) fn is_wrapped(&self, ca: &Ca, line: u64) -> Result<(), VerdictFault> {
        if ca.copies.is_wrapped_by_components() {
            self.fact(line, &blob_fact(&ca.name))?;
        }
        Ok(())
    }
}
